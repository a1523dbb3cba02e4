"""The runtime ``onnxruntime``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from dysfw.plugin import Array, Runtime, Session, TensorInfo, error_text, reading_model, running_model

FATAL_ONLY = 4  # onnxruntime's level of log messages; it also raises what it logs below that
LIBRARY = "onnxruntime"
PREFIX = re.compile(r"^\[ONNXRuntimeError\] : \d+ : \w+ : (Load model from .*? failed:)?")
SOURCE = re.compile(r"/onnxruntime_src/.*\) ")  # a function, with the types of its parameters
DTYPES: dict[str, type[np.generic]] = {
    "tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(double)": np.float64, "tensor(uint8)": np.uint8,
    "tensor(int64)": np.int64, "tensor(int32)": np.int32, "tensor(bool)": np.bool_,
}  # fmt: skip


class OnnxRuntime(Runtime):
    """onnxruntime (Microsoft, MIT): on CPUs in float32, with onnxruntime-gpu also on NVIDIA's GPUs."""

    version: str = onnxruntime.__version__

    def __init__(self) -> None:
        if hasattr(onnxruntime, "disable_telemetry_events"):
            onnxruntime.disable_telemetry_events()  # on Windows, onnxruntime collects usage data by default

    def open(
        self,
        model: Path | bytes,
        device: str,
        precision: str,
        *,
        threads: int | None = None,
        sizes: Mapping[str, int] | None = None,
    ) -> Session:
        """Prepare a network; see ``dysfw.plugin.Runtime.open``."""
        options = onnxruntime.SessionOptions()
        options.log_severity_level = FATAL_ONLY
        # Threads that spin while they wait would take the time of the thread they wait for, if other programs run beside them.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        if threads:
            options.intra_op_num_threads = threads
        for name, size in (sizes or {}).items():
            options.add_free_dimension_override_by_name(name, size)
        providers = [_provider(device)]
        with reading_model(model, LIBRARY, _reason):
            return OnnxSession(onnxruntime.InferenceSession(_source(model), options, providers=providers))


class OnnxSession(Session):
    """A network in onnxruntime.

    Args:
        session: onnxruntime's session.
    """

    def __init__(self, session: Any) -> None:  # noqa: ANN401  # onnxruntime has no types
        self._session = session
        self.inputs = tuple(map(_info, session.get_inputs()))
        self.outputs = tuple(map(_info, session.get_outputs()))

    def __call__(self, array: Array) -> tuple[Array, ...]:
        """Run the network on its only input."""
        with running_model(LIBRARY, _reason):
            return tuple(self._session.run(None, {self.inputs[0].name: array}))


def _reason(error: Exception) -> str:
    """What an error says, without onnxruntime's codes, functions and source files."""
    lines = [line.strip() for line in PREFIX.sub("", SOURCE.sub("", str(error))).splitlines() if line.strip()]
    return lines[0] if lines else error_text(error)


def _source(model: Path | bytes) -> str | bytes:
    return model if isinstance(model, bytes) else str(model)


def _info(one: Any) -> TensorInfo:  # noqa: ANN401
    shape = tuple(size if isinstance(size, int) and size > 0 else None for size in one.shape)
    return TensorInfo(one.name, np.dtype(DTYPES.get(one.type, np.object_)), shape)


def _provider(device: str) -> str | tuple[str, dict[str, str]]:
    if device == "cpu":
        return "CPUExecutionProvider"
    kind, _, number = device.partition(":")
    available = onnxruntime.get_available_providers()
    if kind == "cuda" and "CUDAExecutionProvider" in available:
        return "CUDAExecutionProvider", {"device_id": number or "0"}
    raise ValueError(
        f"device {device!r} is not available: this onnxruntime has {', '.join(available)}. Use the device cpu, or install "
        "onnxruntime-gpu"
    )
