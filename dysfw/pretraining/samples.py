"""The crops that pretraining sees, as a function of seed and sample number only, so that training can resume anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ..decoding.decode import read_image
from ..errors import DysfwError, ImageError
from ..imaging.geometry import inverse, transform
from ..imaging.warp import warp
from ..recipe.sections import Augment
from ..training.finetune.augment import IDENTITY, at_size, augment_pixels, compose, mirror_indices, random_transform
from ..training.finetune.region_frames import RegionFrames
from ..types import Float32, Int64, UInt8
from .ground_truth import GroundTruth

SHUFFLE_STREAM, AUGMENT_STREAM = 1, 2  # independent streams of random numbers


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """B crops with their ground truth.

    Attributes:
        pixels: uint8 [B, S, S, 3].
        identity: int64 [B].
        region: int64 [B].
        attributes: float32 [B, A], NaN if unknown.
        landmarks: float32 [B, L, 2] in crops of side 1, NaN if unknown.
    """

    pixels: UInt8
    identity: Int64
    region: Int64
    attributes: Float32
    landmarks: Float32


class Samples:
    """An endless sequence of crops: all (image, region) pairs in one random order per epoch.

    Args:
        region_frames: Frames of N images.
        regions: The segmenter's regions.
        chosen: The regions to train on.
        truth: Ground truth of the N images.
        seed: Random seed.

    Attributes:
        region_frames: Frames of N images.
        regions: The segmenter's regions.
        truth: Ground truth of the N images.
        seed: Random seed.
        identities: Number of identities.
        mirrors: Indices of the mirror images of regions, attributes and landmarks; None if crops cannot be mirrored.
    """

    def __init__(
        self, region_frames: RegionFrames, regions: Sequence[str], chosen: Sequence[str], truth: GroundTruth, seed: int
    ) -> None:
        self.region_frames = region_frames
        self.regions = tuple(regions)
        self.truth = truth
        self.seed = seed
        labels = {label: n for n, label in enumerate(sorted({sample.label for sample in region_frames.samples}))}
        self.identities = len(labels)
        self._identity = np.array([labels[sample.label] for sample in region_frames.samples], np.int64)
        self._pairs = np.argwhere(region_frames.present & np.isin(list(regions), list(chosen)))
        mirrors = [mirror_indices(names) for names in (regions, truth.attribute_names, truth.landmark_names)]
        self.mirrors = None if any(mirror is None for mirror in mirrors) else [m for m in mirrors if m is not None]
        self._order = lru_cache(2)(self._shuffled)

    def __len__(self) -> int:
        """Return the number of crops per epoch."""
        return len(self._pairs)

    def batch(self, numbers: Int64, size: int, augment: Augment | None) -> Batch:
        """Cut a batch of crops.

        Args:
            numbers: int64 [B], sample numbers, 0 or more without an upper limit.
            size: Side of the crops, px.
            augment: Strengths of the augmentation; None for plain crops.

        Returns:
            The crops and their ground truth.
        """
        crops = [self._sample(int(number), size, augment) for number in numbers]
        pixels, identity, region, attributes, landmarks = zip(*crops, strict=True)
        return Batch(
            np.stack(pixels),
            np.array(identity, np.int64),
            np.array(region, np.int64),
            np.stack(attributes),
            np.stack(landmarks),
        )

    def mean_landmarks(self) -> Float32:
        """Return the mean landmarks of each region's plain crops, float32 [R, L, 2], 0 … 1; 0.5 if unknown."""
        frames, present = self.region_frames.frames, self.region_frames.present
        positions = np.full((*present.shape, *self.truth.landmarks.shape[1:]), np.nan, np.float32)
        for row, region in np.argwhere(present):
            positions[row, region] = transform(inverse(frames[row, region]), self.truth.landmarks[row])
        known = np.isfinite(positions).sum(axis=0)
        mean = np.nansum(positions, axis=0, dtype=np.float64) / np.maximum(known, 1)
        return np.where(known > 0, mean, 0.5).astype(np.float32)

    def _shuffled(self, epoch: int) -> Int64:
        return np.random.default_rng([self.seed, SHUFFLE_STREAM, epoch]).permutation(len(self._pairs))

    def _sample(self, number: int, size: int, augment: Augment | None) -> tuple[UInt8, int, int, Float32, Float32]:
        epoch, index = divmod(number, len(self._pairs))
        row, region = (int(v) for v in self._pairs[self._order(epoch)[index]])
        rng = np.random.default_rng([self.seed, AUGMENT_STREAM, number])
        change, mirrored = IDENTITY, False
        if augment is not None:
            change, mirrored = random_transform(augment, rng) if self.mirrors else random_transform(_unmirrored(augment), rng)
        frame = compose(self.region_frames.frames[row, region], change)
        pixels = warp(self._pixels(row), at_size(frame, size), size)
        attributes = self.truth.attributes[row]
        landmarks = transform(inverse(frame), self.truth.landmarks[row])
        if mirrored and self.mirrors:
            regions, attribute_order, landmark_order = self.mirrors
            region, attributes, landmarks = int(regions[region]), attributes[attribute_order], landmarks[landmark_order]
        if augment is not None:
            pixels = augment_pixels(pixels, augment, rng)
        return pixels, int(self._identity[row]), region, attributes, landmarks

    def _pixels(self, row: int) -> UInt8:
        path = self.region_frames.samples[row].path
        try:
            image = read_image(path)
        except ImageError as error:
            raise DysfwError(f"{path} could be read earlier but cannot be read now: {error.message}") from None
        if image.sha256 != self.region_frames.sha256[row]:
            raise DysfwError(f"{path} has changed since training started", hint="restore it, or start again with --fresh")
        return image.pixels


def _unmirrored(augment: Augment) -> Augment:
    return augment.model_copy(update={"flip": False})
