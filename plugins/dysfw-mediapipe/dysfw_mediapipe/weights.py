"""Weights of the face mesh, for mediapipe versions that do not include them."""

from dysfw.plugin import WeightsSpec

TASK_NAME = "face_landmarker.task"
TASK_BYTES = 3_758_596
TASK_SHA256 = "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff"
TASK_ADDRESS = "https://storage.googleapis.com/mediapipe-models/face_landmarker/face_landmarker/float16/1/face_landmarker.task"
LICENCE = "Apache-2.0"

WEIGHTS = [
    WeightsSpec(
        name="face-landmarker",
        file=TASK_NAME,
        summary="MediaPipe's face mesh, for `model:` of face_mesh; mediapipe up to 0.10.21 includes its own",
        sha256=TASK_SHA256,
        size=TASK_BYTES,
        address=TASK_ADDRESS,
        licence=LICENCE,
        conditions="Attribution to Google; see the model card of MediaPipe Face Mesh.",
        trained_on="unpublished images of Google, annotated with 468 points and irises",
        citation="Kartynnik et al., arXiv:1907.06724; Grishchenko et al., arXiv:2006.10962",
    ),
]
