"""Prometheus metrics. They contain no faces, names or embeddings."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.responses import Response

from ..types import Failure
from .worker import JobResult

SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)


class Metrics:
    """The metrics of a server.

    Attributes:
        requests: Requests by path and status.
        seconds: Duration of prediction requests.
        active: Prediction requests in progress.
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter("dysfw_requests", "Requests by path and status.", ["path", "status"], registry=self._registry)
        self.seconds = Histogram(
            "dysfw_prediction_seconds", "Duration of prediction requests in s.", buckets=SECONDS, registry=self._registry
        )
        self._images = Counter(
            "dysfw_images", "Results by outcome: predicted, or the error code.", ["outcome"], registry=self._registry
        )
        self.active = Gauge("dysfw_active_requests", "Prediction requests in progress.", registry=self._registry)

    def add(self, result: JobResult) -> None:
        """Count the results of a request.

        Args:
            result: The results.
        """
        for one in result.results:
            self._images.labels(one.result.code if isinstance(one.result, Failure) else "predicted").inc()

    def response(self) -> Response:
        """The metrics in Prometheus's text format."""
        return Response(generate_latest(self._registry), headers={"Content-Type": CONTENT_TYPE_LATEST})
