"""What the server counts, as Prometheus reads it. Nothing of a face, a name or an embedding is in it."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.responses import Response

from ..types import Failure
from .worker import JobResult

SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)


class Metrics:
    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter("dysfw_requests", "Requests by path and status.", ["path", "status"], registry=self._registry)
        self.seconds = Histogram(
            "dysfw_prediction_seconds", "From a request's arrival to its answer.", buckets=SECONDS, registry=self._registry
        )
        self._images = Counter(
            "dysfw_photographs", "Results by outcome: judged, or why not.", ["outcome"], registry=self._registry
        )
        self.under_way = Gauge("dysfw_under_way", "Prediction requests being received or judged.", registry=self._registry)

    def add(self, answer: JobResult) -> None:
        for one in answer.results:
            self._images.labels(one.result.code if isinstance(one.result, Failure) else "judged").inc()

    def response(self) -> Response:
        return Response(generate_latest(self._registry), headers={"Content-Type": CONTENT_TYPE_LATEST})
