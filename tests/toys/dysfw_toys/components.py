import hashlib
from collections.abc import Sequence
from typing import Literal

import numpy as np

from dysfw.components import Backbone, Detector, Segmenter
from dysfw.types import Face, Float32, Image, Region, Segmentation, UInt8, Weights


def is_blue(pixels: UInt8) -> bool:
    return bool(pixels[..., 2].mean() > pixels[..., 0].mean() + 100)


class Centre(Detector):
    """faces: how many to find, side by side. Images darker than 20 have none."""

    def __init__(self, faces: int = 1, choose: Literal["none", "last", "all"] = "none") -> None:
        if faces < 1:
            raise ValueError(f"faces must be 1 or more, found {faces}")
        self.faces = faces
        self.choose = choose

    def detect(self, images: Sequence[Image]) -> list[list[Face]]:
        return [self._faces(image) if image.pixels.mean() > 20 else [] for image in images]

    def _faces(self, image: Image) -> list[Face]:
        found = []
        for n in range(self.faces):
            w, h = image.width / self.faces, image.height
            points = np.array([[0.3, 0.4], [0.7, 0.4], [0.5, 0.55], [0.35, 0.7], [0.65, 0.7]]) * [w, h] + [n * w, 0]
            box = np.array([n * w + 0.1 * w, 0.1 * h, n * w + 0.9 * w, 0.9 * h], np.float32)
            chosen = self.choose == "all" or (self.choose == "last" and n == self.faces - 1)
            found.append(Face(box, 1.0, points.astype(np.float32), chosen))
        return found


class CrashOnBlue(Centre):
    def detect(self, images: Sequence[Image]) -> list[list[Face]]:
        if any(is_blue(image.pixels) for image in images):
            raise RuntimeError("I cannot bear blue")
        return super().detect(images)


class Halves(Segmenter):
    """drop: the region that is absent in images wider than high."""

    def __init__(self, drop: Literal["upper", "lower", "both"] | None = None) -> None:
        self.drop = drop

    @property
    def regions(self) -> tuple[str, ...]:
        return ("upper", "lower")

    def segment(self, images: Sequence[Image], faces: Sequence[Face]) -> list[Segmentation]:
        return [self._segment(image, face) for image, face in zip(images, faces, strict=True)]

    def _segment(self, image: Image, face: Face) -> Segmentation:
        x0, y0, x1, y1 = face.box
        middle = (y0 + y1) / 2
        boxes = {"upper": (y0, middle), "lower": (middle, y1)}
        absent = {n: "turned away" for n in boxes if image.width > image.height and self.drop in (n, "both")}
        polygons = {n: np.array([[x0, a], [x1, a], [x1, b], [x0, b]], np.float32) for n, (a, b) in boxes.items()}
        regions = tuple(Region(n, polygon) for n, polygon in polygons.items() if n not in absent)
        return Segmentation(regions, absent)


class Mosaic(Backbone):
    """tiles: along each side. salt changes the fingerprint of its weights and nothing else."""

    def __init__(self, tiles: int = 4, salt: str = "", trained: bool = True) -> None:
        self.tiles = tiles
        self.salt = salt
        self.trained = trained
        self.batches: list[int] = []

    @property
    def input_size(self) -> int:
        return 32

    @property
    def dim(self) -> int:
        return 3 * self.tiles**2

    def weights(self) -> tuple[Weights, ...]:
        return (Weights("mosaic", hashlib.sha256(self.salt.encode()).hexdigest(), "CC0-1.0", "made up", self.trained),)

    def embed(self, crops: UInt8) -> Float32:
        if crops.shape[1] % self.tiles:
            raise ValueError(f"crops of {crops.shape[1]} px cannot be divided into {self.tiles} tiles")
        self.batches.append(len(crops))
        n, side = len(crops), crops.shape[1] // self.tiles
        tiled = crops.reshape(n, self.tiles, side, self.tiles, side, 3)
        return tiled.mean(axis=(2, 4)).reshape(n, self.dim).astype(np.float32)


class NanOnBlue(Mosaic):
    def embed(self, crops: UInt8) -> Float32:
        rows = super().embed(crops)
        for row, crop in zip(rows, crops, strict=True):
            if is_blue(crop):
                row[:] = np.nan
        return rows


class WrongShape(Mosaic):
    def embed(self, crops: UInt8) -> Float32:
        return super().embed(crops)[:, :5]
