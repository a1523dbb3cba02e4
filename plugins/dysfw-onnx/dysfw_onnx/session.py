"""Opens an ONNX file with onnxruntime and validates its input and output."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import onnxruntime

Layout = Literal["nchw", "nhwc"]
DTYPES: dict[str, type[np.generic]] = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(uint8)": np.uint8}
MAX_BYTES = 2**31  # the limit of a protobuf file; larger ONNX models need external data files


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """An open ONNX model.

    Attributes:
        session: The onnxruntime session.
        input: Name of the input.
        output: Name of the output with the embeddings.
        layout: Order of the input's dimensions.
        dtype: Type of the input.
        size: Side of the crops in px, or None if the model takes any size.
        batch_size: Number of crops per call, or None if the model takes any number.
    """

    session: Any
    input: str
    output: str
    layout: Layout
    dtype: type[np.generic]
    size: int | None
    batch_size: int | None


def open_model(path: Path, output: str | None, device: str, threads: int | None) -> Model:
    """Open an ONNX file.

    Args:
        path: The file.
        output: Name of the output to use; None if the model has only one.
        device: "cpu", or "cuda:0" and so on.
        threads: Number of threads; None uses onnxruntime's default.

    Raises:
        ValueError: If the file is not a model for face crops, has several outputs and none is named, or the device is not
            available.
    """
    if not path.is_file():
        raise ValueError(f"model must be the path of an ONNX file, found {str(path)!r}")
    if path.stat().st_size > MAX_BYTES:
        raise ValueError(f"{path} has {path.stat().st_size:,} bytes; the maximum is {MAX_BYTES:,}")
    if hasattr(onnxruntime, "disable_telemetry_events"):
        onnxruntime.disable_telemetry_events()  # on Windows, onnxruntime collects usage data by default
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors only, which are raised anyway
    if threads:
        options.intra_op_num_threads = threads
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=[_provider(device)])
    except Exception as error:  # onnxruntime's exceptions share no other base class
        reason = str(error).strip().partition("\n")[0]
        raise ValueError(f"{path} cannot be read as an ONNX model: {reason}") from error
    layout, dtype, size, batch_size = _input_of(path, session)
    return Model(session, session.get_inputs()[0].name, _output_of(path, session, output), layout, dtype, size, batch_size)


def _provider(device: str) -> str | tuple[str, dict[str, str]]:
    if device == "cpu":
        return "CPUExecutionProvider"
    kind, _, number = device.partition(":")
    available = onnxruntime.get_available_providers()
    if kind == "cuda" and "CUDAExecutionProvider" in available:
        return "CUDAExecutionProvider", {"device_id": number or "0"}
    raise ValueError(
        f"device {device!r} is not available: this onnxruntime has {', '.join(available)}. Set device: cpu for this backbone, "
        "or install onnxruntime-gpu"
    )


def _input_of(path: Path, session: Any) -> tuple[Layout, type[np.generic], int | None, int | None]:  # noqa: ANN401
    inputs = session.get_inputs()
    shape = inputs[0].shape if inputs else []
    if len(inputs) != 1 or len(shape) != 4 or inputs[0].type not in DTYPES:
        found = ", ".join(f"{one.name} {one.type} {one.shape}" for one in inputs)
        raise ValueError(
            f"{path} takes {found or 'no input'}; a backbone needs one four-dimensional input: images with three channels, as "
            f"{', '.join(DTYPES)}"
        )
    fixed = [side if isinstance(side, int) and side > 0 else None for side in shape]
    if 3 not in (fixed[1], fixed[3]):
        raise ValueError(f"{path} takes images of shape {shape}; the second or the last dimension must be 3 (channels)")
    layout: Layout = "nchw" if fixed[1] == 3 else "nhwc"
    sides = fixed[2:] if layout == "nchw" else fixed[1:3]
    if sides[0] != sides[1]:
        raise ValueError(f"{path} takes images of {sides[0]} × {sides[1]} px; crops are square")
    return layout, DTYPES[inputs[0].type], sides[0], fixed[0]


def _output_of(path: Path, session: Any, name: str | None) -> str:  # noqa: ANN401
    names = [one.name for one in session.get_outputs()]
    if name is None and len(names) == 1:
        return str(names[0])
    if name in names:
        return str(name)
    problem = "has several outputs" if name is None else f"has no output {name!r}"
    raise ValueError(f"{path} {problem}; set output to the name of the embedding, one of: {', '.join(names)}")
