"""What flows through the pipeline: frozen records of images, faces, regions and predictions.

Coordinates are in pixels of the decoded image (EXIF orientation already applied), x to the right, y down, with the origin
at the outer corner of the top-left pixel; the centre of that pixel is (0.5, 0.5). Left and right are the viewer's unless
a name says "subject's".
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

Align = bool | Literal["backbone", "dlib", "arcface", "facenet"]

# The anatomical parts of a face that a segmenter may return, by the terms of Elements of Morphology
# (Allanson et al., Am J Med Genet A 2009;149A:2-5), from the whole to the parts and from above downwards.
ANATOMY = ("face", "forehead", "periorbital", "nose", "philtrum", "mouth", "chin")


@dataclass(frozen=True, slots=True)
class Notice:
    """A warning that travels with an image: ``code`` for programs, ``message`` for people."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class ImageInfo:
    """What is known of a photograph without its pixels. source: as the user gave it; sha256: hex digest of the file's bytes;
    width, height: px, upright; notices: what decoding had to change."""

    source: str
    sha256: str
    width: int
    height: int
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Image:
    """A decoded photograph.

    pixels: uint8 [height, width, 3], sRGB, read-only. source: the path as the user gave it.
    sha256: hex digest of the file's bytes. notices: what decoding had to change (transparency, 16 bit …).
    """

    pixels: UInt8
    source: str
    sha256: str
    notices: tuple[Notice, ...] = ()

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def info(self) -> ImageInfo:
        """The same without its pixels."""
        return ImageInfo(self.source, self.sha256, self.width, self.height, self.notices)


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """One detected face.

    box: float32 [4], x0 y0 x1 y1 in px; may reach beyond the image. score: the detector's confidence, 0..1.
    landmarks: float32 [5, 2] px: subject's right eye, subject's left eye, tip of the nose, subject's right and left corner
    of the mouth (in an upright frontal photograph the subject's right is the viewer's left). The order is anatomical, so
    that the line through the eyes gives the roll of the face, also when it lies on its side or upside down.
    chosen: the detector's selection; where it chose none of an image's faces, the first is taken.
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
    """An anatomical part of one face. name: see ``ANATOMY``, or the segmenter's own; polygon: float32 [V, 2] px, V >= 3."""

    name: str
    polygon: Float32


@dataclass(frozen=True, slots=True)
class Crop:
    """How regions are cut from the photograph. Fractions are of the longer side of the face's box.

    align: True turns each crop so that the eye line is level, False leaves it as the photograph. "backbone", and the name of an
    alignment (``dysfw.imaging.alignment``), level the eyes too, but place the region ``face`` as the trunk was trained to see it, or by
    that name; margin and least do not apply to it then. margin: what is added on each side of a region. least: the least that
    a crop's side shows of the face, whatever the size of the region: a trunk that learned whole faces cannot read a patch of
    skin blown up to its input size. size: side of the crops, px; None takes the backbone's own.
    """

    align: Align = "backbone"
    margin: float = 0.0
    min_side: float = 0.7
    size: int | None = None


@dataclass(frozen=True, slots=True)
class HeadPose:
    """Degrees. yaw: positive when the subject turns to the viewer's right; pitch: positive when the chin goes down;
    roll: positive when the head leans clockwise for the viewer. All zero: upright and frontal."""

    yaw: float
    pitch: float
    roll: float


@dataclass(frozen=True, slots=True, eq=False)
class Segmentation:
    """The regions of one face: those present, and for each that is absent the reason ("turned away", "out of the image")."""

    regions: tuple[Region, ...]
    absent: Mapping[str, str] = field(default_factory=dict)
    pose: HeadPose | None = None


@dataclass(frozen=True, slots=True)
class Weights:
    """A weight file that a component computes with.

    sha256: hex digest of the file, or of the tensors where there is no file. trained: False for random weights, which
    makes everything computed from them meaningless. licence: an SPDX id, or "unstated".
    """

    name: str
    sha256: str
    licence: str
    source: str
    trained: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """Fitted state of a head or fusion: arrays, and plain JSON values. Nothing else goes into a bundle."""

    arrays: Mapping[str, npt.NDArray[np.generic]]
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class GalleryCases:
    """What a head keeps of the M photographs it answers by. x: float32 [M, dim], embeddings as they were given to ``fit``; y:
    int64 [M], their classes; groups: int64 [M], their patients."""

    x: Float32
    y: Int64
    groups: Int64


@dataclass(frozen=True, slots=True)
class Neighbor:
    """A known case that a face is like. case: by its id; likeness: mean over the regions that both show, 1 is the same."""

    case: str
    label: str
    similarity: float


@dataclass(frozen=True, slots=True, eq=False)
class FaceEmbedding:
    """One face after everything that needs no training.

    faces: how many the detector found in the image; index: which of them this is, from 0. embeddings: float32 [R, dim] in
    the segmenter's order of regions; present: bool [R], False where a region is absent and its row therefore arbitrary.
    timings_ms: by stage, this image's share of its batch; a stage whose result was cached is not among them. sharpness: of the
    crops, see ``dysfw.reliability.quality``. pixels: of the photograph, as in ``Image``; None where nobody asked for them.
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
        """The photograph with its pixels. Raises ValueError where they were not kept."""
        if self.pixels is None:
            raise ValueError(f"the pixels of {self.image.source} were not kept")
        return Image(self.pixels, self.image.source, self.image.sha256, self.image.notices)


@dataclass(frozen=True, slots=True)
class Failure:
    """An image that could not be judged, and why. sha256 and size are empty where it could not even be read."""

    source: str
    code: str
    message: str
    sha256: str = ""
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class PredictionSet:
    """Conditions that hold the right one for a share ``coverage`` of patients. members, always: indices of labels, in order;
    always: those of which too few patients are known to leave them out of any set."""

    coverage: float
    members: tuple[int, ...]
    always: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class BasePrediction:
    """What a trained recipe says of one face, or of one patient.

    labels: K conditions. probabilities: float32 [K], sum 1, calibrated where reliability was assessed. votes: float32 [R, K],
    each region's own softmax, not calibrated, by the names in ``regions``; rows of absent regions are NaN. reliable: None where
    it was not assessed and nothing is known against it; False where there are ``reasons``. notices: everything to know, reasons
    included. matches: the known cases that it is most like, the likest first, where the heads keep cases."""

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
        """Indices of labels from the most to the least probable; equal ones in the labels' order."""
        return [int(k) for k in np.argsort(-self.probabilities, kind="stable")]

    @property
    def present(self) -> Bool:
        """bool [R]: which regions voted."""
        return np.asarray(~np.isnan(self.region_probabilities).any(axis=1))


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Prediction(BasePrediction):
    """Of one face, the subject."""

    subject: FaceEmbedding


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PatientPrediction(BasePrediction):
    """Of one patient, by several photographs. patient: what to call them. votes: of each region the mean over the photographs
    that show it. photographs: a prediction for each, in order. left_out: for each why it does not count; "" where it does.
    failures: photographs that could not be judged at all."""

    patient: str
    images: tuple[Prediction, ...]
    left_out: tuple[str, ...]
    failures: tuple[Failure, ...] = ()

    @property
    def counted(self) -> tuple[Prediction, ...]:
        """The photographs that count: at least one."""
        return tuple(one for one, why in zip(self.images, self.left_out, strict=True) if not why)
