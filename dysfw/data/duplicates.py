"""Finds photographs that are copies of one another: the same pixels, or the same picture scaled, stored anew, cut a little,
brightened or mirrored.

Near copies are looked for in two steps. Perceptual hashes (the DCT hash of Zauner, "Implementation and benchmarking of
perceptual image hash functions", 2010, by the ImageHash library) and plain correlation of small grey pictures name candidates
among all pairs. Of each candidate, one picture is then fitted to the other by least squares: brightness, contrast, and a small
shift and stretch in both directions, each a multiple of a gradient (as Lucas and Kanade register images, 1981). What remains
unexplained decides.

Measured by benchmarks/validation/near_copies.py on 500 phantoms of different patients: none of 124,750 pairs, as they are or mirrored, is
called a copy (the nearest reaches 0.96). Of 100 copies each are found: all that were scaled to a third, stored at quality
50, mirrored, made grey, or cut by 2 % on every side; 95 cut by 4 % on two sides; 94 brightened by 1.3 with blown highlights; 75
cut by 4 % on every side.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import imagehash
import numpy as np
from PIL import Image as Pillow
from scipy.ndimage import gaussian_filter

from ..types import Bool, Float32, Image

SIDE = 32  # px of the small grey picture, which is also what the hash's transform works on
SMOOTH = 0.7  # its blur, px: a first-order shift explains smooth pictures better
DIFFERENT_BITS = 14  # of 64, in candidates
CORRELATION = 0.75  # of candidates, before they are fitted
FITTED = 0.97  # of copies, after it
ROWS = 1024  # photographs that are compared with all others at a time


@dataclass(frozen=True, slots=True, eq=False)
class ImageSignature:
    """What is kept of a photograph. pixels: sha256 of its decoded pixels. bits: bool [64], the hash; small: float32 [32, 32],
    the grey picture, with mean 0 and norm 1 (all 0 where the photograph is of one grey). Both are also kept of its mirror
    image."""

    pixels: str
    bits: Bool
    small: Float32
    mirrored_bits: Bool
    mirrored_small: Float32


def image_signature(image: Image) -> ImageSignature:
    digest = hashlib.sha256(f"{image.width} {image.height} ".encode())
    digest.update(np.ascontiguousarray(image.pixels).data)
    grey = Pillow.fromarray(image.pixels).convert("L").resize((SIDE, SIDE), Pillow.Resampling.LANCZOS)
    mirrored = grey.transpose(Pillow.Transpose.FLIP_LEFT_RIGHT)
    return ImageSignature(digest.hexdigest(), _bits(grey), _standard(grey), _bits(mirrored), _standard(mirrored))


def same_pixels(traces: Sequence[ImageSignature]) -> list[list[int]]:
    """The indices of photographs that are the same, pixel for pixel: a list for each two or more."""
    by_pixels = defaultdict(list)
    for index, one in enumerate(traces):
        by_pixels[one.pixels].append(index)
    return [same for same in by_pixels.values() if len(same) > 1]


def near_copies(traces: Sequence[ImageSignature]) -> list[tuple[int, int]]:
    """Pairs i < j of photographs that show the same picture, or mirror images of it."""
    if not traces:
        return []
    bits, small = np.array([one.bits for one in traces]), np.array([one.small for one in traces])
    mirrored_bits = np.array([one.mirrored_bits for one in traces])
    mirrored_small = np.array([one.mirrored_small for one in traces])
    candidates = [(pair, small) for pair in _candidates(bits, small, bits, small)]
    candidates += [(pair, mirrored_small) for pair in _candidates(bits, small, mirrored_bits, mirrored_small)]
    return sorted({(i, j) for (i, j), other in candidates if _fit(small[i], other[j]) >= FITTED})


def _candidates(bits: Bool, small: Float32, other_bits: Bool, other_small: Float32) -> list[tuple[int, int]]:
    signs, other_signs = (np.where(b, 1, -1).astype(np.float32) for b in (bits, other_bits))
    flat, other_flat = small.reshape(len(small), -1), other_small.reshape(len(small), -1)
    found: list[tuple[int, int]] = []
    for start in range(0, len(bits), ROWS):
        rows = slice(start, start + ROWS)
        # the product of signs is the number of equal bits less that of different ones
        alike = signs[rows] @ other_signs.T >= bits.shape[1] - 2 * DIFFERENT_BITS
        alike &= flat[rows] @ other_flat.T >= CORRELATION
        i, j = np.nonzero(alike)
        found += [(a, b) for a, b in zip((i + start).tolist(), j.tolist(), strict=True) if a < b]
    return found


def _fit(one: Float32, other: Float32) -> float:
    """The correlation of ``one`` with what ``other`` can be made into."""
    down, across = np.gradient(other)
    y, x = np.mgrid[:SIDE, :SIDE] / (SIDE / 2) - 1
    terms = np.stack([other, np.ones_like(other), across, down, x * across, y * down], axis=-1).reshape(-1, 6)
    weights, *_ = np.linalg.lstsq(terms, one.ravel(), rcond=None)
    left = one.ravel() - terms @ weights
    return float(np.sqrt(max(0.0, 1 - left @ left)))  # the norm of ``one`` is 1


def _bits(grey: Pillow.Image) -> Bool:
    return np.asarray(imagehash.phash(grey).hash, bool).ravel()


def _standard(grey: Pillow.Image) -> Float32:
    values: Float32 = gaussian_filter(np.asarray(grey, np.float32), SMOOTH)
    values -= values.mean()
    norm = np.float32(np.linalg.norm(values))
    return values / norm if norm > 0 else values
