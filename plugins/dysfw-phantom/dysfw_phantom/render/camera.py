"""Pose of the head and pinhole camera: from head coordinates to image coordinates."""

from __future__ import annotations

from dataclasses import dataclass

import numba as nb
import numpy as np

from dysfw.plugin import Float32

NECK = np.array([0.0, -0.75, -0.75], np.float32)  # pivot of the head, dm
FACE_CENTRE = np.array([0.0, -0.18, 0.0], np.float32)


def rotation(yaw: float, pitch: float, roll: float) -> Float32:
    """Compute a rotation matrix from the head pose angles.

    Args:
        yaw: Degrees, positive to the viewer's right.
        pitch: Degrees, positive with the chin down.
        roll: Degrees, positive clockwise for the viewer.

    Returns:
        float32 [3, 3]. The signs are those of ``dysfw.types.HeadPose``.
    """
    y, p, r = np.radians([yaw, pitch, -roll])
    about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    about_z = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    return np.asarray(about_z @ about_x @ about_y, dtype=np.float32)


def smoothstep(low: float, high: float, x: Float32) -> Float32:
    """Interpolate smoothly between 0 and 1.

    Args:
        low: Value of ``x`` at which the result is 0; may be larger than ``high``.
        high: Value of ``x`` at which the result is 1.
        x: Values to map.

    Returns:
        Array of the shape of ``x`` with values from 0 to 1.
    """
    t = np.clip((x - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), dtype=np.float32)


@nb.njit(cache=True)
def _turned(vectors: Float32, height: Float32, head: Float32, body: Float32, pivot: Float32) -> Float32:
    """Rotate vectors [N, 3] about the pivot, blending from body to head rotation over the neck by height [N]."""
    out = np.empty(vectors.shape, np.float32)
    for i in range(len(vectors)):
        x, y, z = vectors[i, 0] - pivot[0], vectors[i, 1] - pivot[1], vectors[i, 2] - pivot[2]
        t = min(max((height[i] + 1.3) / 0.6, 0.0), 1.0)
        t = t * t * (3 - 2 * t)
        for c in range(3):
            turned = head[c, 0] * x + head[c, 1] * y + head[c, 2] * z
            if t < 1:
                still = body[c, 0] * x + body[c, 1] * y + body[c, 2] * z
                turned = t * turned + (1 - t) * still
            out[i, c] = turned + pivot[c]
    return out


@dataclass(frozen=True, eq=False)
class Pose:
    """Rotation of the head and of the shoulders.

    Attributes:
        head: Rotation matrix of the head, float32 [3, 3].
        body: Rotation matrix of the shoulders, float32 [3, 3]; they follow the head in part.
    """

    head: Float32
    body: Float32

    @classmethod
    def from_angles(cls, yaw: float, pitch: float, roll: float) -> Pose:
        """Create a pose from angles in degrees; see ``rotation``."""
        return cls(rotation(yaw, pitch, roll), rotation(0.4 * yaw, 0, 0.25 * roll))

    def transform_points(self, points: Float32, height: Float32) -> Float32:
        """Apply the pose to points.

        Args:
            points: float32 [..., 3], dm.
            height: float32 [...]: y at rest, which selects between the rotation of head and shoulders.

        Returns:
            float32 [..., 3], dm.
        """
        return self._apply(points, height, NECK)

    def transform_directions(self, vectors: Float32, height: Float32) -> Float32:
        """Apply the pose to directions; see ``transform_points``."""
        return self._apply(vectors, height, np.zeros(3, np.float32))

    def _apply(self, vectors: Float32, height: Float32, pivot: Float32) -> Float32:
        flat = np.ascontiguousarray(vectors, np.float32).reshape(-1, 3)
        turned = _turned(flat, np.ascontiguousarray(height, np.float32).ravel(), self.head, self.body, pivot)
        return np.asarray(turned.reshape(vectors.shape), dtype=np.float32)


@dataclass(frozen=True)
class Camera:
    """A pinhole camera.

    Attributes:
        distance: Distance from the lens to the plane of the eyes, dm.
        focal: Focal length, px.
        x: Horizontal position of the origin in the image, px.
        y: Vertical position of the origin in the image, px.
    """

    distance: float
    focal: float
    x: float
    y: float

    @classmethod
    def framing(
        cls, pose: Pose, *, face_height: float, distance: float, fraction: float, shift: tuple[float, float], side: int
    ) -> Camera:
        """Create a camera that frames the face.

        Args:
            pose: Pose of the head.
            face_height: Height of the face, dm.
            distance: Distance from the lens to the plane of the eyes, dm.
            fraction: Height of the face as a fraction of the height of the image.
            shift: Offset of the centre of the face to the right and down, as a fraction of the side.
            side: Side of the image, px.

        Returns:
            The camera.
        """
        centre = NECK + pose.head @ (FACE_CENTRE * face_height / 1.85 - NECK)
        depth = distance - float(centre[2])
        focal = fraction * side * depth / face_height
        return cls(
            distance, focal, side * (0.5 + shift[0]) - focal * float(centre[0]) / depth,
            side * (0.5 + shift[1]) + focal * float(centre[1]) / depth,
        )  # fmt: skip

    def project(self, points: Float32) -> tuple[Float32, Float32]:
        """Project points into the image.

        Args:
            points: float32 [..., 3], dm.

        Returns:
            Image coordinates, float32 [..., 2] px (pixel centres at +0.5), and 1 / depth, float32 [...], 1/dm.
        """
        near = 1 / np.maximum(self.distance - points[..., 2], 0.5)
        px = np.stack([self.x + self.focal * points[..., 0] * near, self.y - self.focal * points[..., 1] * near], -1)
        return px.astype(np.float32), near.astype(np.float32)
