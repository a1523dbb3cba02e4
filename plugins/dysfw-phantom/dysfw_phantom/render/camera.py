"""From the head's own space to the picture: pose about the neck, then a pinhole camera."""

from __future__ import annotations

from dataclasses import dataclass

import numba as nb
import numpy as np

from dysfw.plugin import Float32

NECK = np.array([0.0, -0.75, -0.75], np.float32)  # the head turns about this point, dm
FACE_CENTRE = np.array([0.0, -0.18, 0.0], np.float32)


def rotation(yaw: float, pitch: float, roll: float) -> Float32:
    """float32 [3, 3]. Degrees, signs as in dysfw.types.HeadPose: to the viewer's right, chin down, clockwise for the viewer."""
    y, p, r = np.radians([yaw, pitch, -roll])
    about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    about_z = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    return np.asarray(about_z @ about_x @ about_y, dtype=np.float32)


def smoothstep(low: float, high: float, x: Float32) -> Float32:
    """0 below ``low``, 1 above ``high``, smooth between; ``low`` may be the larger one."""
    t = np.clip((x - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), dtype=np.float32)


@nb.njit(cache=True)
def _turned(vectors: Float32, height: Float32, head: Float32, body: Float32, pivot: Float32) -> Float32:
    """vectors [N, 3] turned about the pivot by head and body, blended over the neck by height [N]."""
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
    """head: float32 [3, 3], turns the head. body: the same for the shoulders, which follow in part."""

    head: Float32
    body: Float32

    @classmethod
    def of(cls, yaw: float, pitch: float, roll: float) -> Pose:
        return cls(rotation(yaw, pitch, roll), rotation(0.4 * yaw, 0, 0.25 * roll))

    def place(self, points: Float32, height: Float32) -> Float32:
        """points: float32 [..., 3]; height: float32 [...], y at rest, by which the neck blends from head to shoulders."""
        return self._apply(points, height, NECK)

    def turn(self, vectors: Float32, height: Float32) -> Float32:
        """As ``place``, for directions."""
        return self._apply(vectors, height, np.zeros(3, np.float32))

    def _apply(self, vectors: Float32, height: Float32, pivot: Float32) -> Float32:
        flat = np.ascontiguousarray(vectors, np.float32).reshape(-1, 3)
        turned = _turned(flat, np.ascontiguousarray(height, np.float32).ravel(), self.head, self.body, pivot)
        return np.asarray(turned.reshape(vectors.shape), dtype=np.float32)


@dataclass(frozen=True)
class Camera:
    """distance: from the lens to the eyes' plane, dm. focal: px. x, y: where the optical axis' origin falls, px."""

    distance: float
    focal: float
    x: float
    y: float

    @classmethod
    def framing(
        cls, pose: Pose, *, face_height: float, distance: float, fraction: float, shift: tuple[float, float], side: int
    ) -> Camera:
        """A camera in whose picture of ``side`` px the face takes ``fraction`` of the height, its centre ``shift`` of the side
        off the middle, right and down."""
        centre = NECK + pose.head @ (FACE_CENTRE * face_height / 1.85 - NECK)
        depth = distance - float(centre[2])
        focal = fraction * side * depth / face_height
        return cls(
            distance, focal, side * (0.5 + shift[0]) - focal * float(centre[0]) / depth,
            side * (0.5 + shift[1]) + focal * float(centre[1]) / depth,
        )  # fmt: skip

    def project(self, points: Float32) -> tuple[Float32, Float32]:
        """float32 [..., 3] dm -> px float32 [..., 2] (pixel centres at +0.5) and float32 [...], 1 / distance along the axis."""
        near = 1 / np.maximum(self.distance - points[..., 2], 0.5)
        px = np.stack([self.x + self.focal * points[..., 0] * near, self.y - self.focal * points[..., 1] * near], -1)
        return px.astype(np.float32), near.astype(np.float32)
