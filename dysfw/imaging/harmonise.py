"""Makes photographs alike, so that nothing but the face can tell a condition: one size, one compression, no background.

A canonical photograph is a square around the detected face, sampled by ``dysfw.imaging.warp`` so that every face has the same
height in pixels, and stored as JPEG by the same tables. What the photograph does not show of the square is mirrored, as in
every crop: grey or repeated edges would tell how closely the photograph was cut.

A face smaller than the common height is enlarged, which makes it no sharper: that it was small can still be seen.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFilter

from ..types import Face, Float32, Image, Region, Segmentation, UInt8
from .geometry import Matrix, inverse, transform
from .warp import warp

# The ellipse that holds the head: half axes over the sides of the face's box, and how far its centre lies above the box's
# middle, over its height. Fitted by eye to faces found by MTCNN, and tight, since what it holds beside the head is background:
# it cuts long hair, and the rims of ears.
HEAD_ACROSS, HEAD_ALONG, HEAD_ABOVE = 0.66, 0.68, 0.06
SOFT = 0.15  # of the ellipse: the outer part of it that fades into the background
GREY = 128
BLUR = 0.3  # standard deviation over the face's height
# The part of the face's box that is mostly skin: half axes over its sides.
SKIN = 0.38
# The common skin, by channel of sRGB: median as a fraction, and the middle half's width in logits; about the middle of 60
# phantoms of every skin colour.
COMMON_MEDIAN, COMMON_SPREAD = np.array([0.8, 0.62, 0.52]), np.array([0.9, 0.65, 0.55])
GAINS = (0.5, 2.0)  # a flat face is not stretched into noise
MAX_OUTSIDE = 0.3  # of a region's area; with more beyond the photograph's edge, a crop shows mostly mirrored pixels

Background = Literal["keep", "blur", "mask"]
Colour = Literal["keep", "normalise"]


@dataclass(frozen=True, slots=True)
class Harmony:
    """How photographs are made alike.

    face: the longer side of every face's box, px. context: side of the square over that. quality: of the JPEG, 1 to 95.
    background: outside an ellipse that holds head and hair, what is there ("keep"), its colours ("blur") or mid-grey ("mask").
    colour: "normalise" brings the median and spread of the face's pixels to common values in each channel: the light, but skin
    colour, pallor and flushing with it.
    """

    face: int = 96
    context: float = 2.0
    quality: int = 85
    background: Background = "mask"
    colour: Colour = "keep"

    @property
    def size(self) -> int:
        """Side of the canonical photograph, px: whole blocks of JPEG with halved colour."""
        return max(1, round(self.face * self.context / 16)) * 16


@dataclass(frozen=True, slots=True, eq=False)
class Harmonised:
    """image: the canonical photograph, with the source, sha256 and notices of the one it was made from. face: the same face in
    it. to_original: takes its pixels to those of the photograph. content: the JPEG."""

    image: Image
    face: Face
    to_original: Matrix
    content: bytes

    def in_original_image(self, found: Segmentation, original: Image) -> Segmentation:
        """Without the regions that are mostly mirrored: what lies beyond the edge of the original was not photographed."""
        gone = [r.name for r in found.regions if self._outside(r.polygon, original) > MAX_OUTSIDE]
        kept = tuple(r for r in found.regions if r.name not in gone)
        return replace(found, regions=kept, absent={**found.absent, **dict.fromkeys(gone, "out of the image")})

    def _outside(self, polygon: Float32, original: Image) -> float:
        """The fraction of a polygon's area beyond the original, 0..1, by the pixels of the canonical photograph."""
        canvas = Pillow.new("1", (self.image.width, self.image.height))
        ImageDraw.Draw(canvas).polygon([(float(x) - 0.5, float(y) - 0.5) for x, y in polygon], fill=1)
        inside = np.asarray(canvas)
        y, x = np.nonzero(inside)
        if not len(x):
            return 1.0
        place = transform(self.to_original, np.column_stack([x, y]) + 0.5)
        within = (place >= 0).all(axis=1) & (place <= (original.width, original.height)).all(axis=1)
        return float(1 - within.mean())


def frame_of(face: Face, harmony: Harmony) -> Matrix:
    """Where a face's canonical photograph lies: the transform from it to the original. Raises ValueError where the face's box
    spans no area."""
    x0, y0, x1, y1 = (float(v) for v in face.box)
    if not (x1 > x0 and y1 > y0):
        raise ValueError(f"the box of the face spans no area: {x0:g} {y0:g} {x1:g} {y1:g}")
    scale = max(x1 - x0, y1 - y0) / harmony.face
    half = scale * harmony.size / 2
    return np.array([[scale, 0.0, (x0 + x1) / 2 - half], [0.0, scale, (y0 + y1) / 2 - half]])


