"""Reads dlib's binary serialisation of the face-recognition ResNet, with numpy only.

The format is defined by dlib 19's serialize.h, dnn/core.h and dnn/layers.h (http://dlib.net). It has no index: objects write
their fields one after another. Therefore every length, version and shape is checked before it is used.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from dysfw.plugin import Float32

Pair = tuple[int, int]
# Version numbers that identify an add_layer, a tag or skip, and the innermost add_layer.
LAYER, LINK, INNERMOST = 2, 1, 3
MAX_LAYERS = 1000


@dataclass(frozen=True, slots=True, eq=False)
class Convolution:
    """A convolution.

    Attributes:
        weight: float32 [out, in, height, width].
        bias: float32 [out].
        stride: (y, x).
        padding: (y, x).
    """

    weight: Float32
    bias: Float32
    stride: Pair
    padding: Pair


@dataclass(frozen=True, slots=True, eq=False)
class Affine:
    """Frozen batch normalisation: y = gain * x + bias per channel.

    Attributes:
        gain: float32 [channels].
        bias: float32 [channels].
    """

    gain: Float32
    bias: Float32


@dataclass(frozen=True, slots=True)
class Pool:
    """Pooling.

    Attributes:
        kind: "max" or "average".
        kernel: (y, x); (0, 0) covers the whole map.
        stride: (y, x).
        padding: (y, x).
    """

    kind: Literal["max", "average"]
    kernel: Pair
    stride: Pair
    padding: Pair


@dataclass(frozen=True, slots=True, eq=False)
class Dense:
    """A fully connected layer without bias.

    Attributes:
        weight: float32 [in, out].
    """

    weight: Float32


@dataclass(frozen=True, slots=True)
class Relu:
    """max(0, x)."""


@dataclass(frozen=True, slots=True)
class Add:
    """The sum with an earlier output; the smaller of the two is padded with zeros."""


@dataclass(frozen=True, slots=True)
class Link:
    """A tag that names an output, or a skip connection to one.

    The file does not distinguish them: in dlib they are C++ types.
    """


Layer = Convolution | Affine | Pool | Dense | Relu | Add | Link


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """A network.

    Attributes:
        mean: Mean of the pixels R G B, 0..255.
        size: Side of the input, px.
        layers: Layers in the order of evaluation.
    """

    mean: tuple[float, float, float]
    size: int
    layers: tuple[Layer, ...]


def read_network(data: bytes) -> Network:
    """Parse the bytes of a .dat file.

    Raises:
        ValueError: If anything unexpected is found; the message gives the position.
    """
    r = Reader(data)
    r.expect(r.integer(), 1, "version of the loss layer")
    r.expect(r.text(), "loss_metric_2", "loss")
    r.skip_numbers(2)  # margin and distance threshold, used in training only
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
    """Reads fields from bytes, moving forward only.

    Args:
        data: The content of a file.
    """

    def __init__(self, data: bytes) -> None:
        self._data = memoryview(data)
        self._at = 0

    @property
    def left(self) -> int:
        """Number of bytes that are left."""
        return len(self._data) - self._at

    def raw(self, count: int) -> memoryview:
        """Read bytes."""
        if not 0 <= count <= self.left:
            raise self.error(f"{count} bytes expected, {self.left} left")
        self._at += count
        return self._data[self._at - count : self._at]

    def integer(self) -> int:
        """Read an integer: control byte (sign in bit 7, number of bytes in the low half), then little-endian magnitude."""
        control = self.raw(1)[0]
        length = control & 0x0F
        if control & 0x70 or not 1 <= length <= 8:
            raise self.error(f"{control:#04x} is not a valid start of an integer")
        magnitude = int.from_bytes(self.raw(length), "little")
        return -magnitude if control & 0x80 else magnitude

    def number(self) -> float:
        """Read a finite float: mantissa, then binary exponent. Exponents of 32000 and more encode infinities and NaN."""
        mantissa, exponent = self.integer(), self.integer()
        try:
            return math.ldexp(mantissa, exponent)
        except OverflowError:
            raise self.error(f"{mantissa} x 2^{exponent} is not a finite number") from None

    def skip_numbers(self, count: int) -> None:
        """Skip floats."""
        for _ in range(count):
            self.number()

    def text(self) -> str:
        """Read an ASCII string."""
        try:
            return bytes(self.raw(self.integer())).decode("ascii")
        except UnicodeDecodeError:
            raise self.error("a name is not ASCII") from None

    def flag(self) -> bool:
        """Read a boolean."""
        value = bytes(self.raw(1))
        if value not in (b"0", b"1"):
            raise self.error(f"{value!r} is not a boolean")
        return value == b"1"

    def shape(self, version: int = 1) -> tuple[int, int, int, int]:
        """Read samples, channels, rows and columns, of an alias tensor (version 1) or a tensor (version 2)."""
        self.expect(self.integer(), version, "version of a tensor")
        shape = (self.integer(), self.integer(), self.integer(), self.integer())
        if min(shape) < 0:
            raise self.error(f"{shape} is not a valid shape")
        return shape

    def tensor(self) -> Float32:
        """Read a tensor as a new array float32 [n], flat and finite."""
        shape = self.shape(version=2)
        values = np.frombuffer(self.raw(4 * math.prod(shape)), dtype="<f4").astype(np.float32)
        if not np.isfinite(values).all():
            raise self.error("a tensor contains values that are not finite")
        return values

    def pairs(self) -> tuple[Pair, Pair, Pair]:
        """Read kernel, stride and padding, each (y, x). The stride must not be 0."""
        values = [self.integer() for _ in range(6)]
        kernel, stride, padding = zip(values[::2], values[1::2], strict=True)
        if min(values) < 0 or max(values) > 255 or min(stride) < 1:
            raise self.error(f"{values} are not valid as kernel, stride and padding")
        return kernel, stride, padding

    def expect(self, found: object, expected: object, what: str) -> None:
        """Raise ValueError if a value is not the expected one."""
        if found != expected:
            raise self.error(f"{what} is {found!r}, expected {expected!r}")

    def error(self, message: str) -> ValueError:
        """Create an error that gives the current position."""
        return ValueError(f"not dlib's face-recognition network: at byte {self._at:,} {message}")


def _nesting(r: Reader) -> list[int]:
    """Read the versions of all layers, from the outermost (evaluated last) to the innermost."""
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
    r.skip_numbers(4)  # learning rates and weight decays, used in training only
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
    r.shape()  # of the bias, which does not exist
    r.expect(weight, (inputs, outputs, 1, 1), "shape of the weights")
    r.expect(r.integer(), 1, "bias mode (1: without)")
    r.skip_numbers(4)  # learning rates and weight decays, used in training only
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
    """Skip three flags and three gradients, which are empty in published networks."""
    for _ in range(3):
        r.flag()
    for _ in range(3):
        r.expect(len(r.tensor()), 0, "number of cached values")
