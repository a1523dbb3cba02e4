"""What this plugin registers."""

from dysfw.registry.hookspecs import ComponentSpec, hookimpl


@hookimpl
def dysfw_components() -> list[ComponentSpec]:
    summary = "any face-embedding model in an ONNX file, with its input as the recipe says"
    return [ComponentSpec("backbone", "onnx", "dysfw_onnx.backbone:Onnx", summary)]
