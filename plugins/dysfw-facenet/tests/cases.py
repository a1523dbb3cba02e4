"""The images and detections of ``data/cascade_in_torch.json``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as Pillow

from dysfw.types import Face, Image

DATA = Path(__file__).parent / "data" / "cascade_in_torch.json"
PHANTOMS = sorted((Path(__file__).parents[3] / "tests/fixtures/data/phantoms").glob("*/*.jpg"))


def make_image(pixels: np.ndarray) -> Image:
    return Image(np.ascontiguousarray(pixels), "test", "0" * 64)


@dataclass(frozen=True, slots=True)
class Case:
    """An image made from phantoms, the parameters of the detector, and the faces that the cascade found in torch.

    Attributes:
        phantoms: Numbers of the phantoms, side by side.
        size: Width and height of the image, px.
        turns: Counter-clockwise rotations by 90 degrees.
        params: Parameters of the detector.
        faces: The faces: box, score, landmarks.
    """

    phantoms: list[int]
    size: list[int]
    turns: int
    params: dict[str, Any]
    faces: list[list[Any]]

    def image(self) -> Image:
        parts = [np.asarray(Pillow.open(PHANTOMS[number]).convert("RGB")) for number in self.phantoms]
        scaled = Pillow.fromarray(np.concatenate(parts, axis=1)).resize(tuple(self.size), Pillow.Resampling.BILINEAR)
        return make_image(np.rot90(np.asarray(scaled), self.turns))

    def compare(self, found: list[Face]) -> None:
        """Check that the faces are the recorded ones, in the same order."""
        assert len(found) == len(self.faces), self
        for face, (box, score, landmarks) in zip(found, self.faces, strict=True):
            np.testing.assert_allclose(face.box, box, atol=0.01, err_msg=str(self))
            np.testing.assert_allclose(face.landmarks, landmarks, atol=0.01, err_msg=str(self))
            assert abs(face.score - score) < 1e-4, self


def cases() -> Iterator[Case]:
    for case in json.loads(DATA.read_text("utf-8"))["cases"]:
        yield Case(**case)
