"""Opens an ONNX file with onnxruntime, and says what goes in and what comes out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import onnxruntime

Layout = Literal["nchw", "nhwc"]
DTYPES: dict[str, type[np.generic]] = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(uint8)": np.uint8}
MOST = 2**31  # bytes: an ONNX file cannot be larger without data beside it


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """layout, dtype: of its input. size: side of the crops that it fixes, px; None: any. batch: how many crops it takes at
    once, where it fixes that. input, output: names."""

    session: Any
    input: str
    output: str
    layout: Layout
    dtype: type[np.generic]
    size: int | None
    batch: int | None


def open_model(path: Path, output: str | None, device: str, threads: int | None) -> Model:
    """threads: None takes onnxruntime's own choice. Raises ValueError where the file is no model for crops of faces, where it
    has several outputs and none is named, and where the device is not there."""
    if not path.is_file():
        raise ValueError(f"model must be the path of an ONNX file, found {str(path)!r}")
    if path.stat().st_size > MOST:
        raise ValueError(f"{path} has {path.stat().st_size:,} bytes; {MOST:,} are the most")
    if hasattr(onnxruntime, "disable_telemetry_events"):
        onnxruntime.disable_telemetry_events()  # on Windows it would report its use
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors, which are raised
    if threads:
        options.intra_op_num_threads = threads
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=[_provider(device)])
    except Exception as error:  # onnxruntime's exceptions have no class in common but this
        reason = str(error).strip().partition("\n")[0]
        raise ValueError(f"{path} cannot be read as an ONNX model: {reason}") from error
    layout, dtype, size, batch = _input_of(path, session)
    return Model(session, session.get_inputs()[0].name, _output_of(path, session, output), layout, dtype, size, batch)


def _provider(device: str) -> str | tuple[str, dict[str, str]]:
    if device == "cpu":
        return "CPUExecutionProvider"
    kind, _, number = device.partition(":")
    there = onnxruntime.get_available_providers()
    if kind == "cuda" and "CUDAExecutionProvider" in there:
        return "CUDAExecutionProvider", {"device_id": number or "0"}
    raise ValueError(
        f"device {device!r} was asked for; this onnxruntime has {', '.join(there)} (onnxruntime-gpu has CUDA). Set device: cpu "
        "for this backbone, or install that"
    )


def _input_of(path: Path, session: Any) -> tuple[Layout, type[np.generic], int | None, int | None]:  # noqa: ANN401
    inputs = session.get_inputs()
    shape = inputs[0].shape if inputs else []
    if len(inputs) != 1 or len(shape) != 4 or inputs[0].type not in DTYPES:
        found = ", ".join(f"{one.name} {one.type} {one.shape}" for one in inputs)
        raise ValueError(
            f"{path} takes {found or 'nothing'}; a backbone takes one input of four dimensions, images with three channels of "
            f"{', '.join(DTYPES)}"
        )
    fixed = [side if isinstance(side, int) and side > 0 else None for side in shape]
    if 3 not in (fixed[1], fixed[3]):
        raise ValueError(f"{path} takes images of shape {shape}; three channels must stand second or last")
    layout: Layout = "nchw" if fixed[1] == 3 else "nhwc"
    sides = fixed[2:] if layout == "nchw" else fixed[1:3]
    if sides[0] != sides[1]:
        raise ValueError(f"{path} takes images of {sides[0]} × {sides[1]} px; crops are square")
    return layout, DTYPES[inputs[0].type], sides[0], fixed[0]


def _output_of(path: Path, session: Any, wanted: str | None) -> str:  # noqa: ANN401
    names = [one.name for one in session.get_outputs()]
    if wanted is None and len(names) == 1:
        return str(names[0])
    if wanted in names:
        return str(wanted)
    asked = "has several outputs" if wanted is None else f"has no output {wanted!r}"
    raise ValueError(f"{path} {asked}; name the embedding with output, one of: {', '.join(names)}")
