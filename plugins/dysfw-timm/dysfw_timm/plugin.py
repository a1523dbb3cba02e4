"""Registers the plugin's components and weights."""

from dysfw.plugin import ComponentSpec, WeightsSpec, hookimpl

from .weights import WEIGHTS


@hookimpl
def dysfw_components() -> list[ComponentSpec]:
    """Register the backbone."""
    summary = "any timm model; the paper uses inception_resnet_v2"
    return [ComponentSpec("backbone", "timm", "dysfw_timm.backbone:Timm", summary)]


@hookimpl
def dysfw_weights() -> list[WeightsSpec]:
    """Register the weights that recipes refer to by name."""
    return list(WEIGHTS)
