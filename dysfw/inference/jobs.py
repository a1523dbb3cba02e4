"""The two working records of the pipeline: an image, and a face in it. Each stage fills in its part."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ..errors import ImageError
from ..imaging.harmonise import HarmonisedImage
from ..types import Bool, Face, Failure, Float32, Image, ImageInfo, Segmentation, UInt8


@dataclass(slots=True, eq=False)
class ImageJob:
    """An image between decoding and embedding.

    Attributes:
        source: Path or address, as the user gave it.
        decoder: Fingerprint of the plugin that decodes it; "" for built-in decoders.
        info: Source, hash and size; None until the image is decoded or found in the cache.
        image: The image with its pixels; None if nothing is left to compute from them.
        content: The file's bytes; kept only for an observer.
        faces: Every face found, in the detector's order; None before detection.
        face_jobs: The faces to embed.
        failures: Why the image, or one of its faces, has no result.
        timings_ms: Milliseconds by stage: this image's share of its batch.
    """

    source: str
    decoder: str = ""
    info: ImageInfo | None = None
    image: Image | None = None
    content: bytes | None = None
    faces: tuple[Face, ...] | None = None
    face_jobs: list[FaceJob] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    timings_ms: dict[str, float] = field(default_factory=dict)

    @property
    def is_done(self) -> bool:
        """Whether every face has its embeddings."""
        return self.faces is not None and all(job.embeddings is not None for job in self.face_jobs)

    @property
    def size(self) -> int:
        """Number of pixels in memory."""
        return self.image.width * self.image.height if self.image else 0

    def fail(self, error: ImageError) -> None:
        """Record why the image, or one of its faces, has no result."""
        info = self.info or ImageInfo(self.source, "", 0, 0)
        self.failures.append(Failure(self.source, error.code, error.message, info.sha256, info.width, info.height))

    def select_faces(self, faces: tuple[Face, ...], *, all_faces: bool) -> None:
        """Set ``faces``, and ``face_jobs`` to all of them, or to those that the detector chose, or else to the first."""
        self.faces = faces
        any_chosen = any(face.chosen for face in faces)
        self.face_jobs = [
            FaceJob(self, index, face)
            for index, face in enumerate(faces)
            if all_faces or face.chosen or (index == 0 and not any_chosen)
        ]

    def drop_pixels(self) -> None:
        """Free the pixels, which nothing needs once the crops are cut."""
        self.image = None
        for job in self.face_jobs:
            job.harmonised = None


@dataclass(slots=True, eq=False)
class FaceJob:
    """A face between detection and embedding.

    If the recipe harmonises, the coordinates of ``segmentation`` are those of the harmonised image.

    Attributes:
        image_job: The image that shows the face.
        index: Index of the face in ``image_job.faces``.
        face: The face, in pixels of the original image.
        harmonised: The harmonised image; None if the recipe does not harmonise.
        segmentation: Regions of the face; None before segmentation.
        crops: uint8 [S, S, 3], one for each region present.
        present: bool [R], the regions that the image shows.
        sharpness: Sharpness of the crops, octaves.
        embeddings: float32 [R, dim]; None before embedding. Rows of absent regions are zero.
    """

    image_job: ImageJob
    index: int
    face: Face
    harmonised: HarmonisedImage | None = None
    segmentation: Segmentation | None = None
    crops: tuple[UInt8, ...] = ()
    present: Bool = field(default_factory=lambda: np.zeros(0, bool))
    sharpness: float = 0.0
    embeddings: Float32 | None = None

    @property
    def timings_ms(self) -> dict[str, float]:
        """Those of the image."""
        return self.image_job.timings_ms

    @property
    def original(self) -> Image:
        """The original image with its pixels."""
        assert self.image_job.image  # noqa: S101  # decoded, because something is left to compute
        return self.image_job.image

    @property
    def view(self) -> tuple[Image, Face]:
        """The image and face that segmenter and crops see."""
        return (self.harmonised.image, self.harmonised.face) if self.harmonised else (self.original, self.face)

    @property
    def segmented(self) -> Segmentation:
        """The segmentation, after the segmenter ran."""
        assert self.segmentation  # noqa: S101
        return self.segmentation

    def fail(self, error: ImageError) -> None:
        """Record why the face has no result, and leave it out."""
        self.image_job.fail(error)
        self.image_job.face_jobs.remove(self)
