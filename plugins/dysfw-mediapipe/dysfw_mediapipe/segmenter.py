"""The segmenter ``face_mesh``."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dysfw.plugin import ANATOMY, Face, Image, Region, Segmentation, Segmenter, Weights, square_frame, transform, warp

from .groups import check_groups, group_outline
from .model import find_model
from .pose import head_pose, rotate_to_front
from .process import Process
from .regions import Float64, outline, silhouette
from .visibility import absence_reason

CROP_SIDE = 256  # px, the input of the mesh model
RETRY_MARGINS = (0.0, 1.0)  # tried if the mesh finds no face with the given margin
# The mesh exaggerates depth; with this factor, the yaw of rendered heads is correct up to 30 degrees.
DEPTH_SCALE = 0.87
# Mesh landmarks that correspond to the detector's five: eyes (mean of the canthi), tip of the nose, corners of the mouth.
DETECTOR_LANDMARKS = ((33, 133), (263, 362), (1,), (61,), (291,))
# Mean distance between these landmarks and the detector's, relative to the maximum distance among the five: typically 0.04, at
# most 0.23 in 620 faces, and about 1 or more for another face.
MAX_LANDMARK_DISTANCE = 0.35


class FaceMesh(Segmenter):
    """Anatomical regions and head pose from MediaPipe's face mesh (Kartynnik et al. 2019, arXiv:1907.06724).

    The mesh is computed from a square around the detected face, rotated so that the eyes are level. The regions are outlines of
    mesh landmarks, mapped back to the image. Results are deterministic, and several threads can share a segmenter.

    Args:
        regions: Regions to return, in this order: names of the seven regions of Elements of Morphology and of ``groups``. None
            returns the groups, or without groups the seven regions.
        margin: Margin of the square around the detector's box on each side, as a fraction of the box's side, 0 to 2.
        groups: Additional regions, each the convex hull of 3 or more mesh landmarks given by number, 0 to 477, for example
            {right_eye: [33, 133, 159, 145]}. The landmarks should enclose an area. Names consist of a-z, 0-9 and _.

    Raises:
        ValueError: If a region is unknown or repeated, a group is invalid, or the margin is out of range.
        DysfwError: If the model file is missing or was changed.
    """

    def __init__(
        self,
        regions: list[str] | None = None,
        margin: float = 0.25,
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
        self._model = find_model()
        self._mesh = Process("mesh", self._model.path)

    @property
    def regions(self) -> tuple[str, ...]:
        """Names of the regions."""
        return self._names

    def load(self) -> None:
        """Start mediapipe."""
        self._mesh.start()

    def weights(self) -> tuple[Weights, ...]:
        """The model file."""
        return (self._model.weights,)

    def segment(self, images: Sequence[Image], faces: Sequence[Face]) -> list[Segmentation]:
        """Segment each face in the image with the same index; regions that are not visible are listed as absent."""
        return [self._segment(image, face) for image, face in zip(images, faces, strict=True)]

    def _segment(self, image: Image, face: Face) -> Segmentation:
        reason = "the box of the face has no area"
        for margin in dict.fromkeys((self._margin, *RETRY_MARGINS)):
            x0, y0, x1, y1 = (float(v) for v in face.box)
            if not (x1 > x0 and y1 > y0):
                break
            matrix = square_frame([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], face.roll, margin, CROP_SIDE)
            mesh = self._mesh.request(warp(image.pixels, matrix, CROP_SIDE)).astype(np.float64)
            if not len(mesh):
                reason = "the mesh finds no face"
                continue
            points = transform(matrix, mesh[:, :2]).astype(np.float64)
            if not _is_same_face(points, face):
                reason = "the mesh finds another face"
                continue
            return self._regions_of(image, face, mesh * (1, 1, DEPTH_SCALE), points)
        return Segmentation((), dict.fromkeys(self._names, reason))

    def _regions_of(self, image: Image, face: Face, mesh: Float64, points: Float64) -> Segmentation:
        regions, absent = [], {}
        front = rotate_to_front(mesh)
        for name in self._names:
            if name in self._groups:
                polygon, surface = group_outline(self._groups[name], points, mesh, front)
            else:
                polygon, surface = silhouette(points) if name == "face" else outline(name, points), outline(name, mesh)
            reason = absence_reason(polygon, surface, image.width, image.height)
            if reason:
                absent[name] = reason
            else:
                regions.append(Region(name, polygon.astype(np.float32)))
        return Segmentation(tuple(regions), absent, head_pose(mesh, face.roll))


def _is_same_face(points: Float64, face: Face) -> bool:
    mesh_points = np.stack([points[list(indices)].mean(axis=0) for indices in DETECTOR_LANDMARKS])
    span = float(np.linalg.norm(face.landmarks[:, None] - face.landmarks, axis=2).max())
    return float(np.linalg.norm(mesh_points - face.landmarks, axis=1).mean()) < MAX_LANDMARK_DISTANCE * span
