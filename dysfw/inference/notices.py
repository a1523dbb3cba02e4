"""Warns about properties of an image or face that make predictions less accurate."""

from __future__ import annotations

import math
from collections import defaultdict

from ..types import Face, ImageInfo, Notice, Segmentation
from ..util.text import count, listed

# px. In a smaller face box the mouth is about ten pixels high, and fine signs (philtrum, lids) are lost.
MIN_FACE_HEIGHT = 80
# Degrees. Beyond this, foreshortening reduces the far side of the face to less than about two thirds.
MAX_POSE_ANGLE = 30.0
# Degrees. Beyond this the image itself is rotated: cameras record that in EXIF, scanners do not.
MAX_ROLL = 60.0

# Reasons not to rely on any prediction of a bundle. No other image of the patient changes them.
OF_THE_BUNDLE = frozenset({"random_weights", "not_shown_to_beat_chance"})


def notices_of(image: ImageInfo, face: Face, faces: int, segmentation: Segmentation, *, all_faces: bool) -> tuple[Notice, ...]:
    """Collect the warnings about an image and one of its faces.

    Args:
        image: The image.
        face: The face.
        faces: Number of faces found in the image.
        segmentation: The regions of the face.
        all_faces: Whether every face is predicted, so that no choice has to be reported.
    """
    notices = list(image.notices)
    if faces > 1 and not all_faces:
        notices.append(several_faces(faces, face))
    height = float(face.box[3] - face.box[1])
    if height < MIN_FACE_HEIGHT:
        message = f"the face is {height:.0f} px high; fine signs are lost below {MIN_FACE_HEIGHT} px"
        notices.append(Notice("small_face", message))
    roll = math.degrees(face.roll)
    if abs(roll) > MAX_ROLL:
        notices.append(Notice("rolled_face", f"the face is on its side or upside down ({roll:+.0f}°)"))
    pose = segmentation.pose
    if pose and max(abs(pose.yaw), abs(pose.pitch)) > MAX_POSE_ANGLE:
        message = f"the head is rotated (yaw {pose.yaw:+.0f}°, pitch {pose.pitch:+.0f}°); frontal photos work best"
        notices.append(Notice("rotated_head", message))
    by_reason = defaultdict(list)
    for region, reason in segmentation.absent.items():
        by_reason[reason].append(region)
    notices += [Notice("absent_region", f"not used: {listed(names)} ({reason})") for reason, names in by_reason.items()]
    return tuple(notices)


def several_faces(faces: int, face: Face | None = None) -> Notice:
    """The warning about an image with several faces.

    Args:
        faces: Their number.
        face: The one that was used, if the message is to say where it is.
    """
    where = f"the one at {box_text(face)}" if face else "one of them"
    return Notice("several_faces", f"{count(faces, 'face')} found; {where} was used")


def box_text(face: Face) -> str:
    """The box of a face in words, px."""
    x0, y0, x1, y1 = (round(float(v)) for v in face.box)
    return f"x {x0}–{x1}, y {y0}–{y1}"
