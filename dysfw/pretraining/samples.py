"""Which crop is seen when, and what it looks like: functions of the seed and the sample's number alone, so that a training can
go on anywhere as if it had never stopped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ..errors import DysfwError, ImageError
from ..imaging.decode import read_image
from ..imaging.geometry import inverse, transform
from ..imaging.warp import warp
from ..recipe.sections import Augment
from ..training.finetune.augment import UNIT, at_size, compose, mirror_images, perturbation, recolour
from ..training.finetune.region_frames import Prepared
from ..types import Float32, Int64, UInt8
from .ground_truth import Truth

ORDER, LOOK = 1, 2  # streams of random numbers that never meet


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """B crops. pixels: uint8 [B, S, S, 3]; identity, region: int64 [B]; attributes: float32 [B, A]; landmarks: float32
    [B, L, 2], in crops of side 1. NaN where unknown."""

    pixels: UInt8
    identity: Int64
    region: Int64
    attributes: Float32
    landmarks: Float32


class Samples:
    """An endless list of crops: all (photograph, region) pairs in one random order, then in another, and so on."""

    def __init__(self, prepared: Prepared, regions: Sequence[str], chosen: Sequence[str], truth: Truth, seed: int) -> None:
        self.prepared = prepared
        self.regions = tuple(regions)
        self.truth = truth
        self.seed = seed
        labels = {label: n for n, label in enumerate(sorted({item.label for item in prepared.samples}))}
        self.identities = len(labels)
        self._identity = np.array([labels[item.label] for item in prepared.samples], np.int64)
        self._pairs = np.argwhere(prepared.present & np.isin(list(regions), list(chosen)))
        mirrors = [mirror_images(names) for names in (regions, truth.attribute_names, truth.landmark_names)]
        self.mirrors = None if any(mirror is None for mirror in mirrors) else [m for m in mirrors if m is not None]
        self._order = lru_cache(2)(self._shuffled)

    def __len__(self) -> int:
        """How many different crops there are."""
        return len(self._pairs)

    def batch(self, numbers: Int64, size: int, augment: Augment | None) -> Batch:
        """The samples of these numbers (0 or more, without end) as crops of ``size`` px; plain ones without ``augment``."""
        made = [self._sample(int(number), size, augment) for number in numbers]
        pixels, identity, region, attributes, landmarks = zip(*made, strict=True)
        return Batch(
            np.stack(pixels),
            np.array(identity, np.int64),
            np.array(region, np.int64),
            np.stack(attributes),
            np.stack(landmarks),
        )

    def typical_landmarks(self) -> Float32:
        """float32 [R, L, 2]: where each region's plain crops show the landmarks on average, 0..1; 0.5 where that is unknown."""
        frames, present = self.prepared.frames, self.prepared.present
        places = np.full((*present.shape, *self.truth.landmarks.shape[1:]), np.nan, np.float32)
        for row, region in np.argwhere(present):
            places[row, region] = transform(inverse(frames[row, region]), self.truth.landmarks[row])
        known = np.isfinite(places).sum(axis=0)
        mean = np.nansum(places, axis=0, dtype=np.float64) / np.maximum(known, 1)
        return np.where(known > 0, mean, 0.5).astype(np.float32)

    def _shuffled(self, epoch: int) -> Int64:
        return np.random.default_rng([self.seed, ORDER, epoch]).permutation(len(self._pairs))

    def _sample(self, number: int, size: int, augment: Augment | None) -> tuple[UInt8, int, int, Float32, Float32]:
        epoch, place = divmod(number, len(self._pairs))
        row, region = (int(v) for v in self._pairs[self._order(epoch)[place]])
        rng = np.random.default_rng([self.seed, LOOK, number])
        change, mirrored = UNIT, False
        if augment is not None:
            change, mirrored = perturbation(augment, rng) if self.mirrors else perturbation(_unmirrored(augment), rng)
        frame = compose(self.prepared.frames[row, region], change)
        pixels = warp(self._pixels(row), at_size(frame, size), size)
        attributes = self.truth.attributes[row]
        landmarks = transform(inverse(frame), self.truth.landmarks[row])
        if mirrored and self.mirrors:
            regions, measures, points = self.mirrors
            region, attributes, landmarks = int(regions[region]), attributes[measures], landmarks[points]
        if augment is not None:
            pixels = recolour(pixels, augment, rng)
        return pixels, int(self._identity[row]), region, attributes, landmarks

    def _pixels(self, row: int) -> UInt8:
        path = self.prepared.samples[row].path
        try:
            image = read_image(path)
        except ImageError as error:
            raise DysfwError(f"{path} could be read when training began and cannot now: {error.message}") from None
        if image.sha256 != self.prepared.sha256[row]:
            raise DysfwError(f"{path} was changed since training began", hint="restore it, or start anew with --fresh")
        return image.pixels


def _unmirrored(augment: Augment) -> Augment:
    return augment.model_copy(update={"flip": False})
