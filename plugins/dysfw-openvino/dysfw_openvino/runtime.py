"""The runtime ``openvino``."""

from __future__ import annotations

import io
import threading
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import openvino
from openvino.frontend import FrontEndManager

from dysfw.plugin import Array, Runtime, Session, TensorInfo, reading_model, running_model

LIBRARY = "OpenVINO"
PRECISIONS = {"float32": "f32", "bfloat16": "bf16"}


class OpenVino(Runtime):
    """OpenVINO (Intel, Apache-2.0): on CPUs, in float32 and bfloat16."""

    version: str = openvino.__version__.partition("-")[0]

    def open(
        self,
        model: Path | bytes,
        device: str,
        precision: str,
        *,
        threads: int | None = None,
        sizes: Mapping[str, int] | None = None,
    ) -> Session:
        """Prepare a network; see ``dysfw.plugin.Runtime.open``.

        OpenVINO plans for the shapes that it meets, so ``sizes`` is not needed.
        """
        if device != "cpu":
            raise ValueError(f"OpenVINO computes on cpu here, found {device!r}; set device: cpu, or another runtime")
        if precision == "bfloat16" and "BF16" not in _capabilities():
            raise ValueError(
                "this processor has no instructions for bfloat16, and OpenVINO would compute in float32 instead; "
                "set precision: float32, or runtime: torch, which is slow in bfloat16"
            )
        # By itself, OpenVINO uses a smaller type than float32 where the processor has instructions for it.
        options: dict[str, Any] = {"INFERENCE_PRECISION_HINT": PRECISIONS[precision], "PERFORMANCE_HINT": "LATENCY"}
        if threads:
            options["INFERENCE_NUM_THREADS"] = threads
        with reading_model(model, LIBRARY, _reason):
            # Not Core.read_model, which tries the readers of all formats and lets them complain on stderr.
            read = _reader().convert(_reader().load(io.BytesIO(model) if isinstance(model, bytes) else str(model)))
            if not read.outputs:
                raise ValueError("it computes nothing")
            return OpenVinoSession(_core().compile_model(read, "CPU", options))


class OpenVinoSession(Session):
    """A network in OpenVINO.

    Args:
        compiled: OpenVINO's compiled model.
    """

    def __init__(self, compiled: Any) -> None:  # noqa: ANN401  # OpenVINO has no types
        self._request, self._lock = compiled.create_infer_request(), threading.Lock()
        self.inputs = tuple(map(_info, compiled.inputs))
        self.outputs = tuple(map(_info, compiled.outputs))

    def __call__(self, array: Array) -> tuple[Array, ...]:
        """Run the network on its only input."""
        with (
            self._lock,
            running_model(LIBRARY, _reason),
        ):  # a request serves one thread at a time, and a second one would need the same processors
            results = self._request.infer([array])
            return tuple(np.array(results[index]) for index in range(len(self.outputs)))  # copied: OpenVINO reuses its memory


def _reason(error: Exception) -> str:
    """The line of an error that is about the model, and not about OpenVINO's source or documentation."""
    text = str(error)
    missing = [line.removeprefix("-- ") for line in text.splitlines() if "No conversion rule" in line]  # operators
    lines = [line.strip() for line in text.partition("Summary:")[0].splitlines() if not line.startswith("To facilitate")]
    return (missing or list(filter(None, lines[::-1])) or [type(error).__name__])[0]


@cache
def _reader() -> Any:  # noqa: ANN401
    return FrontEndManager().load_by_framework("onnx")


@cache
def _core() -> Any:  # noqa: ANN401
    return openvino.Core()


def _capabilities() -> list[str]:
    """What the processor computes by itself, such as FP32 and BF16."""
    return list(_core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"))


def _info(port: Any) -> TensorInfo:  # noqa: ANN401
    shape = tuple(size.get_length() if size.is_static else None for size in port.get_partial_shape())
    names = port.get_names()
    return TensorInfo(min(names) if names else "", np.dtype(port.get_element_type().to_dtype()), shape)
