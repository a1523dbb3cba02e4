"""Opens an ONNX file as a model of face crops, and validates its input and output."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from dysfw.plugin import Array, Session, TensorInfo, external_files, listed, open_session

Layout = Literal["nchw", "nhwc"]
DTYPES = {np.dtype(np.float32): "float", np.dtype(np.float16): "float16", np.dtype(np.uint8): "uint8"}
MAX_BYTES = 2**31  # the limit of a protobuf file; larger ONNX models need external data files


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """An open ONNX model.

    Attributes:
        session: The model in its runtime.
        output: Index of the output with the embeddings.
        layout: Order of the input's dimensions.
        dtype: Type of the input.
        size: Side of the crops in px, or None if the model takes any size.
        batch_size: Number of crops per call, or None if the model takes any number.
    """

    session: Session
    output: int
    layout: Layout
    dtype: np.dtype[Any]
    size: int | None
    batch_size: int | None

    def __call__(self, pixels: Array) -> Array:
        """Compute the embeddings of pixels in this layout and type."""
        return self.session(pixels)[self.output]


def model_files(path: Path) -> tuple[Path, ...]:
    """List the files of a model: the ONNX file, and the files with its weights if they are apart.

    Args:
        path: The ONNX file.

    Raises:
        ValueError: If a file is missing, too large, or in another folder.
    """
    if not path.is_file():
        found = "is a folder" if path.is_dir() else "does not exist"
        raise ValueError(f"model must be an ONNX file; {os.path.normpath(path)} {found}")
    if path.stat().st_size > MAX_BYTES:
        raise ValueError(f"{path} has {path.stat().st_size:,} bytes; the maximum is {MAX_BYTES:,}")
    try:
        return (path, *external_files(path))
    except OSError as error:
        raise ValueError(f"cannot read {path}: {error.strerror or error}") from None


def open_model(path: Path, output: str | None, runtime: str, device: str, threads: int | None) -> Model:
    """Open an ONNX file.

    Args:
        path: The file.
        output: Name of the output to use; None if the model has only one.
        runtime: What ``choose_runtime`` returned.
        device: "cpu", or "cuda:0" and so on.
        threads: Number of threads; None uses all.

    Raises:
        ValueError: If the file is not a model for face crops, has several outputs and none is named, or the device is not
            available.
    """
    session = open_session(runtime, path, device, "float32", threads=threads)
    layout, size, batch_size = _input_of(path, session.inputs)
    index = _output_of(path, [one.name for one in session.outputs], output)
    return Model(session, index, layout, session.inputs[0].dtype, size, batch_size)


def _input_of(path: Path, inputs: tuple[TensorInfo, ...]) -> tuple[Layout, int | None, int | None]:
    shape = inputs[0].shape if inputs else ()
    if len(inputs) != 1 or len(shape) != 4 or inputs[0].dtype not in DTYPES:
        found = listed(f"{one.name} {one.dtype} {_text(one.shape)}" for one in inputs) if inputs else "no input"
        raise ValueError(
            f"{path} takes {found}; a backbone needs one four-dimensional input: images with three channels, as "
            f"{listed(DTYPES.values())}"
        )
    if 3 not in (shape[1], shape[3]):
        raise ValueError(f"{path} takes images of shape {_text(shape)}; the second or the last dimension must be 3 (channels)")
    layout: Layout = "nchw" if shape[1] == 3 else "nhwc"
    sides = shape[2:] if layout == "nchw" else shape[1:3]
    if sides[0] != sides[1]:
        raise ValueError(f"{path} takes images of {sides[0]} × {sides[1]} px; crops are square")
    return layout, sides[0], shape[0]


def _text(shape: tuple[int | None, ...]) -> str:
    return f"[{', '.join('?' if size is None else str(size) for size in shape)}]"


def _output_of(path: Path, names: list[str], name: str | None) -> int:
    if name is None and len(names) == 1:
        return 0
    if name in names:
        return names.index(name)
    problem = "has several outputs" if name is None else f"has no output {name!r}"
    raise ValueError(f"{path} {problem}; set output to the name of the embedding, one of: {', '.join(names)}")
