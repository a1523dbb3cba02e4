"""What this plugin registers."""

from dysfw.plugin import CommandSpec, ComponentSpec, hookimpl


@hookimpl
def dysfw_components() -> list[ComponentSpec]:
    summary = "any face-embedding model in an ONNX file, with its input as the recipe says"
    return [ComponentSpec("backbone", "onnx", "dysfw_onnx.backbone:Onnx", summary)]


@hookimpl
def dysfw_commands() -> list[CommandSpec]:
    summary = "Write a recipe's trunk and heads as ONNX files that need no dysfw."
    return [CommandSpec("export", "dysfw_onnx.command:export", summary)]
