"""What this plugin registers."""

from dysfw.plugin import ComponentSpec, WeightsSpec, hookimpl

from .weights import WEIGHTS


@hookimpl
def dysfw_components() -> list[ComponentSpec]:
    summary = "MTCNN: box, score and five landmarks of each face, also in photographs that lie on their side"
    network = "FaceNet's Inception-ResNet-v1, a face-recognition trunk: 160 px, 512 numbers"
    return [
        ComponentSpec("detector", "mtcnn", "dysfw_facenet.detector:Mtcnn", summary),
        ComponentSpec("backbone", "facenet", "dysfw_facenet.backbone:Facenet", network),
    ]


@hookimpl
def dysfw_weights() -> list[WeightsSpec]:
    return list(WEIGHTS)
