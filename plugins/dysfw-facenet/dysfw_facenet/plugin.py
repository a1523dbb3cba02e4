"""What this plugin registers."""

from dysfw.registry.hookspecs import ComponentSpec, WeightsSpec, hookimpl

from .weights import WEIGHTS


@hookimpl
def dysfw_components() -> list[ComponentSpec]:
    summary = "MTCNN: box, score and five landmarks of each face, also in photographs that lie on their side"
    return [ComponentSpec("detector", "mtcnn", "dysfw_facenet.detector:Mtcnn", summary)]


@hookimpl
def dysfw_weights() -> list[WeightsSpec]:
    return list(WEIGHTS)
