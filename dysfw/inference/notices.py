"""What a reader should know of a face before believing anything that is said of it."""

from __future__ import annotations

import math
from collections import defaultdict

from ..types import Face, ImageInfo, Notice, Segmentation
from ..util.text import count, listed

# Below this height of the face box the mouth is some ten pixels high and fine signs (philtrum, lids) are gone.
SMALL_FACE = 80
# From here on the far side of the face is foreshortened to less than about two thirds.
TURNED = 30.0
# The photograph itself is rotated: cameras write that into EXIF, scanners do not.
ROLLED = 60.0


def notices_of(image: ImageInfo, face: Face, faces: int, segmentation: Segmentation, *, all_faces: bool) -> tuple[Notice, ...]:
    notices = list(image.notices)
    if faces > 1 and not all_faces:
        message = f"{count(faces, 'face')} found; the one at {box_text(face)} was taken"
        notices.append(Notice("several_faces", message))
    height = float(face.box[3] - face.box[1])
    if height < SMALL_FACE:
        notices.append(Notice("small_face", f"the face is {height:.0f} px high; below {SMALL_FACE} px fine signs are lost"))
    if abs(math.degrees(face.roll)) > ROLLED:
        notices.append(Notice("rolled_face", f"the face lies on its side or upside down ({math.degrees(face.roll):+.0f}°)"))
    pose = segmentation.pose
    if pose and max(abs(pose.yaw), abs(pose.pitch)) > TURNED:
        message = f"the head is turned (yaw {pose.yaw:+.0f}°, pitch {pose.pitch:+.0f}°); frontal photographs judge best"
        notices.append(Notice("turned_face", message))
    by_reason = defaultdict(list)
    for region, reason in segmentation.absent.items():
        by_reason[reason].append(region)
    notices += [Notice("absent_region", f"without {listed(names)}: {reason}") for reason, names in by_reason.items()]
    return tuple(notices)


def box_text(face: Face) -> str:
    x0, y0, x1, y1 = (round(float(v)) for v in face.box)
    return f"x {x0}–{x1}, y {y0}–{y1}"
