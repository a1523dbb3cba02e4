"""Registers the runtime ``onnxruntime``, the backbone ``onnx`` and the command ``dysfw export``."""

from dysfw.plugin import CommandSpec, ComponentSpec, RuntimeSpec, hookimpl

# Relative to torch 2.14, measured by `python benchmarks/speed runtimes`.
SPEEDS = {("cpu", "float32"): 1.44, ("cuda", "float32"): 0.9}
LIBRARIES = ("onnxruntime-gpu", "onnxruntime", "onnxruntime-directml")  # distributions of the same library


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


@hookimpl
def dysfw_runtimes() -> list[RuntimeSpec]:
    """Register the runtime."""
    summary = "executes networks with onnxruntime"
    return [RuntimeSpec("onnxruntime", "dysfw_onnx.runtime:OnnxRuntime", summary, SPEEDS, LIBRARIES)]
