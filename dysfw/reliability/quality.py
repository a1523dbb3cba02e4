"""Image quality: sharpness, size and pose of a face."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ..types import FaceEmbedding, Int64, UInt8

Float64 = npt.NDArray[np.float64]

SIDE = 64  # samples along a crop's side; finer detail depends on noise, compression and resolution
MIN_VARIANCE = 0.05  # grey levels squared; crops with less detail cannot be compared
LUMINANCE = np.array([0.299, 0.587, 0.114])  # weights of red, green and blue, ITU-R BT.601


@dataclass(frozen=True, slots=True, eq=False)
class Quality:
    """Image quality of N faces. NaN means unknown; an unknown value never makes a prediction unreliable.

    Attributes:
        sharpness: float64 [N]; see ``sharpness``.
        height: float64 [N], height of the face box, px.
        pose_angle: float64 [N], larger absolute value of yaw and pitch, degrees.
    """

    sharpness: Float64
    height: Float64
    pose_angle: Float64

    def rows(self, chosen: Int64) -> Quality:
        """Select faces.

        Args:
            chosen: int64 [M], indices of the faces.

        Returns:
            The quality of these M faces.
        """
        return Quality(self.sharpness[chosen], self.height[chosen], self.pose_angle[chosen])

    def joined(self, other: Quality) -> Quality:
        """Append other faces.

        Args:
            other: Quality of the other faces.

        Returns:
            The quality of these faces and then the others.
        """
        pairs = ((self.sharpness, other.sharpness), (self.height, other.height), (self.pose_angle, other.pose_angle))
        return Quality(*map(np.concatenate, pairs))


def quality_of(faces: Sequence[FaceEmbedding]) -> Quality:
    """Collect the image quality of faces.

    Args:
        faces: The faces.

    Returns:
        Their quality.
    """
    poses = [face.segmentation.pose for face in faces]
    return Quality(
        sharpness=np.array([face.sharpness for face in faces], np.float64),
        height=np.array([face.face.box[3] - face.face.box[1] for face in faces], np.float64),
        pose_angle=np.array([max(abs(p.yaw), abs(p.pitch)) if p else math.nan for p in poses], np.float64),
    )


def sharpness(crops: Sequence[UInt8]) -> float:
    """Measure the sharpness of a face.

    Sharpness is the energy of detail between 1/64 and 1/32 of a crop's side, relative to that between 1/32 and 1/16, from
    differences of block means (a Haar pyramid; cf. Tong et al., Blur detection for digital images using wavelet transform, ICME
    2004). It does not depend on brightness and contrast, nor on the resolution of faces of about 60 px or more. On phantoms,
    noise of 4 grey levels barely hides blur.

    Args:
        crops: Crops of one face, each uint8 [S, S, 3].

    Returns:
        Sharpness in octaves (powers of two), mean over the crops.
    """
    return float(np.mean([_octaves(crop) for crop in crops]))


def _octaves(crop: UInt8) -> float:
    means = _block_means(crop.shape[0])
    fine = means @ (crop @ LUMINANCE) @ means.T
    medium, coarse = _halved(fine), _halved(_halved(fine))
    # Block means are orthogonal to the detail that they remove, so the difference of the variances is the variance of that
    # detail.
    return math.log2((fine.var() - medium.var() + MIN_VARIANCE) / (medium.var() - coarse.var() + MIN_VARIANCE))


def _halved(grey: Float64) -> Float64:
    half = grey.shape[0] // 2
    means: Float64 = grey.reshape(half, 2, half, 2).mean(axis=(1, 3))
    return means


@lru_cache(maxsize=8)
def _block_means(size: int) -> Float64:
    """float64 [SIDE, size]: averages ``size`` samples over SIDE equal blocks; samples at a border count by their overlap."""
    edges = np.arange(SIDE + 1) * (size / SIDE)
    samples = np.arange(size)
    overlap = np.minimum(edges[1:, None], samples + 1) - np.maximum(edges[:-1, None], samples)
    shares: Float64 = np.clip(overlap, 0, None) * (SIDE / size)
    return shares
