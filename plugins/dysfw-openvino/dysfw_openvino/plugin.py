"""Registers the runtime ``openvino``."""

from dysfw.plugin import RuntimeSpec, hookimpl

# Relative to torch 2.14, measured by `python benchmarks/speed runtimes`.
SPEEDS = {("cpu", "float32"): 1.43, ("cpu", "bfloat16"): 1.89}


@hookimpl
def dysfw_runtimes() -> list[RuntimeSpec]:
    """Register the runtime."""
    summary = "executes networks with OpenVINO, on CPUs"
    return [RuntimeSpec("openvino", "dysfw_openvino.runtime:OpenVino", summary, SPEEDS, ("openvino",))]
