"""Reads dlib's binary serialisation of a network, as far as the face-recognition ResNet uses it, with numpy alone.

The format has no index: each object writes its fields one after another, so every length, version and shape is checked
before it is believed. The format is that of dlib 19's serialize.h, dnn/core.h and dnn/layers.h (http://dlib.net).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from dysfw.plugin import Float32

Pair = tuple[int, int]
# What an add_layer, a tag or skip, and the innermost add_layer write as their version.
LAYER, LINK, INNERMOST = 2, 1, 3
MAX_LAYERS = 1000


@dataclass(frozen=True, slots=True, eq=False)
class Convolution:
    """weight float32 [out, in, height, width]; bias float32 [out]; stride, padding (y, x)."""

    weight: Float32
    bias: Float32
    stride: Pair
    padding: Pair


@dataclass(frozen=True, slots=True, eq=False)
class Affine:
    """Batch normalisation, frozen: y = gain x + bias for each channel. gain, bias float32 [channels]."""

    gain: Float32
    bias: Float32


@dataclass(frozen=True, slots=True)
class Pool:
    """kernel, stride, padding (y, x); a kernel of (0, 0) covers the whole map."""

    kind: Literal["max", "average"]
    kernel: Pair
    stride: Pair
    padding: Pair


@dataclass(frozen=True, slots=True, eq=False)
class Dense:
    """A fully connected layer without bias. weight float32 [in, out]."""

    weight: Float32


@dataclass(frozen=True, slots=True)
class Relu:
    """max(0, x)."""


@dataclass(frozen=True, slots=True)
class Add:
    """The sum with an earlier output, the smaller of the two extended with zeros."""


@dataclass(frozen=True, slots=True)
class Link:
    """A tag that keeps an output for later, or a skip back to one. The file does not say which: that was the C++ type."""


Layer = Convolution | Affine | Pool | Dense | Relu | Add | Link


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """mean: of the pixels, R G B, 0..255. size: side of the input, px. layers: in the order of evaluation."""

    mean: tuple[float, float, float]
    size: int
    layers: tuple[Layer, ...]


def read_network(data: bytes) -> Network:
    """The network in the bytes of a .dat file. Raises ValueError, with the position, for anything unexpected."""
    r = Reader(data)
    r.expect(r.integer(), 1, "version of the loss layer")
    r.expect(r.text(), "loss_metric_2", "loss")
    r.skip_numbers(2)  # margin and distance threshold: for training
    nesting = _nesting(r)
    r.expect(r.text(), "input_rgb_image_sized", "input layer")
    mean = (r.number(), r.number(), r.number())
    rows, columns = r.integer(), r.integer()
    r.expect(columns, rows, "width of the input")
    layers: list[Layer] = []
    for version in reversed(nesting):  # innermost first, which is the order of evaluation
        layers.append(Link() if version == LINK else _layer(r))
        if version != LINK:
            _training_state(r)
        if version == INNERMOST:
            r.expect(r.integer(), 1, "images for each sample")
    r.expect(r.left, 0, "bytes after the last layer")
    return Network(mean, rows, tuple(layers))


class Reader:
    """A position in bytes that moves forward only, and never beyond the end."""

    def __init__(self, data: bytes) -> None:
        self._data = memoryview(data)
        self._at = 0

    @property
    def left(self) -> int:
        return len(self._data) - self._at

    def raw(self, count: int) -> memoryview:
        if not 0 <= count <= self.left:
            raise self.error(f"{count} bytes are announced, {self.left} are left")
        self._at += count
        return self._data[self._at - count : self._at]

    def integer(self) -> int:
        """One control byte (sign in bit 7, number of bytes 1..8 in the low half), then the magnitude, little-endian."""
        control = self.raw(1)[0]
        length = control & 0x0F
        if control & 0x70 or not 1 <= length <= 8:
            raise self.error(f"{control:#04x} cannot start an integer")
        magnitude = int.from_bytes(self.raw(length), "little")
        return -magnitude if control & 0x80 else magnitude

    def number(self) -> float:
        """A finite float: mantissa, then binary exponent. (Infinities and NaN are written as exponents of 32000 and more.)"""
        mantissa, exponent = self.integer(), self.integer()
        try:
            return math.ldexp(mantissa, exponent)
        except OverflowError:
            raise self.error(f"{mantissa} x 2^{exponent} is no finite number") from None

    def skip_numbers(self, count: int) -> None:
        for _ in range(count):
            self.number()

    def text(self) -> str:
        try:
            return bytes(self.raw(self.integer())).decode("ascii")
        except UnicodeDecodeError:
            raise self.error("a name is not ASCII") from None

    def flag(self) -> bool:
        value = bytes(self.raw(1))
        if value not in (b"0", b"1"):
            raise self.error(f"{value!r} is no truth value")
        return value == b"1"

    def shape(self, version: int = 1) -> tuple[int, int, int, int]:
        """Samples, channels, rows and columns, as an alias of a part of a tensor writes them (version 1), or a tensor (2)."""
        self.expect(self.integer(), version, "version of a tensor")
        shape = (self.integer(), self.integer(), self.integer(), self.integer())
        if min(shape) < 0:
            raise self.error(f"{shape} is no shape")
        return shape

    def tensor(self) -> Float32:
        """float32 [n], flat and finite; a copy, so that it may be changed."""
        shape = self.shape(version=2)
        values = np.frombuffer(self.raw(4 * math.prod(shape)), dtype="<f4").astype(np.float32)
        if not np.isfinite(values).all():
            raise self.error("a tensor holds values that are not finite")
        return values

    def pairs(self) -> tuple[Pair, Pair, Pair]:
        """Kernel, stride and padding, each (y, x). Kernel and padding may be 0, a stride may not."""
        values = [self.integer() for _ in range(6)]
        kernel, stride, padding = zip(values[::2], values[1::2], strict=True)
        if min(values) < 0 or max(values) > 255 or min(stride) < 1:
            raise self.error(f"{values} are no kernel, stride and padding")
        return kernel, stride, padding

    def expect(self, found: object, expected: object, what: str) -> None:
        if found != expected:
            raise self.error(f"{what} is {found!r}, expected {expected!r}")

    def error(self, message: str) -> ValueError:
        return ValueError(f"not the network that was expected: at byte {self._at:,} {message}")


def _nesting(r: Reader) -> list[int]:
    """Versions of all layers from the outermost (the last evaluated) to the innermost; each wraps what follows."""
    versions: list[int] = []
    while not versions or versions[-1] != INNERMOST:
        versions.append(r.integer())
        if versions[-1] not in (LAYER, LINK, INNERMOST) or len(versions) > MAX_LAYERS:
            raise r.error(f"layer {len(versions)} from the output has version {versions[-1]}")
    return versions


def _layer(r: Reader) -> Layer:
    kind = r.text()
    if kind not in _READERS:
        raise r.error(f"a layer is {kind!r}, expected one of {', '.join(_READERS)}")
    return _READERS[kind](r)


def _convolution(r: Reader) -> Convolution:
    values, filters = r.tensor(), r.integer()
    kernel, stride, padding = r.pairs()
    weight, bias = r.shape(), r.shape()
    r.expect((weight[0], *weight[2:]), (filters, *kernel), "shape of the filters")
    r.expect(bias, (1, filters, 1, 1), "shape of the bias")
    r.skip_numbers(4)  # learning rates and weight decays: for training
    w, b = _split(r, values, math.prod(weight))
    r.expect(len(b), filters, "number of biases")
    return Convolution(w.reshape(weight), b, stride, padding)


def _affine(r: Reader) -> Affine:
    values = r.tensor()
    gain, bias, mode = r.shape(), r.shape(), r.integer()
    r.expect((gain, bias), ((1, gain[1], 1, 1),) * 2, "shape of gain and bias")
    r.expect(mode, 0, "mode of an affine layer (0: for each channel)")
    g, b = _split(r, values, gain[1])
    r.expect(len(b), len(g), "number of biases")
    return Affine(g, b)


def _dense(r: Reader) -> Dense:
    outputs, inputs, values = r.integer(), r.integer(), r.tensor()
    weight = r.shape()
    r.shape()  # of a bias that is not there
    r.expect(weight, (inputs, outputs, 1, 1), "shape of the weights")
    r.expect(r.integer(), 1, "bias mode (1: without)")
    r.skip_numbers(4)  # learning rates and weight decays: for training
    r.expect(len(values), inputs * outputs, "number of weights")
    return Dense(values.reshape(inputs, outputs))


def _pool(kind: Literal["max", "average"]) -> Callable[[Reader], Pool]:
    return lambda r: Pool(kind, *r.pairs())


_READERS: dict[str, Callable[[Reader], Layer]] = {
    "con_4": _convolution,
    "affine_": _affine,
    "max_pool_2": _pool("max"),
    "avg_pool_2": _pool("average"),
    "fc_2": _dense,
    "relu_": lambda _: Relu(),
    "add_prev_": lambda _: Add(),
}


def _split(r: Reader, values: Float32, at: int) -> tuple[Float32, Float32]:
    if at > len(values):
        raise r.error(f"a layer has {len(values)} parameters, expected {at} and more")
    return values[:at], values[at:]


def _training_state(r: Reader) -> None:
    """Three flags and three gradients, which dlib empties when it cleans a network for publication."""
    for _ in range(3):
        r.flag()
    for _ in range(3):
        r.expect(len(r.tensor()), 0, "number of cached values")
