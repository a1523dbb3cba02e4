"""The half of a pipeline that needs no training: from photographs to the embeddings of each face's regions."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from ..contracts.components import Backbone
from ..errors import DysfwError, ImageError
from ..imaging.crop import crop_region
from ..imaging.decode import Source, decode_image, read_bytes
from ..imaging.harmonise import Harmony, harmonise
from ..reliability.quality import sharpness
from ..types import Bool, Crop, Face, FaceEmbedding, Failure, Float32, Image, ImageInfo, UInt8
from ..util.concurrency import pipelined
from ..util.text import listed
from .batches import Decoded, batched
from .build import Components
from .jobs import Opened, Run, Shot, Subject, subjects_of
from .stage_cache import CachedStages, DetectedFaces, Vectors

# px. The last bits of a detector's arithmetic depend on its batch and on the processor; rounded so, they reach no crop, and
# a photograph gets the same result whatever it is judged together with.
GRID = np.float32(1 / 8)


class Embedder:
    """Detector, segmenter, crop and backbone of a recipe in a row, all at work at the same time.

    tuned: the regions that have a backbone of their own, and those backbones. harmony: how photographs are made alike, if they
    are. memory: what was computed before, and where to keep what is computed now.
    """

    def __init__(
        self,
        components: Components,
        crop: Crop,
        cached_stages: CachedStages,
        tuned: Mapping[str, Backbone] | None = None,
        harmony: Harmony | None = None,
    ) -> None:
        self.components = components
        self.crop = crop
        self.cached_stages = cached_stages
        self.tuned = tuned or {}
        self.harmony = harmony
        self.regions = components.segmenter.regions

    def embed(
        self, sources: Iterable[Source], *, all_faces: bool, pixels: bool
    ) -> Iterator[list[list[FaceEmbedding | Failure]]]:
        """Batch after batch, for each photograph its results: one, or several where several of its faces are judged.
        pixels: whether the results are to hold those of their photographs."""
        opened = batched(sources, partial(self._open, all_faces=all_faces, pixels=pixels))
        return self._passed(opened, all_faces=all_faces, pixels=pixels)

    def embed_decoded(
        self, batches: Iterable[Sequence[Decoded]], *, all_faces: bool
    ) -> Iterator[list[list[FaceEmbedding | Failure]]]:
        """The same of photographs that somebody else has decoded."""
        return self._passed(([_opened(one) for one in batch] for batch in batches), all_faces=all_faces, pixels=False)

    def _passed(
        self, opened: Iterable[Sequence[Opened]], *, all_faces: bool, pixels: bool
    ) -> Iterator[list[list[FaceEmbedding | Failure]]]:
        stages: list[Callable[[Run], Run]] = [
            partial(self._detected, all_faces=all_faces),
            partial(self._cut, pixels=pixels),
            self._embedded,
        ]
        runs = (Run(batch) for batch in opened)
        for run in pipelined(runs, stages):
            yield run.results(self.harmony, all_faces=all_faces, pixels=pixels)

    def _open(self, source: Source, *, all_faces: bool, pixels: bool) -> Opened:
        """Read a photograph, recall what was computed of it, and decode it where something is left to compute."""
        started = time.perf_counter()
        try:
            content = read_bytes(source)
            known = self._recall(hashlib.sha256(content).hexdigest(), str(source), all_faces=all_faces)
            if known and known.done and not pixels:
                return replace(known, milliseconds=(time.perf_counter() - started) * 1000)
            image = decode_image(content, str(source))
        except ImageError as error:
            failure = Failure(str(source), error.code, error.message)
            return Opened(failure, (time.perf_counter() - started) * 1000)
        milliseconds = (time.perf_counter() - started) * 1000
        if known is None:
            return Opened(image.info, milliseconds, image)
        subjects = tuple(replace(subject, image=image) for subject in known.subjects)
        return replace(known, milliseconds=milliseconds, image=image, subjects=subjects)

    def _recall(self, sha256: str, source: str, *, all_faces: bool) -> Opened | None:
        detected_faces = self.cached_stages.detected_faces(sha256, source)
        if detected_faces is None:
            return None
        subjects = self._judged(detected_faces.image, detected_faces.faces, all_faces=all_faces)
        return Opened(detected_faces.image, 0.0, recalled=detected_faces.faces, subjects=tuple(subjects))

    def _judged(self, info: ImageInfo, faces: Sequence[Face], *, all_faces: bool) -> Iterator[Subject]:
        """The faces of a photograph that are judged, with all that was computed of them before."""
        for subject in subjects_of(info, faces, all_faces=all_faces):
            found = self.cached_stages.segmentation(info.sha256, subject.face)
            vectors = self.cached_stages.vectors(info.sha256, subject.face, found) if found else None
            yield replace(subject, segmentation=found, vectors=vectors)

    def _detected(self, run: Run, *, all_faces: bool) -> Run:
        """Every face that is judged becomes a subject of the run."""
        shots = [Shot(slot, one.image) for slot, one in enumerate(run.batch) if one.image and one.recalled is None]
        found = {shot.slot: shot for shot in run.stage("detect", "the detector", self._detect, shots)}
        self.cached_stages.keep_faces([DetectedFaces(shot.image.info, shot.faces) for shot in found.values()])
        for slot, one in enumerate(run.batch):
            if isinstance(one.info, Failure):
                continue
            subjects: Sequence[Subject] = one.subjects
            if slot in found:
                judged = self._judged(one.info, found[slot].faces, all_faces=all_faces)
                subjects = [replace(subject, image=one.image) for subject in judged]
            if not subjects and (slot in found or one.recalled is not None):
                run.fail(slot, ImageError("no_face", "no face was found"))
            run.subjects += [replace(subject, slot=slot) for subject in subjects]
        return run

    def _cut(self, run: Run, *, pixels: bool) -> Run:
        """Regions and crops of the subjects that are not embedded yet."""
        done = [s for s in run.subjects if s.vectors]
        left = [s for s in run.subjects if not s.vectors]
        if self.harmony:
            left = run.stage("harmonise", "harmonising", self._harmonise, left)
        known = [s for s in left if s.segmentation]
        found = run.stage("segment", "the segmenter", self._segment, [s for s in left if not s.segmentation])
        self.cached_stages.keep_segmentations([(s.info.sha256, s.face, s.seen) for s in found])
        left = sorted([*known, *found], key=Subject.place)
        run.subjects = [*done, *run.stage("crop", "cropping", self._crop, left)]
        if not pixels:
            run.drop_pixels()
        return run

    def _embedded(self, run: Run) -> Run:
        done = [s for s in run.subjects if s.vectors]
        found = run.stage("embed", "the backbone", self._embed, [s for s in run.subjects if not s.vectors])
        self.cached_stages.keep_vectors([(s.info.sha256, s.face, s.seen, s.vectors) for s in found if s.vectors])
        run.subjects = sorted([*done, *found], key=Subject.place)
        return run

    def _detect(self, shots: Sequence[Shot]) -> list[Shot]:
        found = self.components.detector.detect([shot.image for shot in shots])
        return [replace(shot, faces=tuple(on_grid(face) for face in faces)) for shot, faces in zip(shots, found, strict=True)]

    def _harmonise(self, subjects: Sequence[Subject]) -> list[Subject]:
        assert self.harmony  # noqa: S101  # else this is no stage
        return [replace(s, canonical=harmonise(s.pixels, s.face, self.harmony)) for s in subjects]

    def _segment(self, subjects: Sequence[Subject]) -> list[Subject]:
        images, faces = zip(*(s.shown for s in subjects), strict=True)
        found = self.components.segmenter.segment(images, faces)
        return [
            replace(s, segmentation=s.canonical.in_original_image(one, s.pixels) if s.canonical else one)
            for s, one in zip(subjects, found, strict=True)
        ]

    def _crop(self, subjects: Sequence[Subject]) -> list[Subject | ImageError]:
        done: list[Subject | ImageError] = []
        for subject in subjects:
            by_name = {region.name: region for region in subject.seen.regions}
            if by_name:
                crops = tuple(
                    crop_region(
                        *subject.shown, by_name[name], self.crop, self.components.crop_size, alignment=self.components.alignment
                    )
                    for name in self.regions
                    if name in by_name
                )
                present = np.array([name in by_name for name in self.regions])
                done.append(replace(subject, crops=crops, present=present, sharpness=sharpness(crops), canonical=None))
            else:
                reasons = listed(sorted(set(subject.seen.absent.values())))
                done.append(ImageError("no_region", f"a face was found, but none of its regions ({reasons})"))
        return done

    def _embed(self, subjects: Sequence[Subject]) -> list[Subject | ImageError]:
        """All crops of all subjects that share a trunk go through it together."""
        backbone = self.components.backbone
        crops = np.stack([crop for subject in subjects for crop in subject.crops])
        names = np.array([name for s in subjects for name, here in zip(self.regions, s.present, strict=True) if here])
        rows = np.empty((len(crops), backbone.dim), np.float32)
        shared: Bool = ~np.isin(names, list(self.tuned))
        for region_backbone, mine in [(backbone, shared), *((own, names == region) for region, own in self.tuned.items())]:
            if mine.any():
                rows[mine] = embed_crops(region_backbone, crops[mine])
        done: list[Subject | ImageError] = []
        ends = np.cumsum([len(subject.crops) for subject in subjects])
        for subject, own in zip(subjects, np.split(rows, ends[:-1]), strict=True):
            embeddings = np.zeros((len(self.regions), backbone.dim), np.float32)
            embeddings[subject.present] = own
            finite = bool(np.isfinite(own).all())
            vectors = Vectors(subject.present, embeddings, subject.sharpness)
            done.append(
                replace(subject, vectors=vectors, crops=())
                if finite
                else ImageError("not_finite", "the backbone's embedding is not a finite number")
            )
        return done


def _opened(one: Decoded) -> Opened:
    image = one.result if isinstance(one.result, Image) else None
    info = image.info if image else one.result
    assert not isinstance(info, Image)  # noqa: S101  # it is one or the other
    return Opened(info, one.milliseconds, image)


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
