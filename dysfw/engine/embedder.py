"""The half of a pipeline that needs no training: from images to the embeddings of each face's regions, a batch at a time."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar

import numpy as np

from ..components import Backbone
from ..errors import DysfwError, ImageError
from ..imaging.crop import crop_region
from ..imaging.harmonise import Harmonised, Harmony, harmonise
from ..reliability.quality import sharpness
from ..text import listed
from ..types import Bool, Crop, Embedded, Face, Failure, Float32, Image, Segmentation, UInt8
from .attempt import Work, attempt
from .batches import Decoded
from .build import Components
from .notices import notices_of

# px. The last bits of a detector's arithmetic depend on its batch and on the processor; rounded so, they reach no crop, and
# a photograph gets the same result whatever it is judged together with.
GRID = np.float32(1 / 8)


class _Placed(Protocol):
    @property
    def slot(self) -> int:
        """The place of its image in the batch."""


In = TypeVar("In", bound=_Placed)
Out = TypeVar("Out", bound=_Placed)


@dataclass(frozen=True, slots=True, eq=False)
class _Shot:
    """An image on its way through the detector."""

    slot: int
    image: Image
    faces: Sequence[Face] = ()


@dataclass(frozen=True, slots=True, eq=False)
class _Subject:
    """A face on its way through the other stages, each of which adds a field. Where the recipe harmonises, everything from
    ``canonical`` on is of that picture; what is reported is mapped back to the photograph."""

    slot: int
    image: Image
    face: Face
    index: int
    faces: int
    canonical: Harmonised | None = None
    segmentation: Segmentation = field(default_factory=lambda: Segmentation(()))
    present: Bool = field(default_factory=lambda: np.zeros(0, bool))  # [R]
    crops: tuple[UInt8, ...] = ()  # of the present regions, in order
    sharpness: float = 0.0
    embeddings: Float32 = field(default_factory=lambda: np.zeros((0, 0), np.float32))  # [R, dim]

    @property
    def shown(self) -> tuple[Image, Face]:
        """What segmenter and crops see."""
        return (self.canonical.image, self.canonical.face) if self.canonical else (self.image, self.face)


class Embedder:
    """Detector, segmenter, crop and backbone of a recipe in a row. Keeps nothing from batch to batch.

    tuned: the regions that have a backbone of their own, and those backbones. harmony: how photographs are made alike, if they
    are.
    """

    def __init__(
        self,
        components: Components,
        crop: Crop,
        tuned: Mapping[str, Backbone] | None = None,
        harmony: Harmony | None = None,
    ) -> None:
        self.components = components
        self.crop = crop
        self.tuned = tuned or {}
        self.harmony = harmony
        self.regions = components.segmenter.regions

    def embed(self, batch: Sequence[Decoded], *, all_faces: bool) -> list[Embedded | Failure]:
        """The results of one batch in the order of its images; an image of which several faces are chosen gives several."""
        run = _Run(batch)
        shots = [_Shot(slot, decoded.result) for slot, decoded in enumerate(batch) if isinstance(decoded.result, Image)]
        shots = run.stage("detect", "the detector", self._detect, shots)
        subjects = [
            _Subject(shot.slot, shot.image, face, index, len(shot.faces))
            for shot in shots
            for index, face in enumerate(shot.faces)
            if all_faces or face.chosen or (index == 0 and not any(other.chosen for other in shot.faces))
        ]
        if self.harmony:
            subjects = run.stage("harmonise", "harmonising", self._harmonise, subjects)
        subjects = run.stage("segment", "the segmenter", self._segment, subjects)
        subjects = run.stage("crop", "cropping", self._crop, subjects)
        subjects = run.stage("embed", "the backbone", self._embed, subjects)
        return run.results(subjects, all_faces=all_faces)

    def _detect(self, shots: Sequence[_Shot]) -> list[_Shot | ImageError]:
        found = self.components.detector.detect([shot.image for shot in shots])
        return [
            replace(shot, faces=[on_grid(face) for face in faces]) if faces else ImageError("no_face", "no face was found")
            for shot, faces in zip(shots, found, strict=True)
        ]

    def _harmonise(self, subjects: Sequence[_Subject]) -> list[_Subject]:
        assert self.harmony  # noqa: S101  # else this is no stage
        return [replace(s, canonical=harmonise(s.image, s.face, self.harmony)) for s in subjects]

    def _segment(self, subjects: Sequence[_Subject]) -> list[_Subject]:
        images, faces = zip(*(s.shown for s in subjects), strict=True)
        found = self.components.segmenter.segment(images, faces)
        return [
            replace(s, segmentation=s.canonical.photographed(one, s.image) if s.canonical else one)
            for s, one in zip(subjects, found, strict=True)
        ]

    def _crop(self, subjects: Sequence[_Subject]) -> list[_Subject | ImageError]:
        done: list[_Subject | ImageError] = []
        for subject in subjects:
            by_name = {region.name: region for region in subject.segmentation.regions}
            if by_name:
                crops = tuple(
                    crop_region(
                        *subject.shown, by_name[name], self.crop, self.components.crop_size, alignment=self.components.alignment
                    )
                    for name in self.regions
                    if name in by_name
                )
                present = np.array([name in by_name for name in self.regions])
                done.append(replace(subject, crops=crops, present=present, sharpness=sharpness(crops)))
            else:
                reasons = listed(sorted(set(subject.segmentation.absent.values())))
                done.append(ImageError("no_region", f"a face was found, but none of its regions ({reasons})"))
        return done

    def _embed(self, subjects: Sequence[_Subject]) -> list[_Subject | ImageError]:
        """All crops of all subjects that share a trunk go through it together."""
        backbone = self.components.backbone
        crops = np.stack([crop for subject in subjects for crop in subject.crops])
        names = np.array([name for s in subjects for name, here in zip(self.regions, s.present, strict=True) if here])
        rows = np.empty((len(crops), backbone.dim), np.float32)
        shared: Bool = ~np.isin(names, list(self.tuned))
        for trunk, mine in [(backbone, shared), *((own, names == region) for region, own in self.tuned.items())]:
            if mine.any():
                rows[mine] = embed_crops(trunk, crops[mine])
        done: list[_Subject | ImageError] = []
        ends = np.cumsum([len(subject.crops) for subject in subjects])
        for subject, own in zip(subjects, np.split(rows, ends[:-1]), strict=True):
            embeddings = np.zeros((len(self.regions), backbone.dim), np.float32)
            embeddings[subject.present] = own
            finite = bool(np.isfinite(own).all())
            done.append(
                replace(subject, embeddings=embeddings, crops=())
                if finite
                else ImageError("not_finite", "the backbone's embedding is not a finite number")
            )
        return done


def embed_crops(backbone: Backbone, crops: UInt8) -> Float32:
    """crops uint8 [N, S, S, 3] -> float32 [N, dim], its contract checked. Raises DysfwError where it is broken."""
    rows = backbone.embed(crops)
    if rows.shape != (len(crops), backbone.dim) or rows.dtype != np.float32:
        wanted = f"float32 {[len(crops), backbone.dim]}"
        raise DysfwError(f"the backbone broke its contract: {rows.dtype} {list(rows.shape)} instead of {wanted}")
    return rows


def on_grid(face: Face) -> Face:
    """The face with its coordinates rounded, see GRID."""
    return replace(face, box=np.round(face.box / GRID) * GRID, landmarks=np.round(face.landmarks / GRID) * GRID)


class _Run:
    """Bookkeeping of one batch: what failed in which image, and how long each stage took."""

    def __init__(self, batch: Sequence[Decoded]) -> None:
        self.batch = batch
        self.outcomes: list[list[Embedded | Failure]] = [
            [decoded.result] if isinstance(decoded.result, Failure) else [] for decoded in batch
        ]
        self.milliseconds: dict[str, float] = {}

    def stage(self, name: str, what: str, work: Work[In, Out], items: Sequence[In]) -> list[Out]:
        """What came through; a failure is recorded with its image."""
        started = time.perf_counter()
        results = attempt(what, work, items)
        self.milliseconds[name] = (time.perf_counter() - started) * 1000 / max(1, len(items))
        through = []
        for item, result in zip(items, results, strict=True):
            if isinstance(result, ImageError):
                image = self.batch[item.slot].result
                failure = Failure(image.source, result.code, result.message, image.sha256, image.width, image.height)
                self.outcomes[item.slot].append(failure)
            else:
                through.append(result)
        return through

    def results(self, subjects: Sequence[_Subject], *, all_faces: bool) -> list[Embedded | Failure]:
        for s in subjects:
            found = s.canonical.segmentation(s.segmentation) if s.canonical else s.segmentation
            notices = notices_of(s.image, s.face, s.faces, found, all_faces=all_faces)
            timings = {"decode": self.batch[s.slot].milliseconds} | self.milliseconds
            self.outcomes[s.slot].append(
                Embedded(s.image, s.face, s.faces, s.index, found, s.embeddings, s.present, notices, timings, s.sharpness)
            )
        return [outcome for outcomes in self.outcomes for outcome in outcomes]
