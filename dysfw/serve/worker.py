"""One thread that judges: it owns the pipeline, and takes the photographs of waiting requests together, a batch at a time."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..engine.batches import BATCH_IMAGES, give_back_memory
from ..engine.patient import judge_patient
from ..engine.pipeline import Pipeline
from ..explain.explanation import Explanation, explain
from ..types import Failure, Judgement, PatientPrediction, Prediction
from .upload import Asked, Upload


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """A result, and why it is so where that was asked."""

    result: Prediction | Failure
    explanation: Explanation | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """results: of all photographs, in order. patient: of all of them together, where that was asked and any could be judged."""

    results: tuple[Told, ...]
    patient: tuple[PatientPrediction, Explanation | None] | None = None


@dataclass(slots=True, eq=False)
class Job:
    """A request in the queue. left: the client is gone, so nobody needs it any more."""

    uploads: Sequence[Upload]
    asked: Asked
    future: asyncio.Future[Answer]
    loop: asyncio.AbstractEventLoop
    left: bool = False

    @property
    def kind(self) -> tuple[bool, bool]:
        """Jobs of one kind go through the pipeline together: whether all faces are judged, and whether pixels are kept."""
        asked = self.asked
        return asked.faces == "all" or asked.face is not None, asked.maps is not None or asked.format == "pdf"

    def settle(self, answer: Answer | Exception) -> None:
        def tell() -> None:
            if not self.future.done():
                if isinstance(answer, Exception):
                    self.future.set_exception(answer)
                else:
                    self.future.set_result(answer)

        self.loop.call_soon_threadsafe(tell)


@dataclass(slots=True)
class Pace:
    """How long judging takes, as a running mean: seconds a photograph."""

    seconds: float = 0.5

    def add(self, seconds: float) -> None:
        self.seconds += 0.2 * (seconds - self.seconds)


@dataclass(slots=True, eq=False)
class Worker:
    pipeline: Pipeline
    pace: Pace = field(default_factory=Pace)
    _jobs: queue.SimpleQueue[Job | None] = field(default_factory=queue.SimpleQueue)
    _next: Job | None = None

    def start(self) -> threading.Thread:
        thread = threading.Thread(target=self._work, name="judging", daemon=True)
        thread.start()
        return thread

    def stop(self) -> None:
        self._jobs.put(None)

    def submit(self, uploads: Sequence[Upload], asked: Asked) -> Job:
        """To be awaited by its future. From the event loop's thread."""
        loop = asyncio.get_running_loop()
        job = Job(uploads, asked, loop.create_future(), loop)
        self._jobs.put(job)
        return job

    def _work(self) -> None:
        while (first := self._taken()) is not None:
            jobs = self._with_others(first)
            try:
                self._judge(jobs)
            except Exception as error:  # told to the clients; the next requests must still be served
                for job in jobs:
                    job.settle(error)

    def _taken(self) -> Job | None:
        """The next job; None at the end."""
        held, self._next = self._next, None
        return held or self._jobs.get()

    def _with_others(self, first: Job) -> list[Job]:
        """What is waiting already joins the first, as long as it fits a batch and goes the same way."""
        jobs, photographs = [first], len(first.uploads)
        while photographs < BATCH_IMAGES:
            try:
                other = self._jobs.get_nowait()
            except queue.Empty:
                break
            if other is None:
                self._jobs.put(None)
                break
            if other.kind != first.kind or photographs + len(other.uploads) > BATCH_IMAGES:
                self._next = other
                break
            jobs.append(other)
            photographs += len(other.uploads)
        return [job for job in jobs if not job.left]

    def _judge(self, jobs: Sequence[Job]) -> None:
        if not jobs:
            return
        started = time.perf_counter()
        all_faces, pixels = jobs[0].kind
        uploads = [upload for job in jobs for upload in job.uploads]
        each = self.pipeline.predict_each(uploads, all_faces=all_faces, pixels=pixels)
        for job in jobs:
            found = [next(each) for _ in job.uploads]
            if not job.left:
                job.settle(self._answered(job.asked, found))
        self.pace.add((time.perf_counter() - started) / len(uploads))
        give_back_memory()

    def _answered(self, asked: Asked, found: Sequence[Sequence[Prediction | Failure]]) -> Answer | Exception:
        try:
            results = [one for faces in found for one in _chosen(faces, asked.face)]
            told = tuple(Told(one, self._why(one, asked)) for one in results)
            judged = [one for one in results if isinstance(one, Prediction)]
            if asked.patient is None or not judged or self.pipeline.judge is None:
                return Answer(told)
            together = judge_patient(self.pipeline.judge, asked.patient, judged)
            return Answer(told, (together, self._why(together, asked)))
        except Exception as error:  # of this request alone
            return error

    def _why(self, result: Judgement | Failure, asked: Asked) -> Explanation | None:
        if isinstance(result, Failure) or not (asked.explain or asked.why is not None or asked.maps is not None):
            return None
        return explain(self.pipeline, result, label=asked.why, maps=asked.maps)


def _chosen(faces: Sequence[Prediction | Failure], face: int | None) -> Sequence[Prediction | Failure]:
    """All, or the one of that number."""
    if face is None or not any(isinstance(one, Prediction) for one in faces):
        return faces
    own = [one for one in faces if isinstance(one, Prediction) and one.subject.index == face]
    if own:
        return own
    first = faces[0]
    image = first.subject.image if isinstance(first, Prediction) else None
    message = f"there is no face number {face}: {len(faces)} were found, from 0"
    return [Failure(image.source if image else "", "no_such_face", message)]
