"""Detection of exact duplicates and near duplicates (rescaled, recompressed, slightly cropped, brightened or mirrored).

Near duplicates are found in two steps:

1. Perceptual hashes (DCT hash of Zauner, "Implementation and benchmarking of perceptual image hash functions", 2010, from the
   ImageHash library) and the correlation of small grey images select candidate pairs.
2. Least squares fits one image of each candidate pair to the other: brightness, contrast, and a small shift and stretch in both
   directions, each a multiple of a gradient (Lucas & Kanade, 1981). The quality of the fit decides.

Validation by benchmarks/validation/near_copies.py on 500 phantoms of different patients: none of 124,750 pairs, original or
mirrored, is called a duplicate (the closest reaches 0.96). Found of 100 copies each: all that were scaled to a third, saved at
quality 50, mirrored, converted to grey, or cropped by 2 % on every side; 95 cropped by 4 % on two sides; 94 brightened by 1.3
with clipped highlights; 75 cropped by 4 % on every side.
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

SIDE = 32  # px, side of the small grey image, which the hash is computed from, too
BLUR = 0.7  # px, of the small grey image: a first-order shift approximates smooth images better
MAX_DIFFERENT_BITS = 14  # of 64, for candidates
MIN_CORRELATION = 0.75  # of candidates, before the fit
MIN_FITTED_CORRELATION = 0.97  # of duplicates, after the fit
ROWS = 1024  # images compared with all others at a time


@dataclass(frozen=True, slots=True, eq=False)
class ImageSignature:
    """Signature of an image for duplicate detection.

    Attributes:
        pixels: sha256 of the decoded pixels.
        bits: bool [64], perceptual hash.
        small: float32 [32, 32], small grey image with mean 0 and norm 1; all 0 for a uniform image.
        mirrored_bits: bool [64], hash of the mirror image.
        mirrored_small: float32 [32, 32], small grey mirror image.
    """

    pixels: str
    bits: Bool
    small: Float32
    mirrored_bits: Bool
    mirrored_small: Float32


def image_signature(image: Image) -> ImageSignature:
    """Compute the signature of an image.

    Args:
        image: The decoded image.

    Returns:
        Its signature.
    """
    digest = hashlib.sha256(f"{image.width} {image.height} ".encode())
    digest.update(np.ascontiguousarray(image.pixels).data)
    grey = Pillow.fromarray(image.pixels).convert("L").resize((SIDE, SIDE), Pillow.Resampling.LANCZOS)
    mirrored = grey.transpose(Pillow.Transpose.FLIP_LEFT_RIGHT)
    return ImageSignature(digest.hexdigest(), _bits(grey), _normalised(grey), _bits(mirrored), _normalised(mirrored))


def same_pixels(signatures: Sequence[ImageSignature]) -> list[list[int]]:
    """Find identical images.

    Args:
        signatures: Signatures of N images.

    Returns:
        Groups of indices of images with identical pixels, each of two or more.
    """
    by_pixels = defaultdict(list)
    for index, signature in enumerate(signatures):
        by_pixels[signature.pixels].append(index)
    return [same for same in by_pixels.values() if len(same) > 1]


def near_copies(signatures: Sequence[ImageSignature]) -> list[tuple[int, int]]:
    """Find near duplicates.

    Args:
        signatures: Signatures of N images.

    Returns:
        Sorted pairs (i, j) with i < j of images that are copies of each other, possibly mirrored.
    """
    if not signatures:
        return []
    bits, small = np.array([s.bits for s in signatures]), np.array([s.small for s in signatures])
    mirrored_bits = np.array([s.mirrored_bits for s in signatures])
    mirrored_small = np.array([s.mirrored_small for s in signatures])
    candidates = [(pair, small) for pair in _candidates(bits, small, bits, small)]
    candidates += [(pair, mirrored_small) for pair in _candidates(bits, small, mirrored_bits, mirrored_small)]
    return sorted({(i, j) for (i, j), other in candidates if _fit(small[i], other[j]) >= MIN_FITTED_CORRELATION})


def _candidates(bits: Bool, small: Float32, other_bits: Bool, other_small: Float32) -> list[tuple[int, int]]:
    signs, other_signs = (np.where(b, 1, -1).astype(np.float32) for b in (bits, other_bits))
    flat, other_flat = small.reshape(len(small), -1), other_small.reshape(len(small), -1)
    pairs: list[tuple[int, int]] = []
    for start in range(0, len(bits), ROWS):
        rows = slice(start, start + ROWS)
        # The product of signs is the number of equal bits minus the number of different bits.
        similar = signs[rows] @ other_signs.T >= bits.shape[1] - 2 * MAX_DIFFERENT_BITS
        similar &= flat[rows] @ other_flat.T >= MIN_CORRELATION
        i, j = np.nonzero(similar)
        pairs += [(a, b) for a, b in zip((i + start).tolist(), j.tolist(), strict=True) if a < b]
    return pairs


def _fit(target: Float32, other: Float32) -> float:
    """Correlation of ``target`` with the best fit of ``other`` to it."""
    down, across = np.gradient(other)
    y, x = np.mgrid[:SIDE, :SIDE] / (SIDE / 2) - 1
    terms = np.stack([other, np.ones_like(other), across, down, x * across, y * down], axis=-1).reshape(-1, 6)
    weights, *_ = np.linalg.lstsq(terms, target.ravel(), rcond=None)
    residual = target.ravel() - terms @ weights
    return float(np.sqrt(max(0.0, 1 - residual @ residual)))  # the norm of ``target`` is 1


def _bits(grey: Pillow.Image) -> Bool:
    return np.asarray(imagehash.phash(grey).hash, bool).ravel()


def _normalised(grey: Pillow.Image) -> Float32:
    values: Float32 = gaussian_filter(np.asarray(grey, np.float32), BLUR)
    values -= values.mean()
    norm = np.float32(np.linalg.norm(values))
    return values / norm if norm > 0 else values
