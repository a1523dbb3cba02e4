"""What a bundle that tells colours apart is trained from."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

ROOT = Path(__file__).parents[3]
TOYS = ROOT / "tests" / "fixtures" / "toys_installed"
TOY_RECIPE = """\
version: 1
name: toy
device: cpu
precision: float32
detector: {use: centre}
segmenter: {use: toy_halves}
crop: {align: true, margin: 0.1, min_side: 0}
backbone: {use: mosaic}
head: {use: softmax, C: 0.1}
fusion: {use: mean}
"""
COLOURS = {"red": (200, 40, 40), "green": (40, 160, 40), "sand": (190, 170, 110)}
LABELS = """\
red: {name: Cornelia de Lange syndrome, omim: "OMIM:122470", mondo: "MONDO:0016033"}
green: {name: Kabuki syndrome, orpha: "ORPHA:2322"}
sand: {name: a condition of this data set}
"""


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


def paint(path: Path, colour: tuple[int, int, int], seed: int) -> Path:
    pixels = np.clip(np.array(colour) + np.random.default_rng(seed).normal(0, 25, (64, 64, 3)), 0, 255).astype(np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Pillow.fromarray(pixels).save(path)
    return path
