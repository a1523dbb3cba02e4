"""Images, faces and regions.

Coordinates are in pixels of the decoded image, after EXIF orientation is applied. x points right and y points down. The origin
is the outer corner of the top-left pixel, so the centre of that pixel is (0.5, 0.5). Left and right are the viewer's unless a
name says "subject's".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from .arrays import Bool, Float32, UInt8

Precision = Literal["float32", "bfloat16"]
Align = bool | Literal["backbone", "dlib", "arcface", "facenet"]

# The anatomical regions of a face that a segmenter may return, named as in Elements of Morphology
# (Allanson et al., Am J Med Genet A 2009;149A:2-5): the whole face first, then its parts from top to bottom.
ANATOMY = ("face", "forehead", "periorbital", "nose", "philtrum", "mouth", "chin")


@dataclass(frozen=True, slots=True)
class Notice:
    """A warning about an image.

    Attributes:
        code: A stable snake_case word for programs.
        message: A sentence for people.
    """

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class ImageInfo:
    """An image without its pixels.

    Attributes:
        source: Path or address, as the user gave it.
        sha256: Hex digest of the file's bytes.
        width: Width after EXIF orientation is applied, px.
        height: Height after EXIF orientation is applied, px.
        notices: What decoding had to change.
    """

    source: str
    sha256: str
    width: int
    height: int
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Image:
    """A decoded image.

    Attributes:
        pixels: uint8 [height, width, 3], sRGB, read-only.
        source: Path or address, as the user gave it.
        sha256: Hex digest of the file's bytes.
        notices: What decoding had to change, such as transparency or 16-bit values.
    """

    pixels: UInt8
    source: str
    sha256: str
    notices: tuple[Notice, ...] = ()

    @property
    def height(self) -> int:
        """Height in px."""
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        """Width in px."""
        return int(self.pixels.shape[1])

    @property
    def info(self) -> ImageInfo:
        """The same image without its pixels."""
        return ImageInfo(self.source, self.sha256, self.width, self.height, self.notices)


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """One detected face.

    The order of the landmarks is anatomical. The line through the eyes therefore gives the roll of the face, even if it lies on
    its side or upside down. In an upright frontal image the subject's right is the viewer's left.

    Attributes:
        box: float32 [4], x0 y0 x1 y1 in px; may reach beyond the image.
        score: The detector's confidence, 0 to 1.
        landmarks: float32 [5, 2] in px: subject's right eye, subject's left eye, tip of the nose, subject's right and left
            corner of the mouth.
        chosen: Whether the detector selected this face. If it selected none of an image's faces, the first is used.
    """

    box: Float32
    score: float
    landmarks: Float32
    chosen: bool = False

    @property
    def roll(self) -> float:
        """Rotation of the eye line in the image, radians, clockwise positive; 0 is upright."""
        dx, dy = self.landmarks[1] - self.landmarks[0]
        return float(np.arctan2(dy, dx))


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """An anatomical region of one face.

    Attributes:
        name: One of ``ANATOMY``, or a name of the segmenter's own.
        polygon: float32 [V, 2] in px, V >= 3.
    """

    name: str
    polygon: Float32


@dataclass(frozen=True, slots=True)
class Crop:
    """How regions are cropped from the image.

    Attributes:
        align: ``true`` rotates each crop so that the eye line is level, ``false`` keeps the orientation of the image.
            ``backbone`` also levels the eyes, but places the region ``face`` as the backbone saw it in its training; the name
            of an alignment (``dlib``, ``arcface`` or ``facenet``) does so with that alignment. In these cases ``margin`` and
            ``min_side`` do not apply to the region ``face``.
        margin: Margin added on each side of a region, as a fraction of the longer side of the face's box.
        min_side: Minimum side of a crop, as a fraction of the longer side of the face's box, however small the region is. A
            backbone trained on whole faces cannot interpret a patch of skin enlarged to its input size.
        size: Side of the crops, px; ``null`` takes the backbone's input size.
    """

    align: Align = "backbone"
    margin: float = 0.0
    min_side: float = 0.7
    size: int | None = None


@dataclass(frozen=True, slots=True)
class HeadPose:
    """Pose of a head, in degrees. All angles are zero for an upright frontal face.

    Attributes:
        yaw: Positive if the subject turns to the viewer's right.
        pitch: Positive if the chin goes down.
        roll: Positive if the head leans clockwise for the viewer.
    """

    yaw: float
    pitch: float
    roll: float


@dataclass(frozen=True, slots=True, eq=False)
class Segmentation:
    """The regions of one face.

    Attributes:
        regions: The regions that are present.
        absent: The reason for each absent region, by name, such as "turned away" or "out of the image".
        pose: Pose of the head, if the segmenter estimates it.
    """

    regions: tuple[Region, ...]
    absent: Mapping[str, str] = field(default_factory=dict)
    pose: HeadPose | None = None


@dataclass(frozen=True, slots=True, eq=False)
class FaceEmbedding:
    """The embedded regions of one face: everything that is computed before the fitted parts of a recipe.

    Attributes:
        image: The image that shows the face.
        face: The face.
        faces: Number of faces that the detector found in the image.
        index: Index of this face among them, from 0.
        segmentation: Its regions.
        embeddings: float32 [R, dim], in the segmenter's order of regions.
        present: bool [R], False for an absent region, whose row is arbitrary.
        notices: Warnings about the image or the face.
        timings_ms: Milliseconds by stage, as this image's share of its batch. Stages read from the cache are left out.
        sharpness: Sharpness of the crops; see ``dysfw.reliability.quality``.
        pixels: Pixels of the image, as in ``Image``; None unless requested.
    """

    image: ImageInfo
    face: Face
    faces: int
    index: int
    segmentation: Segmentation
    embeddings: Float32
    present: Bool
    notices: tuple[Notice, ...]
    timings_ms: Mapping[str, float]
    sharpness: float
    pixels: UInt8 | None = None

    @property
    def decoded_image(self) -> Image:
        """The image with its pixels.

        Raises:
            ValueError: The pixels were not kept.
        """
        if self.pixels is None:
            raise ValueError(f"the pixels of {self.image.source} were not kept")
        return Image(self.pixels, self.image.source, self.image.sha256, self.image.notices)


@dataclass(frozen=True, slots=True)
class Failure:
    """An image that could not be used. The hash and the size are empty if the file could not be read.

    Attributes:
        source: Path or address, as the user gave it.
        code: A stable snake_case word for programs.
        message: A sentence for people.
        sha256: Hex digest of the file's bytes.
        width: Width, px.
        height: Height, px.
    """

    source: str
    code: str
    message: str
    sha256: str = ""
    width: int = 0
    height: int = 0
