"""Head pose from the mesh: two axes of the head, and the three angles that turn them."""

from __future__ import annotations

import numpy as np

from dysfw.plugin import HeadPose

from .regions import FOREHEAD_TOP, MENTON, TEMPLE_TO_ANGLE, Float64

# Bilateral landmarks that neither speech nor expression moves much: the outer canthi and the border of the face beside them.
BILATERAL = ((33, 263), *TEMPLE_TO_ANGLE[1:5])

# Degrees by which that line leans in faces that look straight ahead: the mean of synthetic heads rendered around that pose.
NEUTRAL_PITCH = 8.0


def head_pose(landmarks: Float64, roll: float) -> HeadPose:
    """landmarks: float64 [468 or more, 3] of the mesh in its crop (x right, y down, z away); roll: of the crop, radians.

    The head is turned from upright and frontal first by pitch, then by yaw, then by roll. Yaw and roll are those of the axis
    through paired landmarks, pitch that of the line from forehead to menton.
    """
    right, left = np.array(BILATERAL).T
    x, y, z = (landmarks[left] - landmarks[right]).sum(axis=0)
    tilt = np.arctan2(y, x)
    yaw = np.arctan2(z, np.hypot(x, y))
    down = landmarks[MENTON[0]] - landmarks[FOREHEAD_TOP[0]]
    upright = np.cos(tilt) * down[1] - np.sin(tilt) * down[0]
    across = np.cos(tilt) * down[0] + np.sin(tilt) * down[1]
    depth = np.cos(yaw) * down[2] - np.sin(yaw) * across
    pitch = np.arctan2(depth, upright)
    turn, nod, lean = (float(angle) for angle in np.degrees([yaw, pitch, tilt + roll]))
    return HeadPose(yaw=turn, pitch=nod - NEUTRAL_PITCH, roll=(lean + 180) % 360 - 180)


def straightened(landmarks: Float64) -> Float64:
    """The landmarks, turned back until the head is upright and looks at the camera: float64 [N, 3], like ``landmarks``."""
    pose = head_pose(landmarks, 0.0)
    turned = landmarks.copy()
    for first, second, degrees in ((0, 1, pose.roll), (0, 2, pose.yaw), (1, 2, pose.pitch)):
        cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        a, b = turned[:, first].copy(), turned[:, second].copy()
        turned[:, first], turned[:, second] = cos * a + sin * b, cos * b - sin * a
    return turned