def in_original(found: Segmentation, frame: Matrix) -> Segmentation:
    """What was found in the canonical photograph, in pixels of the original."""
    return replace(found, regions=tuple(Region(r.name, transform(frame, r.polygon)) for r in found.regions))


def harmonise(image: Image, face: Face, harmony: Harmony) -> Harmonised:
    """The canonical photograph of one face. Raises ValueError where its box spans no area."""
    to_original = frame_of(face, harmony)
    own = _moved(face, inverse(to_original))
    pixels = warp(image.pixels, to_original, harmony.size)
    if harmony.colour == "normalise":
        pixels = _recoloured(pixels, own)
    if harmony.background != "keep":
        pixels = _without_background(pixels, own, harmony)
    content = io.BytesIO()
    Pillow.fromarray(pixels).save(content, "JPEG", quality=harmony.quality, subsampling="4:2:0", optimize=False)
    decoded = np.array(Pillow.open(content, formats=["JPEG"]))
    decoded.flags.writeable = False
    return Harmonised(replace(image, pixels=decoded), own, to_original, content.getvalue())


def _moved(face: Face, matrix: Matrix) -> Face:
    box = transform(matrix, face.box.reshape(2, 2)).reshape(4)
    return replace(face, box=box, landmarks=transform(matrix, face.landmarks))


def _radius(face: Face, size: int, across: float, along: float, above: float) -> Float32:
    """float32 [size, size]: distance of each pixel from the centre of an ellipse that leans with the face; 1 is its edge.

    across, along: its half axes, above: of its centre over the middle of the face's box, all px."""
    y, x = np.mgrid[:size, :size].astype(np.float32) + 0.5
    (cx, cy), cos, sin = face.box.reshape(2, 2).mean(axis=0), np.cos(face.roll), np.sin(face.roll)
    u, v = (x - cx) * cos + (y - cy) * sin, (y - cy) * cos - (x - cx) * sin + above
    radius: Float32 = np.hypot(u / across, v / along).astype(np.float32)
    return radius


def _extent(face: Face) -> tuple[float, float]:
    """Width and height of the face, px, along and across its own eye line: the box of a face on its side is as wide as the face
    is high."""
    width, height = (float(v) for v in face.box[2:] - face.box[:2])
    return (height, width) if abs(np.sin(face.roll)) > np.sqrt(0.5) else (width, height)


def _without_background(pixels: UInt8, face: Face, harmony: Harmony) -> UInt8:
    width, height = _extent(face)
    radius = _radius(face, len(pixels), HEAD_ACROSS * width, HEAD_ALONG * height, HEAD_ABOVE * height)
    head: Float32 = np.clip((1 - radius) / SOFT, 0, 1)[..., None]
    deviation = BLUR * harmony.face
    behind = np.full_like(pixels, GREY) if harmony.background == "mask" else _blurred(pixels, 1 - head, deviation)
    return np.rint(head * pixels + (1 - head) * behind).astype(np.uint8)


def _blurred(pixels: UInt8, weight: Float32, deviation: float) -> UInt8:
    """Each pixel the mean of those around it that have a weight (0..1): what lies behind the head, and nothing of the head."""
    weighted = Pillow.fromarray(np.dstack([pixels, np.rint(255 * weight).astype(np.uint8)])).convert("RGBa")
    return np.asarray(weighted.filter(ImageFilter.GaussianBlur(deviation)).convert("RGBA"))[..., :3]


def _recoloured(pixels: UInt8, face: Face) -> UInt8:
    """Median and spread of the skin made common in each channel, in logits: black stays black, and white white."""
    width, height = _extent(face)
    skin = _radius(face, len(pixels), SKIN * width, SKIN * height, 0) < 1
    level = (pixels + 0.5) / 256
    logits = np.log(level / (1 - level))
    low, median, high = np.percentile(logits[skin], [25, 50, 75], axis=0)
    gain = np.clip(COMMON_SPREAD / np.maximum(high - low, 1e-6), *GAINS)
    common = (logits - median) * gain + np.log(COMMON_MEDIAN / (1 - COMMON_MEDIAN))
    changed: UInt8 = np.rint(255 / (1 + np.exp(-common))).astype(np.uint8)
    return changed
