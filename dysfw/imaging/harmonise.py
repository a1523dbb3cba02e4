"""Harmonises images, so that only the face can reveal a condition: same size, same compression, no background.

A canonical image is a square around the detected face. ``dysfw.imaging.warp`` samples it so that every face has the same height
in pixels, and it is encoded as JPEG with the same tables. Parts of the square outside the image are mirrored, as in every crop:
grey or repeated edges would reveal how closely the image was cropped.

A face smaller than the common height is enlarged but does not become sharper, so a small face can still be recognised as such.
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

# The ellipse around the head: its half axes relative to width and height of the face's box, and the distance of its centre
# above the centre of the box, relative to the height. Fitted by eye to faces detected by MTCNN. It is tight, since everything
# in it beside the head is background: it cuts off long hair and the rims of ears.
HEAD_HALF_WIDTH, HEAD_HALF_HEIGHT, HEAD_OFFSET = 0.66, 0.68, 0.06
FADE = 0.15  # outer fraction of the ellipse that fades into the background
GREY = 128
BLUR_STD = 0.3  # standard deviation of the blur, relative to the height of the face
# Half axes of the ellipse that is mostly skin, relative to width and height of the face's box.
SKIN_HALF_AXIS = 0.38
# Target skin by channel of sRGB: median as a fraction, and interquartile range in logits. These are about the medians over 60
# phantoms of all skin colours.
TARGET_MEDIAN, TARGET_IQR = np.array([0.8, 0.62, 0.52]), np.array([0.9, 0.65, 0.55])
GAIN_RANGE = (0.5, 2.0)  # keeps a face without contrast from being stretched into noise
MAX_OUTSIDE = 0.3  # of a region's area; with more outside the image, a crop shows mostly mirrored pixels

Background = Literal["keep", "blur", "mask"]
Colour = Literal["keep", "normalise"]


@dataclass(frozen=True, slots=True)
class HarmonisationConfig:
    """How images are harmonised.

    Attributes:
        face: Longer side of every face's box in the canonical image, px.
        context: Side of the canonical image, relative to ``face``.
        quality: JPEG quality, 1 to 95.
        background: What is shown outside an ellipse around the head: ``keep`` the background, ``blur`` it, or ``mask`` it with
            mid-grey.
        colour: ``normalise`` brings the median and the interquartile range of the skin to fixed values in each channel. This
            removes differences in lighting, but also in skin colour, pallor and flushing. ``keep`` changes nothing.
    """

    face: int = 96
    context: float = 2.0
    quality: int = 85
    background: Background = "mask"
    colour: Colour = "keep"

    @property
    def size(self) -> int:
        """Side of the canonical image, px: whole JPEG blocks with 4:2:0 subsampling."""
        return max(1, round(self.face * self.context / 16)) * 16


@dataclass(frozen=True, slots=True, eq=False)
class HarmonisedImage:
    """A canonical image of one face.

    Attributes:
        image: The canonical image, with the source, sha256 and notices of the original.
        face: The face in it.
        to_original: Transform from the canonical image to the original.
        content: The JPEG file.
    """

    image: Image
    face: Face
    to_original: Matrix
    content: bytes

    def without_regions_outside(self, segmentation: Segmentation, original: Image) -> Segmentation:
        """Mark regions as absent that are mostly mirrored, since they lie outside the original.

        Args:
            segmentation: Regions in the canonical image.
            original: The original image.

        Returns:
            The segmentation without these regions.
        """
        outside = [r.name for r in segmentation.regions if self._outside(r.polygon, original) > MAX_OUTSIDE]
        inside = tuple(r for r in segmentation.regions if r.name not in outside)
        absent = {**segmentation.absent, **dict.fromkeys(outside, "out of the image")}
        return replace(segmentation, regions=inside, absent=absent)

    def _outside(self, polygon: Float32, original: Image) -> float:
        """Fraction of a polygon's area outside the original, 0 to 1, counted in pixels of the canonical image."""
        canvas = Pillow.new("1", (self.image.width, self.image.height))
        ImageDraw.Draw(canvas).polygon([(float(x) - 0.5, float(y) - 0.5) for x, y in polygon], fill=1)
        inside = np.asarray(canvas)
        y, x = np.nonzero(inside)
        if not len(x):
            return 1.0
        points = transform(self.to_original, np.column_stack([x, y]) + 0.5)
        within = (points >= 0).all(axis=1) & (points <= (original.width, original.height)).all(axis=1)
        return float(1 - within.mean())


def canonical_frame(face: Face, harmonisation: HarmonisationConfig) -> Matrix:
    """Compute where the canonical image of a face lies.

    Args:
        face: The face in the original.
        harmonisation: How images are harmonised.

    Returns:
        The transform from the canonical image to the original.

    Raises:
        ValueError: The box of the face has no area.
    """
    x0, y0, x1, y1 = (float(v) for v in face.box)
    if not (x1 > x0 and y1 > y0):
        raise ValueError(f"the box of the face has no area: {x0:g} {y0:g} {x1:g} {y1:g}")
    scale = max(x1 - x0, y1 - y0) / harmonisation.face
    half = scale * harmonisation.size / 2
    return np.array([[scale, 0.0, (x0 + x1) / 2 - half], [0.0, scale, (y0 + y1) / 2 - half]])


