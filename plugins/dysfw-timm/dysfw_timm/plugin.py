"""What this plugin registers."""

from dysfw.plugin import ComponentSpec, WeightsSpec, hookimpl

from .weights import WEIGHTS


@hookimpl
def dysfw_components() -> list[ComponentSpec]:
    summary = "any timm model as a trunk; inception_resnet_v2 is the paper's"
    return [ComponentSpec("backbone", "timm", "dysfw_timm.backbone:Timm", summary)]


@hookimpl
def dysfw_weights() -> list[WeightsSpec]:
    return list(WEIGHTS)
