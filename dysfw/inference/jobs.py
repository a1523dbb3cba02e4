"""What is on its way through an embedder: photographs, the faces in them, and the batch that they travel in."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar

import numpy as np

from ..errors import ImageError
from ..imaging.harmonise import Harmonised, Harmony, frame_of, in_original
from ..types import Bool, Face, FaceEmbedding, Failure, Image, ImageInfo, Segmentation, UInt8
from .isolation import Work, run_isolated
from .notices import notices_of
from .stage_cache import Vectors


class Placed(Protocol):
    @property
    def slot(self) -> int:
        """The place of its photograph in the batch."""


In = TypeVar("In", bound=Placed)
Out = TypeVar("Out", bound=Placed)


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """A photograph as it comes in. image: None where it is a failure, or where nothing is left to do with its pixels. recalled:
    its faces, where they were found before; subjects: those of them that are judged, with all that was computed before."""

    info: ImageInfo | Failure
    milliseconds: float
    image: Image | None = None
    recalled: tuple[Face, ...] | None = None
    subjects: tuple[Subject, ...] = ()

    @property
    def done(self) -> bool:
        """Whether nothing is left to compute."""
        return self.recalled is not None and all(subject.vectors for subject in self.subjects)

    @property
    def size(self) -> int:
        return self.image.width * self.image.height if self.image else 0


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """A photograph on its way through the detector."""

    slot: int
    image: Image
    faces: tuple[Face, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """A face on its way through the other stages, each of which adds a field. Where the recipe harmonises, everything from
    ``canonical`` on is of that picture; what is reported is mapped back to the photograph. vectors: None until embedded."""

    info: ImageInfo
    face: Face
    index: int
    faces: int
    slot: int = 0
    image: Image | None = None
    canonical: Harmonised | None = None
    segmentation: Segmentation | None = None
    present: Bool = field(default_factory=lambda: np.zeros(0, bool))  # [R]
    crops: tuple[UInt8, ...] = ()  # of the present regions, in order
    sharpness: float = 0.0
    vectors: Vectors | None = None

    def place(self) -> tuple[int, int]:
        """By which subjects are in order."""
        return self.slot, self.index

    @property
    def pixels(self) -> Image:
        assert self.image  # noqa: S101  # it was decoded, for something is left to compute
        return self.image

    @property
    def shown(self) -> tuple[Image, Face]:
        """What segmenter and crops see."""
        return (self.canonical.image, self.canonical.face) if self.canonical else (self.pixels, self.face)

    @property
    def seen(self) -> Segmentation:
        assert self.segmentation  # noqa: S101  # the segmenter has been here
        return self.segmentation


def subjects_of(info: ImageInfo, faces: Sequence[Face], *, all_faces: bool) -> list[Subject]:
    """Those of a photograph's faces that are judged: all, those that the detector chose, or else its first."""
    chosen = any(face.chosen for face in faces)
    return [
        Subject(info, face, index, len(faces))
        for index, face in enumerate(faces)
        if all_faces or face.chosen or (index == 0 and not chosen)
    ]


class Run:
    """One batch on its way: its subjects, what failed in which photograph, and how long each stage took."""

    def __init__(self, batch: Sequence[Opened]) -> None:
        self.batch = batch
        self.subjects: list[Subject] = []
        self.failures: dict[int, list[Failure]] = defaultdict(list)
        for slot, one in enumerate(batch):
            if isinstance(one.info, Failure):
                self.failures[slot].append(one.info)
        self.milliseconds: dict[str, float] = {}

    def stage(self, name: str, what: str, work: Work[In, Out], items: Sequence[In]) -> list[Out]:
        """What came through; a failure is recorded with its photograph."""
        started = time.perf_counter()
        results = run_isolated(what, work, items)
        if items:
            self.milliseconds[name] = (time.perf_counter() - started) * 1000 / len(items)
        through = []
        for item, result in zip(items, results, strict=True):
            if isinstance(result, ImageError):
                self.fail(item.slot, result)
            else:
                through.append(result)
        return through

    def fail(self, slot: int, error: ImageError) -> None:
        one = self.batch[slot].info
        assert isinstance(one, ImageInfo)  # noqa: S101  # one that could not be opened goes no further
        self.failures[slot].append(Failure(one.source, error.code, error.message, one.sha256, one.width, one.height))

    def drop_pixels(self) -> None:
        """Once the crops are cut, nothing needs the photographs."""
        self.batch = [replace(one, image=None, subjects=()) for one in self.batch]
        self.subjects = [replace(subject, image=None) for subject in self.subjects]

    def results(self, harmony: Harmony | None, *, all_faces: bool, pixels: bool) -> list[list[FaceEmbedding | Failure]]:
        found: dict[int, list[FaceEmbedding | Failure]] = {slot: list(own) for slot, own in self.failures.items()}
        for s in self.subjects:
            assert s.vectors  # noqa: S101  # or it would have failed
            shown = in_original(s.seen, frame_of(s.face, harmony)) if harmony else s.seen
            timings = {"decode": self.batch[s.slot].milliseconds} | self.milliseconds
            embedded = FaceEmbedding(
                image=s.info,
                face=s.face,
                faces=s.faces,
                index=s.index,
                segmentation=shown,
                embeddings=s.vectors.embeddings,
                present=s.vectors.present,
                notices=notices_of(s.info, s.face, s.faces, shown, all_faces=all_faces),
                timings_ms=timings,
                sharpness=s.vectors.sharpness,
                pixels=s.image.pixels if pixels and s.image else None,
            )
            found.setdefault(s.slot, []).append(embedded)
        return [found[slot] for slot in range(len(self.batch))]
