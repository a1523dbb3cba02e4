"""Registration of the plugin's commands, weights, bundles, protocol and face generator."""

from dysfw.plugin import BundleSpec, CommandSpec, FaceGeneratorSpec, ProtocolSpec, WeightsSpec, hookimpl

from .weights import WEIGHTS


@hookimpl
def dysfw_commands() -> list[CommandSpec]:
    """Register ``dysfw phantom``."""
    return [
        CommandSpec("phantom", "dysfw_phantom.cli:app", "Create phantoms: synthetic faces with known morphology.", panel="data")
    ]


@hookimpl
def dysfw_weights() -> list[WeightsSpec]:
    """Register the shipped weights."""
    return list(WEIGHTS)


@hookimpl
def dysfw_bundles() -> list[BundleSpec]:
    """Register the shipped bundles."""
    trained = "trained on the 475 phantoms of 14 classes of the spec benchmark"
    return [
        BundleSpec("paper-phantom", "dysfw_phantom:bundles/paper-phantom", f"recipes/paper.yaml {trained}"),
        BundleSpec("gestalt-phantom", "dysfw_phantom:bundles/gestalt-phantom", f"recipes/gestalt.yaml {trained}"),
    ]


@hookimpl
def dysfw_protocols() -> list[ProtocolSpec]:
    """Register the protocol ``field``."""
    summary = "frequent-rare on the frozen data set of the spec field: phantoms of published cases"
    return [ProtocolSpec("field", "dysfw_phantom.protocol:Field", summary)]


@hookimpl
def dysfw_face_generators() -> list[FaceGeneratorSpec]:
    """Register the face generator ``phantom``."""
    summary = "synthetic faces with the signs of a condition, by their frequencies"
    return [FaceGeneratorSpec("phantom", "dysfw_phantom.typical.generator:TypicalFaces", summary)]
