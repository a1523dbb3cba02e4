"""Frozen records that pass through the pipeline: images, faces, regions, embeddings and predictions.

Coordinates are in pixels of the decoded image, after EXIF orientation is applied. x points right and y points down. The origin
is the outer corner of the top-left pixel, so the centre of that pixel is (0.5, 0.5). Left and right are the viewer's unless a
name says "subject's".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

Float32 = npt.NDArray[np.float32]
Int64 = npt.NDArray[np.int64]
UInt8 = npt.NDArray[np.uint8]
Bool = npt.NDArray[np.bool_]

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


@dataclass(frozen=True, slots=True)
class Weights:
    """A weight file that a component uses.

    Attributes:
        name: Name of the weights.
        sha256: Hex digest of the file, or of the tensors if there is no file.
        licence: SPDX id, or "unstated".
        source: Where the weights come from.
        trained: False for random weights, which make all results meaningless.
    """

    name: str
    sha256: str
    licence: str
    source: str
    trained: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """Fitted state of a head or fusion. A bundle stores nothing else of it.

    Attributes:
        arrays: Arrays by name.
        values: Plain JSON values by name.
    """

    arrays: Mapping[str, npt.NDArray[np.generic]]
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class GalleryCases:
    """The M training images that a gallery-based head keeps.

    Attributes:
        x: float32 [M, dim], the embeddings given to ``fit``.
        y: int64 [M], their classes.
        groups: int64 [M], their patients.
    """

    x: Float32
    y: Int64
    groups: Int64


@dataclass(frozen=True, slots=True)
class Neighbor:
    """A gallery case that is similar to a face.

    Attributes:
        case: Id of the case.
        label: Its condition.
        similarity: Mean over the regions present in both; 1 means identical.
    """

    case: str
    label: str
    similarity: float


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


@dataclass(frozen=True, slots=True)
class PredictionSet:
    """A set of conditions that contains the true one with a given probability.

    Attributes:
        coverage: The share of patients whose true condition is in their set, 0 to 1.
        members: Indices of the labels in the set, in order.
        always: Indices of the labels with too few patients to exclude them from any set.
    """

    coverage: float
    members: tuple[int, ...]
    always: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class BasePrediction:
    """The prediction of a trained recipe for one face or one patient.

    Attributes:
        labels: The K conditions.
        regions: Names of the R regions.
        probabilities: float32 [K], sum 1; calibrated if the recipe has a reliability model.
        region_probabilities: float32 [R, K], uncalibrated probabilities of each region's head; NaN for absent regions.
        reliable: False if there are any ``reasons``.
        reasons: Why the prediction may be wrong.
        prediction_set: The conditions that cannot be excluded.
        notices: All warnings, including the reasons.
        neighbors: The most similar gallery cases, most similar first, if the heads keep cases.
    """

    labels: tuple[str, ...]
    regions: tuple[str, ...]
    probabilities: Float32
    region_probabilities: Float32
    reliable: bool
    reasons: tuple[Notice, ...]
    prediction_set: PredictionSet
    notices: tuple[Notice, ...]
    neighbors: tuple[Neighbor, ...] = ()

    @property
    def ranking(self) -> list[int]:
        """Indices of the labels from the most to the least probable; ties keep the labels' order."""
        return [int(k) for k in np.argsort(-self.probabilities, kind="stable")]

    @property
    def present(self) -> Bool:
        """Which regions contributed, bool [R]."""
        return np.asarray(~np.isnan(self.region_probabilities).any(axis=1))


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Prediction(BasePrediction):
    """The prediction for one face.

    Attributes:
        face_embedding: The face and its embeddings.
    """

    face_embedding: FaceEmbedding


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PatientPrediction(BasePrediction):
    """The prediction for one patient from several images. Region probabilities are means over the images that show the region.

    Attributes:
        patient: Name of the patient.
        images: The prediction for each image, in order.
        left_out: For each image the reason why it is not used, or "".
        failures: Images that could not be used at all.
    """

    patient: str
    images: tuple[Prediction, ...]
    left_out: tuple[str, ...]
    failures: tuple[Failure, ...] = ()

    @property
    def counted(self) -> tuple[Prediction, ...]:
        """Predictions of the images that are used: at least one."""
        return tuple(one for one, reason in zip(self.images, self.left_out, strict=True) if not reason)
