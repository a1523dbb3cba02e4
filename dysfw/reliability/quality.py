"""What a photograph must bring, whatever it shows: a face that is large, sharp and frontal enough."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ..types import FaceEmbedding, Int64, UInt8

Float64 = npt.NDArray[np.float64]

SIDE = 64  # samples along a crop's side: finer detail is noise, compression and the photograph's resolution
FLOOR = 0.05  # grey levels squared; below this there is nothing to compare
LUMINANCE = np.array([0.299, 0.587, 0.114])  # of red, green and blue, ITU-R BT.601


@dataclass(frozen=True, slots=True, eq=False)
class Quality:
    """Of N faces. sharpness: see ``sharpness``. height: of the face's box, px. turned: the larger of yaw and pitch, degrees.
    All float64 [N]; NaN where nobody measured it, and then nothing is held against the face."""

    sharpness: Float64
    height: Float64
    pose_angle: Float64

    def rows(self, chosen: Int64) -> Quality:
        return Quality(self.sharpness[chosen], self.height[chosen], self.pose_angle[chosen])

    def joined(self, other: Quality) -> Quality:
        """Of these faces and then the others."""
        pairs = ((self.sharpness, other.sharpness), (self.height, other.height), (self.pose_angle, other.pose_angle))
        return Quality(*map(np.concatenate, pairs))


def quality_of(faces: Sequence[FaceEmbedding]) -> Quality:
    poses = [face.segmentation.pose for face in faces]
    return Quality(
        sharpness=np.array([face.sharpness for face in faces], np.float64),
        height=np.array([face.face.box[3] - face.face.box[1] for face in faces], np.float64),
        pose_angle=np.array([max(abs(p.yaw), abs(p.pitch)) if p else math.nan for p in poses], np.float64),
    )


def sharpness(crops: Sequence[UInt8]) -> float:
    """How much finer detail there is for each coarse one, in octaves (powers of two), mean over one face's crops uint8 [S, S,
    3].

    The energy of the detail between 1/64 and 1/32 of a crop's side is compared with that between 1/32 and 1/16, by differences
    of block means (a Haar pyramid; cf. Tong et al., Blur detection for digital images using wavelet transform, ICME 2004).
    Brightness and contrast cancel. The resolution of the photograph does not matter from a face of some 60 px upwards. On
    phantoms, noise of 4 grey levels hides hardly any blur."""
    return float(np.mean([_octaves(crop) for crop in crops]))


def _octaves(crop: UInt8) -> float:
    means = _block_means(crop.shape[0])
    fine = means @ (crop @ LUMINANCE) @ means.T
    middle, coarse = _halved(fine), _halved(_halved(fine))
    # The variance that averaging takes away is that of the detail it removes: block means are orthogonal to it.
    return math.log2((fine.var() - middle.var() + FLOOR) / (middle.var() - coarse.var() + FLOOR))


def _halved(grey: Float64) -> Float64:
    half = grey.shape[0] // 2
    means: Float64 = grey.reshape(half, 2, half, 2).mean(axis=(1, 3))
    return means


@lru_cache(maxsize=8)
def _block_means(size: int) -> Float64:
    """float64 [SIDE, size]: averages ``size`` samples over SIDE equal parts, the samples at a border by their shares."""
    edges = np.arange(SIDE + 1) * (size / SIDE)
    samples = np.arange(size)
    inside = np.minimum(edges[1:, None], samples + 1) - np.maximum(edges[:-1, None], samples)
    shares: Float64 = np.clip(inside, 0, None) * (SIDE / size)
    return shares
