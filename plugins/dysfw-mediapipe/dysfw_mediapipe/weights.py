"""The model file that this plugin includes."""

from dysfw.plugin import WeightsSpec

FACE_LANDMARKER = WeightsSpec(
    name="face-landmarker",
    file="dysfw_mediapipe:models/face_landmarker.task",
    summary="MediaPipe's face mesh and its face detector; the components use it on their own",
    sha256="64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff",
    size=3_758_596,
    licence="Apache-2.0",
    conditions="Attribution to Google; see the model card of MediaPipe Face Mesh.",
    trained_on="unpublished images of Google, annotated with 468 points and irises",
    citation="Kartynnik et al., arXiv:1907.06724; Grishchenko et al., arXiv:2006.10962",
)