def transform_regions(segmentation: Segmentation, matrix: Matrix) -> Segmentation:
    """Transform the polygons of a segmentation, such as from the canonical image to the original.

    Args:
        segmentation: The segmentation.
        matrix: The transform.

    Returns:
        The segmentation in the other coordinates.
    """
    regions = tuple(Region(r.name, transform(matrix, r.polygon)) for r in segmentation.regions)
    return replace(segmentation, regions=regions)


def harmonise(image: Image, face: Face, harmonisation: HarmonisationConfig) -> HarmonisedImage:
    """Create the canonical image of one face.

    Args:
        image: The original.
        face: The face.
        harmonisation: How images are harmonised.

    Returns:
        The canonical image.

    Raises:
        ValueError: The box of the face has no area.
    """
    to_original = canonical_frame(face, harmonisation)
    canonical_face = _transform_face(face, inverse(to_original))
    pixels = warp(image.pixels, to_original, harmonisation.size)
    if harmonisation.colour == "normalise":
        pixels = _normalise_colour(pixels, canonical_face)
    if harmonisation.background != "keep":
        pixels = _replace_background(pixels, canonical_face, harmonisation)
    content = io.BytesIO()
    Pillow.fromarray(pixels).save(content, "JPEG", quality=harmonisation.quality, subsampling="4:2:0", optimize=False)
    decoded = np.array(Pillow.open(content, formats=["JPEG"]))
    decoded.flags.writeable = False
    return HarmonisedImage(replace(image, pixels=decoded), canonical_face, to_original, content.getvalue())


def _transform_face(face: Face, matrix: Matrix) -> Face:
    box = transform(matrix, face.box.reshape(2, 2)).reshape(4)
    return replace(face, box=box, landmarks=transform(matrix, face.landmarks))


def _radius(face: Face, size: int, half_width: float, half_height: float, offset: float) -> Float32:
    """Distance of each pixel from the centre of an ellipse that is rotated with the face; 1 is its edge.

    Args:
        face: The face.
        size: Side of the image, px.
        half_width: Half axis along the eye line, px.
        half_height: Half axis across the eye line, px.
        offset: Distance of the centre above the centre of the face's box, px.

    Returns:
        float32 [size, size].
    """
    y, x = np.mgrid[:size, :size].astype(np.float32) + 0.5
    (cx, cy), cos, sin = face.box.reshape(2, 2).mean(axis=0), np.cos(face.roll), np.sin(face.roll)
    u, v = (x - cx) * cos + (y - cy) * sin, (y - cy) * cos - (x - cx) * sin + offset
    radius: Float32 = np.hypot(u / half_width, v / half_height).astype(np.float32)
    return radius


def _extent(face: Face) -> tuple[float, float]:
    """Width and height of the face, px, relative to its eye line: for a face on its side they are swapped."""
    width, height = (float(v) for v in face.box[2:] - face.box[:2])
    return (height, width) if abs(np.sin(face.roll)) > np.sqrt(0.5) else (width, height)


def _replace_background(pixels: UInt8, face: Face, harmonisation: HarmonisationConfig) -> UInt8:
    width, height = _extent(face)
    radius = _radius(face, len(pixels), HEAD_HALF_WIDTH * width, HEAD_HALF_HEIGHT * height, HEAD_OFFSET * height)
    head: Float32 = np.clip((1 - radius) / FADE, 0, 1)[..., None]
    std = BLUR_STD * harmonisation.face
    background = np.full_like(pixels, GREY) if harmonisation.background == "mask" else _blur(pixels, 1 - head, std)
    return np.rint(head * pixels + (1 - head) * background).astype(np.uint8)


def _blur(pixels: UInt8, weight: Float32, std: float) -> UInt8:
    """Weighted Gaussian blur, with weights of 0 to 1: the background without the head."""
    weighted = Pillow.fromarray(np.dstack([pixels, np.rint(255 * weight).astype(np.uint8)])).convert("RGBa")
    return np.asarray(weighted.filter(ImageFilter.GaussianBlur(std)).convert("RGBA"))[..., :3]


def _normalise_colour(pixels: UInt8, face: Face) -> UInt8:
    """Set median and interquartile range of the skin in each channel, in logits: black stays black, and white stays white."""
    width, height = _extent(face)
    skin = _radius(face, len(pixels), SKIN_HALF_AXIS * width, SKIN_HALF_AXIS * height, 0) < 1
    level = (pixels + 0.5) / 256
    logits = np.log(level / (1 - level))
    low, median, high = np.percentile(logits[skin], [25, 50, 75], axis=0)
    gain = np.clip(TARGET_IQR / np.maximum(high - low, 1e-6), *GAIN_RANGE)
    normalised = (logits - median) * gain + np.log(TARGET_MEDIAN / (1 - TARGET_MEDIAN))
    result: UInt8 = np.rint(255 / (1 + np.exp(-normalised))).astype(np.uint8)
    return result
