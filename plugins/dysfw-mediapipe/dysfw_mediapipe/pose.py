"""Head pose from the mesh."""

from __future__ import annotations

import numpy as np

from dysfw.plugin import HeadPose

from .regions import FOREHEAD_TOP, MENTON, TEMPLE_TO_ANGLE, Float64

# Paired landmarks that expressions hardly move: the outer canthi and the border of the face next to them.
BILATERAL = ((33, 263), *TEMPLE_TO_ANGLE[1:5])

# Degrees: pitch of the line from forehead to menton in frontal faces, the mean of synthetic heads.
NEUTRAL_PITCH = 8.0


def head_pose(landmarks: Float64, roll: float) -> HeadPose:
    """Estimate the head pose.

    A frontal head is rotated by pitch, then by yaw, then by roll. Yaw and roll are computed from the axis through paired
    landmarks, pitch from the line from forehead to menton.

    Args:
        landmarks: float64 [468 or more, 3], the mesh in its crop (x right, y down, z away from the camera).
        roll: Roll of the crop, radians.
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
    yaw_degrees, pitch_degrees, roll_degrees = (float(angle) for angle in np.degrees([yaw, pitch, tilt + roll]))
    return HeadPose(yaw=yaw_degrees, pitch=pitch_degrees - NEUTRAL_PITCH, roll=(roll_degrees + 180) % 360 - 180)


def rotate_to_front(landmarks: Float64) -> Float64:
    """Rotate landmarks float64 [N, 3] so that the head is upright and frontal."""
    pose = head_pose(landmarks, 0.0)
    rotated = landmarks.copy()
    for first, second, degrees in ((0, 1, pose.roll), (0, 2, pose.yaw), (1, 2, pose.pitch)):
        cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        a, b = rotated[:, first].copy(), rotated[:, second].copy()
        rotated[:, first], rotated[:, second] = cos * a + sin * b, cos * b - sin * a
    return rotated
