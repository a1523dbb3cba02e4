"""The segmenter ``face_mesh``: from a detected face to seven regions and a head pose."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from dysfw.plugin import ANATOMY, Face, Image, Region, Segmentation, Segmenter, Weights, square_frame, transform, warp

from .groups import check_groups, outline_of
from .model import find_model
from .pose import head_pose, straightened
from .process import Process
from .regions import Float64, outline, silhouette
from .visibility import why_absent

CROP = 256  # px; the side that the mesh model itself scales a face to
RETRIES = (0.0, 1.0)  # margins tried where the given one shows the mesh no face: a close and a wide view
# The mesh exaggerates depth against width; scaled by this, heads rendered at known yaw read right up to 30 degrees.
DEPTH = 0.87
# Landmarks of the mesh at the detector's five: both eyes as the mean of their canthi, tip of the nose, corners of the mouth.
DETECTED = ((33, 133), (263, 362), (1,), (61,), (291,))
# Mean distance at those five, in units of the largest distance among them: 0.04 is usual, 0.23 the largest of 620 faces; a
# neighbour's face cannot be nearer than about 1.
SAME_FACE = 0.35


class FaceMesh(Segmenter):
    """Anatomical regions and head pose from MediaPipe's face mesh (Kartynnik et al. 2019, arXiv:1907.06724).

    A square around the detected face, turned so that its eyes are level, goes to the mesh; the regions are outlines of the
    mesh's landmarks, mapped back to the image. Deterministic; safe to call from several threads, which then take turns.

    Args:
        regions: which of the seven regions of Elements of Morphology, and of the groups, to return, in this order. By default
            the seven, or, where there are groups, these alone.
        groups: further regions, each the convex hull of 3 or more landmarks of the mesh by their numbers, 0 to 477: for example
            {right_eye: [33, 133, 159, 145]}. They should surround an area, which those of the midline do not. Names of a-z,
            0-9 and _, not those of anatomy.
        margin: what the square shows around the detector's box, as a fraction of the box's side on each side, 0 to 2.
        model: a ``face_landmarker.task`` file. Without it the model inside mediapipe's wheel is used, which mediapipe
            brings up to 0.10.21; with it both generations give the same landmarks to 0.02 px.

    Raises:
        ValueError: for an unknown or repeated region, a group that is none, or a margin outside its range.
        DysfwError: where there is no model, or the file is not the published one.
    """

    def __init__(
        self,
        regions: list[str] | None = None,
        margin: float = 0.25,
        model: Path | None = None,
        groups: dict[str, list[int]] | None = None,
    ) -> None:
        self._groups = check_groups(groups or {})
        known = (*ANATOMY, *self._groups)
        names = tuple(regions if regions is not None else self._groups or ANATOMY)
        unknown = [name for name in names if name not in known]
        if unknown or len(set(names)) < len(names) or not names:
            raise ValueError(f"regions must be distinct names among {', '.join(known)}, found {list(names)}")
        if not 0 <= margin <= 2:
            raise ValueError(f"margin must be from 0 to 2, found {margin}")
        self._names = names
        self._margin = margin
        self._model = find_model(model)
        self._mesh = Process("mesh", "-", *([str(self._model.task)] if self._model.task else []))

    @property
    def regions(self) -> tuple[str, ...]:
        return self._names

    def weights(self) -> tuple[Weights, ...]:
        return self._model.weights

    def segment(self, images: Sequence[Image], faces: Sequence[Face]) -> list[Segmentation]:
        return [self._segment(image, face) for image, face in zip(images, faces, strict=True)]

    def _segment(self, image: Image, face: Face) -> Segmentation:
        reason = "the box of the face spans no area"
        for margin in dict.fromkeys((self._margin, *RETRIES)):
            x0, y0, x1, y1 = (float(v) for v in face.box)
            if not (x1 > x0 and y1 > y0):
                break
            matrix = square_frame([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], face.roll, margin, CROP)
            mesh = self._mesh.ask(warp(image.pixels, matrix, CROP)).astype(np.float64)
            if not len(mesh):
                reason = "the mesh finds no face"
                continue
            place = transform(matrix, mesh[:, :2]).astype(np.float64)
            if not _is_same_face(place, face):
                reason = "the mesh finds another face"
                continue
            return self._divide(image, face, mesh * (1, 1, DEPTH), place)
        return Segmentation((), dict.fromkeys(self._names, reason))

    def _divide(self, image: Image, face: Face, mesh: Float64, place: Float64) -> Segmentation:
        regions, absent = [], {}
        front = straightened(mesh)
        for name in self._names:
            if name in self._groups:
                polygon, surface = outline_of(self._groups[name], place, mesh, front)
            else:
                polygon, surface = silhouette(place) if name == "face" else outline(name, place), outline(name, mesh)
            reason = why_absent(polygon, surface, image.width, image.height)
            if reason:
                absent[name] = reason
            else:
                regions.append(Region(name, polygon.astype(np.float32)))
        return Segmentation(tuple(regions), absent, head_pose(mesh, face.roll))


def _is_same_face(place: Float64, face: Face) -> bool:
    found = np.stack([place[list(indices)].mean(axis=0) for indices in DETECTED])
    span = float(np.linalg.norm(face.landmarks[:, None] - face.landmarks, axis=2).max())
    return float(np.linalg.norm(found - face.landmarks, axis=1).mean()) < SAME_FACE * span
