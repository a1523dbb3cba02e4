"""One thread that predicts. It owns the pipeline, and processes the images of waiting requests in batches.

Saliency maps take a thousand times as long as everything else. They are computed one region at a time, and other requests are
processed in between. Requests that need no image embedded, such as a changed sign, take milliseconds and go first.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ..decoding.memory_image import MemoryImage
from ..inference.batches import BATCH_IMAGES, return_free_memory
from ..inference.pipeline import Pipeline
from ..types import Failure, Prediction
from .problems import stopping

STOP_TIMEOUT = 30.0  # s to wait for a computation when the server stops
R = TypeVar("R")


class Task(ABC, Generic[R]):
    """What a request asks of the worker.

    Attributes:
        uploads: Images to embed.
        all_faces: Whether every face of them is predicted, or the one that the detector chose.
        pixels: Whether the predictions hold the pixels of their image.
        is_slow: Whether the first step takes long, so that other requests go first.
    """

    uploads: Sequence[MemoryImage] = ()
    all_faces = False
    pixels = False
    is_slow = False

    def add(self, faces: list[Prediction | Failure]) -> None:
        """Take the predictions of the next image; called once for each upload.

        Args:
            faces: Its predictions, or its failure.

        Raises:
            RequestError: The request cannot be answered.
        """

    @abstractmethod
    def steps(self, pipeline: Pipeline) -> Iterator[R | None]:
        """Yield None after each step that takes long, and then the result.

        Args:
            pipeline: The worker's pipeline.
        """


@dataclass(slots=True, eq=False)
class Job(Generic[R]):
    """A task in the queue.

    Attributes:
        task: The task.
        future: Its result.
        loop: Event loop of the future.
        cancelled: Whether the result is no longer needed.
    """

    task: Task[R]
    future: asyncio.Future[R]
    loop: asyncio.AbstractEventLoop
    cancelled: bool = False

    @property
    def batch_key(self) -> tuple[bool, bool]:
        """Whether all faces are predicted, and whether pixels are kept. Jobs with the same key can share a batch."""
        return self.task.all_faces, self.task.pixels

    def finish(self, result: R | Exception) -> None:
        """Set the future, from any thread.

        Args:
            result: The result, or an error.
        """

        def set_future() -> None:
            if not self.future.done():
                if isinstance(result, Exception):
                    self.future.set_exception(result)
                else:
                    self.future.set_result(result)

        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(set_future)

    def fail(self, error: Exception) -> None:
        """Set an error, after which the job needs nothing more."""
        if not self.cancelled:
            self.cancelled = True
            self.finish(error)


@dataclass(slots=True)
class Speed:
    """Moving average of the time per image.

    Attributes:
        seconds: The average in s.
    """

    seconds: float = 0.5

    def add(self, seconds: float) -> None:
        """Update the average.

        Args:
            seconds: Time per image of the last batch, in s.
        """
        self.seconds += 0.2 * (seconds - self.seconds)


class Worker:
    """The thread that predicts.

    Args:
        pipeline: A trained pipeline, which only this thread uses to embed and explain.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline, self.speed = pipeline, Speed()
        self._arrived: queue.SimpleQueue[Job[Any]] = queue.SimpleQueue()
        self._quick: deque[Job[Any]] = deque()  # need no image embedded
        self._waiting: deque[Job[Any]] = deque()  # have images to embed
        self._in_progress: deque[tuple[Job[Any], Iterator[Any]]] = deque()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="predictions", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Reject all pending jobs and stop after the current step."""
        self._stopped.set()

    def join(self) -> None:
        """Wait until the thread has stopped."""
        self._thread.join(STOP_TIMEOUT)

    def submit(self, task: Task[R]) -> Job[R]:
        """Add a task to the queue, from the event loop's thread.

        Args:
            task: The task.

        Returns:
            The job, whose future can be awaited.
        """
        loop = asyncio.get_running_loop()
        job: Job[R] = Job(task, loop.create_future(), loop)
        self._arrived.put(job)
        return job

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._sort_arrived()
            if self._quick:
                self._begin(self._quick.popleft())
            elif self._waiting:
                self._predict_safely(self._next_batch())
            elif self._in_progress:
                self._advance()
        self._sort_arrived()
        for job in (*self._quick, *self._waiting, *(job for job, _ in self._in_progress)):
            job.finish(stopping())

    def _sort_arrived(self) -> None:
        """Sort the jobs that have arrived; wait for one if there is nothing to do, but not for ever, to notice ``stop``."""
        idle = not (self._quick or self._waiting or self._in_progress or self._stopped.is_set())
        try:
            while True:
                job = self._arrived.get(block=idle, timeout=0.2)
                (self._waiting if job.task.uploads else self._quick).append(job)
                idle = False
        except queue.Empty:
            pass

    def _next_batch(self) -> list[Job[Any]]:
        """The first waiting job and those after it, as long as they fit into its batch."""
        jobs = [self._waiting.popleft()]
        images = len(jobs[0].task.uploads)
        while self._waiting:
            other = self._waiting[0]
            if other.batch_key != jobs[0].batch_key or images + len(other.task.uploads) > BATCH_IMAGES:
                break
            jobs.append(self._waiting.popleft())
            images += len(other.task.uploads)
        return [job for job in jobs if not job.cancelled]

    def _predict_safely(self, jobs: Sequence[Job[Any]]) -> None:
        try:
            self._predict(jobs)
        except Exception as error:  # the thread must continue
            for job in jobs:
                job.fail(error)

    def _predict(self, jobs: Sequence[Job[Any]]) -> None:
        if not jobs:
            return
        started = time.perf_counter()
        all_faces, pixels = jobs[0].batch_key
        uploads = [upload for job in jobs for upload in job.task.uploads]
        faces_per_image = self.pipeline.predict_each(uploads, all_faces=all_faces, pixels=pixels)
        for job in jobs:
            self._collect(faces_per_image, job)
            self._begin(job)
        self.speed.add((time.perf_counter() - started) / len(uploads))
        return_free_memory()

    @staticmethod
    def _collect(faces_per_image: Iterator[list[Prediction | Failure]], job: Job[Any]) -> None:
        """Hand the predictions for a job's images to its task."""
        for _ in job.task.uploads:
            faces = next(faces_per_image)
            if not job.cancelled:
                try:
                    job.task.add(faces)
                except Exception as error:  # other jobs of the batch continue
                    job.fail(error)

    def _begin(self, job: Job[Any]) -> None:
        """Begin the steps of a job; its first step waits for its turn if it is slow."""
        if job.cancelled:
            return
        self._in_progress.append((job, job.task.steps(self.pipeline)))
        if not job.task.is_slow:
            self._advance(last=True)

    def _advance(self, *, last: bool = False) -> None:
        """Do one step of the job that has waited longest, or of the last one."""
        job, steps = self._in_progress.pop() if last else self._in_progress.popleft()
        if job.cancelled:
            return
        try:
            result = next(steps)
        except Exception as error:  # other jobs continue
            job.fail(error)
            return
        if result is None:
            self._in_progress.append((job, steps))
        else:
            job.finish(result)
