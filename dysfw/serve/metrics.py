"""Prometheus metrics. They contain no faces, names or embeddings."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.responses import Response

from ..types import Failure
from .results import Results

SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)


class Metrics:
    """The metrics of a server.

    Attributes:
        requests: Requests by path and status.
        seconds: Duration of prediction requests.
        maps: Saliency maps that were computed for kept images.
        kept_images: Images that are kept.
        kept_bytes: Their memory.
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
        self.maps = Counter("dysfw_maps", "Saliency maps that were computed for kept images.", registry=self._registry)
        self.kept_images = Gauge("dysfw_kept_images", "Images that are kept in memory.", registry=self._registry)
        self.kept_bytes = Gauge("dysfw_kept_bytes", "Memory of kept images in bytes.", registry=self._registry)
        self.active = Gauge("dysfw_active_requests", "Prediction requests in progress.", registry=self._registry)

    def add(self, result: Results) -> None:
        """Count the results of a request.

        Args:
            result: The results.
        """
        self.add_images(one.result for one in result.results)

    def add_images(self, outcomes: Iterable[object]) -> None:
        """Count images.

        Args:
            outcomes: A ``Failure`` for each image that could not be predicted, anything else for the others.
        """
        for one in outcomes:
            self._images.labels(one.code if isinstance(one, Failure) else "predicted").inc()

    def response(self) -> Response:
        """The metrics in Prometheus's text format."""
        return Response(generate_latest(self._registry), headers={"Content-Type": CONTENT_TYPE_LATEST})
