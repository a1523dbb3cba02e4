"""What this plugin registers."""

from dysfw.registry.hookspecs import ComponentSpec, hookimpl


@hookimpl
def dysfw_components() -> list[ComponentSpec]:
    summary = "dlib's face-recognition ResNet in torch: 150 px, 128 numbers"
    return [ComponentSpec("backbone", "dlib_resnet", "dysfw_dlib.backbone:DlibResnet", summary)]
