"""What all handlers share: the worker, the kept images, the metrics, and the limit of concurrent requests."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from fastapi import Request
from starlette.requests import ClientDisconnect

from ..inference.pipeline import Pipeline
from .kept_images import KeptImages
from .metrics import Metrics
from .problems import RequestError, busy
from .settings import Settings
from .worker import Job, Task, Worker

R = TypeVar("R")


class Service:
    """The parts of a server that handlers use.

    Args:
        pipeline: A trained pipeline.
        settings: The server's settings.
    """

    def __init__(self, pipeline: Pipeline, settings: Settings) -> None:
        self.pipeline, self.settings = pipeline, settings
        self.worker, self.metrics = Worker(pipeline), Metrics()
        self.kept = KeptImages(60 * settings.keep_minutes, settings.keep_memory)
        self._active = 0

    @property
    def active(self) -> int:
        """Requests in progress that compute something."""
        return self._active

    def check_load(self) -> None:
        """Raise RequestError if the server accepts no more requests that compute something."""
        if self._active >= self.settings.max_requests:
            raise busy(max(1, round(self._active * self.worker.speed.seconds)))

    @contextmanager
    def one_request(self) -> Iterator[None]:
        """Count a request that computes something, while it is in progress.

        Raises:
            RequestError: There are too many.
        """
        self.check_load()
        self._active += 1
        try:
            yield
        finally:
            self._active -= 1

    async def result_of(self, task: Task[R], request: Request) -> R:
        """Let the worker do a task. If the client disconnects, or it takes too long, the task is cancelled.

        Args:
            task: The task.
            request: The request, whose body was read.

        Returns:
            The task's result.

        Raises:
            RequestError: The task refuses the request, or takes too long.
            ClientDisconnect: The client disconnected.
        """
        job: Job[R] = self.worker.submit(task)
        disconnected = asyncio.create_task(_disconnected(request))
        try:
            both: set[asyncio.Future[Any]] = {job.future, disconnected}
            await asyncio.wait(both, timeout=self.settings.prediction_timeout, return_when="FIRST_COMPLETED")
            if job.future.done():
                return job.future.result()
            if disconnected.done():
                raise ClientDisconnect
            raise RequestError(504, "took_too_long", f"no prediction within {self.settings.prediction_timeout:g} s")
        finally:
            job.cancelled = True  # no effect if it is done
            disconnected.cancel()


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def refuse_disconnected(request: Request) -> None:
    """Raise ClientDisconnect if nobody waits for the response any more.

    Args:
        request: The request, whose body was read.
    """
    if await request.is_disconnected():
        raise ClientDisconnect
