"""Registers the plugin's components and weights."""

from dysfw.plugin import ComponentSpec, WeightsSpec, hookimpl

from .weights import WEIGHTS


@hookimpl
def dysfw_components() -> list[ComponentSpec]:
    """Register the detector and the backbone."""
    summary = "MTCNN: box, score and five landmarks of each face, also in rotated images"
    network = "FaceNet's Inception-ResNet-v1 for face recognition: 160 px, 512 dimensions"
    return [
        ComponentSpec("detector", "mtcnn", "dysfw_facenet.detector:Mtcnn", summary),
        ComponentSpec("backbone", "facenet", "dysfw_facenet.backbone:Facenet", network),
    ]


@hookimpl
def dysfw_weights() -> list[WeightsSpec]:
    """Register the weights of the backbone."""
    return list(WEIGHTS)
