"""One thread that judges: it owns the pipeline, and takes the photographs of waiting requests together, a batch at a time.

Maps take a thousand times as long as anything else that is asked. They are made one region at a time, and whoever asks for none
goes first in between.
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
from ..inference.batches import BATCH_IMAGES, give_back_memory
from ..inference.patient import predict_patient
from ..inference.pipeline import Pipeline
from ..types import BasePrediction, Failure, PatientPrediction, Prediction
from .form import PredictForm, UploadedImage
from .problems import RequestError, stopping

KEPT = 384_000_000  # bytes of photographs that one request may have kept: 128 megapixels
FINISH = 30.0  # seconds that what is being computed is waited for at the end


@dataclass(frozen=True, slots=True, eq=False)
class ExplainedPrediction:
    """A result, and why it is so where that was asked."""

    result: Prediction | Failure
    explanation: Explanation | None = None


@dataclass(frozen=True, slots=True, eq=False)
class JobResult:
    """results: of all photographs, in order. patient: of all of them together, where that was asked and any could be judged."""

    results: tuple[ExplainedPrediction, ...]
    patient: tuple[PatientPrediction, Explanation | None] | None = None


@dataclass(slots=True, eq=False)
class Job:
    """A request in the queue. left: the client is gone, so nobody needs it any more."""

    uploads: Sequence[UploadedImage]
    asked: PredictForm
    future: asyncio.Future[JobResult]
    loop: asyncio.AbstractEventLoop
    left: bool = False

    @property
    def kind(self) -> tuple[bool, bool]:
        """Jobs of one kind go through the pipeline together: whether all faces are judged, and whether pixels are kept."""
        asked = self.asked
        seen = asked.maps is not None or asked.show_image or asked.format == "pdf"
        return asked.faces == "all" or asked.face is not None, seen

    def settle(self, answer: JobResult | Exception) -> None:
        def tell() -> None:
            if not self.future.done():
                if isinstance(answer, Exception):
                    self.future.set_exception(answer)
                else:
                    self.future.set_result(answer)

        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(tell)


@dataclass(slots=True)
class Pace:
    """How long judging takes, as a running mean: seconds a photograph."""

    seconds: float = 0.5

    def add(self, seconds: float) -> None:
        self.seconds += 0.2 * (seconds - self.seconds)


class Worker:
    """pipeline: used by this thread alone."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline, self.pace = pipeline, Pace()
        self._jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self._next: Job | None = None  # taken from the queue, and not fit for the batch that was being put together
        self._mapping: deque[tuple[Job, Iterator[JobResult | None]]] = deque()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._work, name="judging", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Whatever waits is refused, from now on."""
        self._stopped.set()

    def join(self) -> None:
        """Until what is being computed is done."""
        self._thread.join(FINISH)

    def submit(self, uploads: Sequence[UploadedImage], asked: PredictForm) -> Job:
        """To be awaited by its future. From the event loop's thread."""
        loop = asyncio.get_running_loop()
        job = Job(uploads, asked, loop.create_future(), loop)
        self._jobs.put(job)
        return job

    def _work(self) -> None:
        while not self._stopped.is_set():
            first = self._taken()
            if first is not None:
                self._judge_safely(self._with_others(first))
            elif self._mapping:
                self._go_on()
        for job in self._left_over():
            job.settle(stopping())

    def _taken(self) -> Job | None:
        """The next job; None where there is none yet."""
        held, self._next = self._next, None
        if held is not None:
            return held
        try:
            return self._jobs.get(block=not self._mapping, timeout=0.2)
        except queue.Empty:
            return None

    def _with_others(self, first: Job) -> list[Job]:
        """What is waiting already joins the first, as long as it fits a batch and goes the same way."""
        jobs, images = [first], len(first.uploads)
        while images < BATCH_IMAGES:
            try:
                other = self._jobs.get_nowait()
            except queue.Empty:
                break
            if other.kind != first.kind or images + len(other.uploads) > BATCH_IMAGES:
                self._next = other
                break
            jobs.append(other)
            images += len(other.uploads)
        return [job for job in jobs if not job.left]

    def _left_over(self) -> Iterator[Job]:
        yield from (job for job, _ in self._mapping)
        while (job := self._taken_now()) is not None:
            yield job

    def _taken_now(self) -> Job | None:
        held, self._next = self._next, None
        try:
            return held or self._jobs.get_nowait()
        except queue.Empty:
            return None

    def _judge_safely(self, jobs: Sequence[Job]) -> None:
        try:
            self._judge(jobs)
        except Exception as error:  # told to the clients; the next requests must still be served
            for job in jobs:
                job.settle(error)

    def _judge(self, jobs: Sequence[Job]) -> None:
        if not jobs:
            return
        started = time.perf_counter()
        all_faces, pixels = jobs[0].kind
        uploads = [upload for job in jobs for upload in job.uploads]
        each = self.pipeline.predict_each(uploads, all_faces=all_faces, pixels=pixels)
        for job in jobs:
            found = self._taken_from(each, job)
            if not job.left:
                self._mapping.append((job, self._steps(job.asked, found)))
                if job.asked.maps is None:
                    self._go_on(last=True)
        self.pace.add((time.perf_counter() - started) / len(uploads))
        give_back_memory()

    def _taken_from(self, each: Iterator[list[Prediction | Failure]], job: Job) -> list[list[Prediction | Failure]]:
        """What was found in the job's photographs; nothing more is kept of a job that would hold too many pixels."""
        found, kept = [], 0
        for _ in job.uploads:
            faces = next(each)
            kept += max(map(_held, faces), default=0)
            if kept > KEPT and not job.left:
                job.left = True
                megapixels = f"{KEPT / 3e6:.0f} megapixels"
                message = f"photographs that are shown, mapped or drawn may have {megapixels} in all; send fewer at a time"
                job.settle(RequestError(413, "too_many_pixels", message))
            found.append([] if job.left else faces)
        return found

    def _go_on(self, *, last: bool = False) -> None:
        """A step of the job that has waited longest for one, or of the one that came last."""
        job, steps = self._mapping.pop() if last else self._mapping.popleft()
        if job.left:
            return
        try:
            answer = next(steps)
        except Exception as error:  # of this request alone
            job.settle(error)
            return
        if answer is None:
            self._mapping.append((job, steps))
        else:
            job.settle(answer)

    def _steps(self, asked: PredictForm, found: Sequence[Sequence[Prediction | Failure]]) -> Iterator[JobResult | None]:
        """The answer, after a step for each map."""
        told: list[ExplainedPrediction] = []
        for one in (one for n, faces in enumerate(found) for one in _wanted(faces, asked, n)):
            explanation = None if isinstance(one, Failure) else self._why(one, asked)
            if isinstance(one, Prediction) and explanation and asked.maps:
                maps: list[SaliencyMap] = []
                for drawn in maps_of(self.pipeline, one, explanation.condition, asked.maps):
                    maps.append(drawn)
                    yield None
                explanation = replace(explanation, maps=tuple(maps))
            told.append(ExplainedPrediction(one, explanation))
        judged = [one.result for one in told if isinstance(one.result, Prediction)]
        if asked.patient is None or not judged or self.pipeline.classifier is None:
            yield JobResult(tuple(told))
            return
        failures = [one.result for one in told if isinstance(one.result, Failure)]
        together = predict_patient(self.pipeline.classifier, asked.patient, judged, failures)
        yield JobResult(tuple(told), (together, self._why(together, asked)))

    def _why(self, result: BasePrediction, asked: PredictForm) -> Explanation | None:
        """Without maps."""
        wanted = asked.explain or asked.why is not None or asked.maps is not None
        return explain(self.pipeline, result, label=asked.why) if wanted else None


def _held(one: Prediction | Failure) -> int:
    """Bytes of the photograph; all faces of one hold the same."""
    return one.subject.pixels.nbytes if isinstance(one, Prediction) and one.subject.pixels is not None else 0


def _wanted(faces: Sequence[Prediction | Failure], asked: PredictForm, number: int) -> Sequence[Prediction | Failure]:
    """Of all that were judged in photograph ``number`` what the request asks for: all, the face of a number, or the one that
    the recipe chooses."""
    own = [one for one in faces if isinstance(one, Prediction)]
    if asked.face is None or not own:
        return faces
    face = asked.face_of(number)
    if face is None:
        return [one for one in own if one.subject.face.chosen] or own[:1]
    if found := [one for one in own if one.subject.index == face]:
        return found
    image = own[0].subject.image
    message = f"there is no face number {face}: {len(own)} were found, and they are counted from 0"
    return [Failure(image.source, "no_such_face", message, image.sha256, image.width, image.height)]
