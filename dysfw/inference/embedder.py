"""The untrained half of the pipeline: from images to the embeddings of each face's regions."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol

import numpy as np

from ..contracts.components import Backbone
from ..decoding.decode import decode_image
from ..decoding.files import Source, read_bytes
from ..decoding.formats import decoder_fingerprint
from ..errors import DysfwError, ImageError
from ..imaging.crop import crop_region
from ..imaging.harmonise import HarmonisationConfig, canonical_frame, harmonise, transform_regions
from ..reliability.quality import sharpness
from ..types import Bool, Crop, Face, FaceEmbedding, Failure, Float32, UInt8
from ..util.concurrency import pipelined
from ..util.text import error_text, listed
from .batches import batched
from .build import Components
from .jobs import FaceJob, ImageJob
from .load_ahead import LoadAhead
from .notices import notices_of
from .stage_cache import CachedStages
from .stages import run_stage

# px. The last bits of a detector's arithmetic depend on its batch and on the processor. Rounded to this grid they reach no
# crop, so the result of an image does not depend on the other images in its batch.
GRID = np.float32(1 / 8)

Results = list[FaceEmbedding | Failure]


class Observer(Protocol):
    """Sees each decoded image once, while its pixels and its file are in memory."""

    def needs(self, sha256: str) -> bool:
        """Whether it has to see the image with this hash. Called from several threads."""

    def observe(self, job: ImageJob) -> None:
        """Look at an image, whose faces, if any, are found and harmonised. Called from one thread."""


class Embedder:
    """Detector, segmenter, crops and backbone in a row, all working at the same time."""

    def __init__(
        self,
        components: Components,
        crop: Crop,
        cached_stages: CachedStages,
        tuned: Mapping[str, Backbone] | None = None,
        harmonisation: HarmonisationConfig | None = None,
    ) -> None:
        """Create an embedder.

        Args:
            components: Detector, segmenter and backbone.
            crop: How crops are cut.
            cached_stages: Where results are found and kept.
            tuned: The fine-tuned backbone of each region that has one.
            harmonisation: How images are harmonised, if they are.
        """
        self.components = components
        self.crop = crop
        self.cached_stages = cached_stages
        self.tuned = tuned or {}
        self._load_ahead = LoadAhead(components, self.tuned)
        self.harmonisation = harmonisation
        self.regions = components.segmenter.regions

    def embed(
        self, sources: Iterable[Source], *, all_faces: bool, pixels: bool, observer: Observer | None = None
    ) -> Iterator[list[Results]]:
        """Embed images.

        Args:
            sources: Files, read some way ahead.
            all_faces: Whether every face is embedded, not only the one that the detector chose.
            pixels: Whether the results hold their image's pixels.
            observer: Sees each image that it needs.

        Yields:
            For each batch, in order, a list for each image: one result, or several if several faces are embedded.
        """
        jobs = batched(sources, partial(self._open, all_faces=all_faces, pixels=pixels, observer=observer))
        return self._run(jobs, all_faces=all_faces, pixels=pixels, observer=observer)

    def embed_decoded(self, batches: Iterable[Sequence[ImageJob]], *, all_faces: bool) -> Iterator[list[Results]]:
        """Embed images that were decoded elsewhere, by ``dysfw.inference.batches``."""
        return self._run(batches, all_faces=all_faces, pixels=False, observer=None)

    def _run(
        self, batches: Iterable[Sequence[ImageJob]], *, all_faces: bool, pixels: bool, observer: Observer | None
    ) -> Iterator[list[Results]]:
        stages: list[Callable[[Sequence[ImageJob]], Sequence[ImageJob]]] = [
            partial(self._find_faces, all_faces=all_faces),
            partial(self._cut_crops, pixels=pixels, observer=observer),
            self._embed_faces,
        ]
        for batch in pipelined(batches, stages):
            yield [self._results(job, all_faces=all_faces, pixels=pixels) for job in batch]

    def _open(self, source: Source, *, all_faces: bool, pixels: bool, observer: Observer | None) -> ImageJob:
        """Read an image, recall what is known of it, and decode it if anything is left to compute."""
        started = time.perf_counter()
        job = ImageJob(str(source))
        try:
            content = read_bytes(source)
            sha256 = hashlib.sha256(content).hexdigest()
            job.decoder = decoder_fingerprint(content)
            self.cached_stages.recall(job, sha256, all_faces=all_faces)
            self._load_ahead.start(job)
            observed = observer is not None and observer.needs(sha256)
            if pixels or observed or not job.is_done:
                job.image = decode_image(content, str(source))
                job.info = job.image.info
                job.content = content if observed else None
        except ImageError as error:
            job.fail(error)
        job.timings_ms["decode"] = (time.perf_counter() - started) * 1000
        return job

    def _find_faces(self, batch: Sequence[ImageJob], *, all_faces: bool) -> Sequence[ImageJob]:
        new = [job for job in batch if job.image and job.faces is None]
        for job in new:  # those that were decoded elsewhere
            self._load_ahead.start(job)
        run_stage("detect", "the detector", partial(self._detect, all_faces=all_faces), new)
        self.cached_stages.keep_faces(new)
        for job in new:
            self.cached_stages.recall_faces(job)
        for job in batch:
            if job.faces is not None and not job.face_jobs:
                job.fail(ImageError("no_face", "no face was found"))
        return batch

    def _cut_crops(self, batch: Sequence[ImageJob], *, pixels: bool, observer: Observer | None) -> Sequence[ImageJob]:
        """Regions and crops of the faces that are not embedded yet."""
        if self.harmonisation:
            run_stage("harmonise", "harmonising", self._harmonise, _faces(batch, lambda face: self._sees(face, observer)))
        new = _faces(batch, lambda face: face.embeddings is None and face.segmentation is None)
        run_stage("segment", "the segmenter", self._segment, new)
        self.cached_stages.keep_segmentations(new)
        run_stage("crop", "cropping", self._crop, _faces(batch, lambda face: face.embeddings is None))
        if observer:
            run_stage("observe", "inspecting", partial(_observe, observer), [job for job in batch if job.content is not None])
        for job in batch:
            job.content = None
            if not pixels:
                job.drop_pixels()
        return batch

    def _sees(self, face: FaceJob, observer: Observer | None) -> bool:
        """Whether a face needs its harmonised image: to be embedded, or to be observed."""
        return face.embeddings is None or (observer is not None and face.image_job.content is not None)

    def _embed_faces(self, batch: Sequence[ImageJob]) -> Sequence[ImageJob]:
        new = _faces(batch, lambda face: face.embeddings is None)
        run_stage("embed", "the backbone", self._embed, new)
        self.cached_stages.keep_embeddings(new)
        return batch

    def _detect(self, jobs: Sequence[ImageJob], *, all_faces: bool) -> list[ImageError | None]:
        found = self.components.detector.detect([job.image for job in jobs if job.image])
        for job, faces in zip(jobs, found, strict=True):
            job.select_faces(tuple(on_grid(face) for face in faces), all_faces=all_faces)
        return [None] * len(jobs)

    def _harmonise(self, faces: Sequence[FaceJob]) -> list[ImageError | None]:
        assert self.harmonisation  # noqa: S101  # else this is no stage
        for face in faces:
            face.harmonised = harmonise(face.original, face.face, self.harmonisation)
        return [None] * len(faces)

    def _segment(self, faces: Sequence[FaceJob]) -> list[ImageError | None]:
        images, seen = zip(*(face.view for face in faces), strict=True)
        for face, found in zip(faces, self.components.segmenter.segment(images, seen), strict=True):
            face.segmentation = face.harmonised.without_regions_outside(found, face.original) if face.harmonised else found
        return [None] * len(faces)

    def _crop(self, faces: Sequence[FaceJob]) -> list[ImageError | None]:
        return [self._crop_one(face) for face in faces]

    def _crop_one(self, face: FaceJob) -> ImageError | None:
        by_name = {region.name: region for region in face.segmented.regions}
        if not by_name:
            reasons = listed(sorted(set(face.segmented.absent.values())))
            return ImageError("no_region", f"a face was found, but none of its regions ({reasons})")
        size, alignment = self.components.crop_size, self.components.alignment
        present = [by_name[name] for name in self.regions if name in by_name]
        face.crops = tuple(crop_region(*face.view, region, self.crop, size, alignment=alignment) for region in present)
        face.present = np.array([name in by_name for name in self.regions])
        face.sharpness = sharpness(face.crops)
        return None

    def _embed(self, faces: Sequence[FaceJob]) -> list[ImageError | None]:
        """All crops of all faces that share a backbone go through it together."""
        backbone = self.components.backbone
        crops = np.stack([crop for face in faces for crop in face.crops])
        names = np.array([name for face in faces for name, here in zip(self.regions, face.present, strict=True) if here])
        rows = np.empty((len(crops), backbone.dim), np.float32)
        shared: Bool = ~np.isin(names, list(self.tuned))
        for region_backbone, mine in [(backbone, shared), *((own, names == region) for region, own in self.tuned.items())]:
            if mine.any():
                rows[mine] = embed_crops(region_backbone, crops[mine])
        errors: list[ImageError | None] = []
        ends = np.cumsum([len(face.crops) for face in faces])
        for face, own in zip(faces, np.split(rows, ends[:-1]), strict=True):
            if np.isfinite(own).all():
                face.embeddings = np.zeros((len(self.regions), backbone.dim), np.float32)
                face.embeddings[face.present] = own
                face.crops = ()
                errors.append(None)
            else:
                errors.append(ImageError("not_finite", "the backbone's embedding is not a finite number"))
        return errors

    def _results(self, job: ImageJob, *, all_faces: bool, pixels: bool) -> Results:
        results: Results = list(job.failures)
        for face in job.face_jobs:
            assert job.info and job.faces and face.embeddings is not None  # noqa: PT018, S101  # or it would have failed
            segmentation = face.segmented
            if self.harmonisation:
                segmentation = transform_regions(segmentation, canonical_frame(face.face, self.harmonisation))
            results.append(
                FaceEmbedding(
                    image=job.info,
                    face=face.face,
                    faces=len(job.faces),
                    index=face.index,
                    segmentation=segmentation,
                    embeddings=face.embeddings,
                    present=face.present,
                    notices=notices_of(job.info, face.face, len(job.faces), segmentation, all_faces=all_faces),
                    timings_ms=dict(job.timings_ms),
                    sharpness=face.sharpness,
                    pixels=job.image.pixels if pixels and job.image else None,
                )
            )
        return results


def _faces(batch: Sequence[ImageJob], wanted: Callable[[FaceJob], bool]) -> list[FaceJob]:
    return [face for job in batch for face in job.face_jobs if wanted(face)]


def _observe(observer: Observer, jobs: Sequence[ImageJob]) -> list[ImageError | None]:
    """An image that cannot be inspected is left out: its faces are not embedded either."""
    errors: list[ImageError | None] = []
    for job in jobs:
        try:
            observer.observe(job)
        except DysfwError:
            raise
        except Exception as error:
            job.face_jobs.clear()
            errors.append(ImageError("not_inspected", f"inspecting this image failed: {error_text(error)}"))
        else:
            errors.append(None)
    return errors


def embed_crops(backbone: Backbone, crops: UInt8) -> Float32:
    """Embed crops and check the backbone's contract.

    Args:
        backbone: Any backbone.
        crops: uint8 [N, S, S, 3].

    Returns:
        float32 [N, dim].

    Raises:
        DysfwError: If shape or dtype of the embeddings are wrong.
    """
    rows = backbone.embed(crops)
    if rows.shape != (len(crops), backbone.dim) or rows.dtype != np.float32:
        wanted = f"float32 {[len(crops), backbone.dim]}"
        raise DysfwError(f"the backbone broke its contract: {rows.dtype} {list(rows.shape)} instead of {wanted}")
    return rows


def on_grid(face: Face) -> Face:
    """The face with its coordinates rounded to ``GRID``."""
    return replace(face, box=np.round(face.box / GRID) * GRID, landmarks=np.round(face.landmarks / GRID) * GRID)
