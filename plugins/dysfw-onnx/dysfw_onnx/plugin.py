"""Registers the backbone ``onnx`` and the command ``dysfw export``."""

from dysfw.plugin import CommandSpec, ComponentSpec, hookimpl


@hookimpl
def dysfw_components() -> list[ComponentSpec]:
    """Register the backbone."""
    summary = "any face-embedding model in an ONNX file"
    return [ComponentSpec("backbone", "onnx", "dysfw_onnx.backbone:Onnx", summary)]


@hookimpl
def dysfw_commands() -> list[CommandSpec]:
    """Register the command."""
    summary = "Export backbone and heads as ONNX files that run without dysfw."
    return [CommandSpec("export", "dysfw_onnx.command:export", summary)]
