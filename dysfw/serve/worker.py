"""One thread that predicts. It owns the pipeline, and processes the images of waiting requests in batches.

Saliency maps take a thousand times as long as everything else. They are computed one region at a time, and requests without
maps are processed in between.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ..explain.explanation import Explanation, explain, maps_of
from ..explain.saliency_map import SaliencyMap
from ..inference.batches import BATCH_IMAGES, return_free_memory
from ..inference.patient import predict_patient
from ..inference.pipeline import Pipeline
from ..types import BasePrediction, Failure, PatientPrediction, Prediction
from .form import PredictForm, UploadedImage
from .problems import RequestError, stopping

MAX_PIXEL_BYTES = 384_000_000  # per request, of images whose pixels are kept: 128 megapixels
STOP_TIMEOUT = 30.0  # s to wait for a computation when the server stops


@dataclass(frozen=True, slots=True, eq=False)
class ExplainedPrediction:
    """A prediction or failure, with an explanation if one was requested.

    Attributes:
        result: The prediction for a face, or why there is none.
        explanation: The explanation, if requested.
    """

    result: Prediction | Failure
    explanation: Explanation | None = None


@dataclass(frozen=True, slots=True, eq=False)
class JobResult:
    """Results of a request.

    Attributes:
        results: Results of all images, in order.
        patient: The prediction for the patient and its explanation, if a patient was named and any image could be predicted.
    """

    results: tuple[ExplainedPrediction, ...]
    patient: tuple[PatientPrediction, Explanation | None] | None = None


@dataclass(slots=True, eq=False)
class Job:
    """A request in the queue.

    Attributes:
        uploads: Its images.
        form: Its fields.
        future: Its result.
        loop: Event loop of the future.
        cancelled: Whether the result is no longer needed.
    """

    uploads: Sequence[UploadedImage]
    form: PredictForm
    future: asyncio.Future[JobResult]
    loop: asyncio.AbstractEventLoop
    cancelled: bool = False

    @property
    def batch_key(self) -> tuple[bool, bool]:
        """Whether all faces are predicted, and whether pixels are kept. Jobs with the same key can share a batch."""
        form = self.form
        keeps_pixels = form.maps is not None or form.show_image or form.format == "pdf"
        return form.faces == "all" or form.face is not None, keeps_pixels

    def finish(self, result: JobResult | Exception) -> None:
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
        pipeline: A trained pipeline, which only this thread uses.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline, self.speed = pipeline, Speed()
        self._jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self._next: Job | None = None  # taken from the queue, but not part of the last batch
        self._in_progress: deque[tuple[Job, Iterator[JobResult | None]]] = deque()
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

    def submit(self, uploads: Sequence[UploadedImage], form: PredictForm) -> Job:
        """Add a job to the queue, from the event loop's thread.

        Args:
            uploads: The images.
            form: The fields of the request.

        Returns:
            The job, whose future can be awaited.
        """
        loop = asyncio.get_running_loop()
        job = Job(uploads, form, loop.create_future(), loop)
        self._jobs.put(job)
        return job

    def _run(self) -> None:
        while not self._stopped.is_set():
            first = self._next_job()
            if first is not None:
                self._predict_safely(self._batch_with(first))
            elif self._in_progress:
                self._advance()
        for job in self._pending_jobs():
            job.finish(stopping())

    def _next_job(self) -> Job | None:
        """The next job. None if there is none after a short wait; without a wait if other jobs are in progress."""
        job, self._next = self._next, None
        if job is not None:
            return job
        try:
            return self._jobs.get(block=not self._in_progress, timeout=0.2)
        except queue.Empty:
            return None

    def _next_job_now(self) -> Job | None:
        job, self._next = self._next, None
        try:
            return job or self._jobs.get_nowait()
        except queue.Empty:
            return None

    def _batch_with(self, first: Job) -> list[Job]:
        """The first job and those waiting after it, as long as they fit into its batch."""
        jobs, images = [first], len(first.uploads)
        while images < BATCH_IMAGES:
            try:
                other = self._jobs.get_nowait()
            except queue.Empty:
                break
            if other.batch_key != first.batch_key or images + len(other.uploads) > BATCH_IMAGES:
                self._next = other
                break
            jobs.append(other)
            images += len(other.uploads)
        return [job for job in jobs if not job.cancelled]

    def _pending_jobs(self) -> Iterator[Job]:
        yield from (job for job, _ in self._in_progress)
        while (job := self._next_job_now()) is not None:
            yield job

    def _predict_safely(self, jobs: Sequence[Job]) -> None:
        try:
            self._predict(jobs)
        except Exception as error:  # the thread must continue
            for job in jobs:
                job.finish(error)

    def _predict(self, jobs: Sequence[Job]) -> None:
        if not jobs:
            return
        started = time.perf_counter()
        all_faces, pixels = jobs[0].batch_key
        uploads = [upload for job in jobs for upload in job.uploads]
        faces_per_image = self.pipeline.predict_each(uploads, all_faces=all_faces, pixels=pixels)
        for job in jobs:
            predictions = self._collect(faces_per_image, job)
            if not job.cancelled:
                self._in_progress.append((job, self._steps(job.form, predictions)))
                if job.form.maps is None:
                    self._advance(last=True)
        self.speed.add((time.perf_counter() - started) / len(uploads))
        return_free_memory()

    def _collect(self, faces_per_image: Iterator[list[Prediction | Failure]], job: Job) -> list[list[Prediction | Failure]]:
        """The predictions for a job's images. A job that would keep too many pixels is rejected."""
        predictions, pixel_bytes = [], 0
        for _ in job.uploads:
            faces = next(faces_per_image)
            pixel_bytes += max(map(_pixel_bytes, faces), default=0)
            if pixel_bytes > MAX_PIXEL_BYTES and not job.cancelled:
                job.cancelled = True
                limit = f"{MAX_PIXEL_BYTES / 3e6:.0f} megapixels"
                message = f"images for show_image, maps or pdf may have at most {limit} in total; send fewer at a time"
                job.finish(RequestError(413, "too_many_pixels", message))
            predictions.append([] if job.cancelled else faces)
        return predictions

    def _advance(self, *, last: bool = False) -> None:
        """Do one step of the job that has waited longest, or of the last one."""
        job, steps = self._in_progress.pop() if last else self._in_progress.popleft()
        if job.cancelled:
            return
        try:
            result = next(steps)
        except Exception as error:  # other jobs continue
            job.finish(error)
            return
        if result is None:
            self._in_progress.append((job, steps))
        else:
            job.finish(result)

    def _steps(self, form: PredictForm, predictions: Sequence[Sequence[Prediction | Failure]]) -> Iterator[JobResult | None]:
        """Yield None after each map, and then the result."""
        results: list[ExplainedPrediction] = []
        for one in (one for number, faces in enumerate(predictions) for one in _requested(faces, form, number)):
            explanation = None if isinstance(one, Failure) else self._explain(one, form)
            if isinstance(one, Prediction) and explanation and form.maps:
                maps: list[SaliencyMap] = []
                for saliency_map in maps_of(self.pipeline, one, explanation.condition, form.maps):
                    maps.append(saliency_map)
                    yield None
                explanation = replace(explanation, maps=tuple(maps))
            results.append(ExplainedPrediction(one, explanation))
        patient = None
        if form.patient is not None and self.pipeline.classifier is not None:
            patient = predict_patient(self.pipeline.classifier, form.patient, [one.result for one in results])
        yield JobResult(tuple(results), (patient, self._explain(patient, form)) if patient else None)

    def _explain(self, result: BasePrediction, form: PredictForm) -> Explanation | None:
        """The explanation if one was requested, without maps."""
        requested = form.explain or form.why is not None or form.maps is not None
        return explain(self.pipeline, result, label=form.why) if requested else None


def _pixel_bytes(one: Prediction | Failure) -> int:
    """Bytes of the image's pixels; all faces of an image share them."""
    return one.face_embedding.pixels.nbytes if isinstance(one, Prediction) and one.face_embedding.pixels is not None else 0


def _requested(faces: Sequence[Prediction | Failure], form: PredictForm, number: int) -> Sequence[Prediction | Failure]:
    """The requested faces of an image: all, the one with an index, or the one that the recipe selects."""
    predictions = [one for one in faces if isinstance(one, Prediction)]
    if form.face is None or not predictions:
        return faces
    index = form.face_of(number)
    if index is None:
        return [one for one in predictions if one.face_embedding.face.chosen] or predictions[:1]
    if matching := [one for one in predictions if one.face_embedding.index == index]:
        return matching
    image = predictions[0].face_embedding.image
    message = f"there is no face {index}: {len(predictions)} found, counted from 0"
    return [Failure(image.source, "no_such_face", message, image.sha256, image.width, image.height)]
