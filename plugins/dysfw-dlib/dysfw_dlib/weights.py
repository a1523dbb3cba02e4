"""The weights that this plugin computes with; a package that it requires brings them."""

from dysfw.plugin import WeightsSpec

PACKAGE = "face_recognition_models"
NAME = "dlib_face_recognition_resnet_model_v1.dat"
SIZE = 22_466_066
SHA256 = "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30"

WEIGHTS = [
    WeightsSpec(
        name="dlib-face-resnet",
        file=f"{PACKAGE}:models/{NAME}",
        summary="dlib's face-recognition ResNet, 150 px, 128 numbers; LFW 99.38 % by its maker",
        sha256=SHA256,
        size=SIZE,
        licence="CC0-1.0",
        conditions="None: public domain.",
        trained_on="about 3 million photographs of 7,485 persons: FaceScrub, VGGFace and web searches",
        citation="Davis King, github.com/davisking/dlib-models, 2017",
    ),
]
