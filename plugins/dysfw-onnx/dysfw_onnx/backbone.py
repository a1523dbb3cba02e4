"""The backbone ``onnx``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from dysfw.plugin import (
    ALIGNMENTS,
    Alignment,
    Backbone,
    Float32,
    UInt8,
    Weights,
    choose_runtime,
    known_sha256,
    runtime_version,
)

from .model import model_files, open_model

MAX_SIZE = 2048  # px


class Onnx(Backbone):
    """Any face-embedding model in an ONNX file, such as those of InsightFace.

    The model computes in float32, whatever the recipe's precision.

    Args:
        model: The ONNX file.
        size: Side of the crops in px. None uses the size that the file specifies.
        mean: Subtracted from the pixel values 0..255: one number, or one each for red, green and blue. None means 127.5.
        scale: Divides the pixel values after the mean is subtracted: one number or three. None means 127.5.
        colour: Channel order that the model expects.
        output: Name of the output with the embedding. Required if the model has several outputs.
        align: Alignment of the whole face in the model's training data, see ``dysfw.imaging.alignment``. None means level
            eyes.
        unit: Whether to normalise embeddings to length 1.
        batch_size: Maximum number of crops per call. Ignored if the model has a fixed batch size.
        threads: Number of CPU threads. None uses all.
        licence: Licence of the file, recorded in bundles and reports.
        device: "cpu", or with onnxruntime-gpu "cuda:0" and so on.
        runtime: "auto" or the name of a runtime, such as onnxruntime or openvino.

    Raises:
        ValueError: If a value is invalid, the file is not such a model, or the device is not available.
    """

    def __init__(
        self,
        model: Path,
        *,
        size: Annotated[int, Field(ge=16, le=MAX_SIZE)] | None = None,
        mean: list[float] | None = None,
        scale: list[float] | None = None,
        colour: Literal["rgb", "bgr"] = "rgb",
        output: str | None = None,
        align: Literal["dlib", "arcface", "facenet"] | None = "arcface",
        unit: bool = False,
        batch_size: Annotated[int, Field(ge=1)] = 32,
        threads: Annotated[int, Field(ge=1)] | None = None,
        licence: str = "unstated",
        device: str = "cpu",
        runtime: str = "auto",
    ) -> None:
        self._mean, self._scale = _channels("mean", mean, 127.5), _channels("scale", scale, 127.5)
        if (self._scale == 0).any():
            raise ValueError(f"scale must not be 0, found {scale}")
        if colour not in ("rgb", "bgr") or batch_size < 1 or (threads is not None and threads < 1):
            found = f"{colour}, {batch_size}, {threads}"
            raise ValueError(f"colour must be rgb or bgr, batch_size and threads 1 or more, found {found}")
        if align is not None and align not in ALIGNMENTS:
            raise ValueError(f"align must be one of {', '.join(ALIGNMENTS)}, or none, found {align!r}")
        self._runtime = choose_runtime(runtime, device, "float32", graph=True, torch=False)
        files = model_files(model)
        self._model = open_model(model, output, self._runtime, device, threads)
        if size and self._model.size and size != self._model.size:
            raise ValueError(f"{model} takes crops of {self._model.size} px, found size {size}; leave size out")
        side = size or self._model.size
        if side is None:
            raise ValueError(f"{model} takes crops of any size; set size to the side in px that it was trained on")
        self._size: int = side
        self._colour, self._align, self._unit = colour, align, unit
        self._batch_size = self._model.batch_size or batch_size
        self._weights = tuple(Weights(file.name, known_sha256(file), licence, file.name) for file in files)
        try:
            self._dim = int(self._run(np.zeros((1, side, side, 3), np.uint8)).shape[1])
        except RuntimeError as error:  # such as weights that do not fit an operator
            raise ValueError(f"{model} cannot be used with crops of {side} px: {error}") from error

    @property
    def input_size(self) -> int:
        """Side of the crops, px."""
        return self._size

    @property
    def dim(self) -> int:
        """Length of an embedding."""
        return self._dim

    @property
    def alignment(self) -> Alignment | None:
        """Alignment of the whole face, None for level eyes."""
        return ALIGNMENTS[self._align] if self._align else None

    def embed(self, crops: UInt8) -> Float32:
        """Compute embeddings.

        Args:
            crops: uint8 [N, size, size, 3], RGB.

        Returns:
            float32 [N, dim].

        Raises:
            ValueError: If the crops have another shape or type.
        """
        side = self._size
        if crops.dtype != np.uint8 or crops.shape[1:] != (side, side, 3):
            raise ValueError(f"crops must be uint8 [N, {side}, {side}, 3], found {crops.dtype} {list(crops.shape)}")
        parts = [self._run(crops[i : i + self._batch_size]) for i in range(0, len(crops), self._batch_size)]
        return np.concatenate([np.empty((0, self._dim), np.float32), *parts])

    def weights(self) -> tuple[Weights, ...]:
        """The ONNX file, and the files with its weights if they are apart, with hashes and licence."""
        return self._weights

    def runtimes(self) -> tuple[str, ...]:
        """What executes the model, with its version."""
        return (runtime_version(self._runtime),)

    def _run(self, crops: UInt8) -> Float32:
        """Run one batch, padded with zeros if the model has a fixed batch size."""
        missing = (self._model.batch_size or len(crops)) - len(crops)
        padded = np.concatenate([crops, np.zeros((missing, *crops.shape[1:]), np.uint8)]) if missing else crops
        rows: Float32 = np.asarray(self._model(self._pixels(padded)), np.float32).reshape(len(padded), -1)[: len(crops)]
        if self._unit:
            rows = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
        return rows

    def _pixels(self, crops: UInt8) -> npt.NDArray[np.generic]:
        pixels: npt.NDArray[np.generic] = crops
        if self._model.dtype != np.uint8:  # a model with uint8 input normalises inside its graph
            pixels = ((crops - self._mean) / self._scale).astype(self._model.dtype)
        if self._colour == "bgr":
            pixels = pixels[..., ::-1]
        return np.ascontiguousarray(pixels.transpose(0, 3, 1, 2) if self._model.layout == "nchw" else pixels)


def _channels(name: str, values: list[float] | None, default: float) -> Float32:
    chosen = [default] if values is None else values
    if len(chosen) not in (1, 3) or not np.isfinite(chosen).all():
        raise ValueError(f"{name} must be one number or three, found {values}")
    return np.array(chosen, np.float32)
