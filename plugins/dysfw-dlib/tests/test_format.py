import math

import numpy as np
import pytest
import torch
from dysfw_dlib.architecture import ResNet
from dysfw_dlib.format import Convolution, Dense, Reader, read_network
from dysfw_dlib.module import FaceNet

pytestmark = pytest.mark.slow


def integer(value):
    size = max(1, (abs(value).bit_length() + 7) // 8)
    return bytes([size | (0x80 if value < 0 else 0)]) + abs(value).to_bytes(size, "little")


def integers(*values):
    return b"".join(map(integer, values))


def number(value):
    mantissa, exponent = math.frexp(value)
    return integers(int(mantissa * 2**24), exponent - 24)


def text(value):
    return integer(len(value)) + value.encode()


def tensor(values):
    values = np.asarray(values, "<f4").ravel()
    return integers(2, len(values), 1, 1, 1) + values.tobytes()


def layer(body, last=b""):
    return body + b"110" + tensor([]) * 3 + last


def convolution(weight, stride, padding):
    n, _, h, w = weight.shape
    pairs = integers(h, w, stride, stride, padding, padding)
    alias = integers(1, *weight.shape) + integers(1, 1, n, 1, 1)
    return text("con_4") + tensor([*weight.ravel(), *np.zeros(n)]) + integer(n) + pairs + alias + number(1.0) * 4


def affine(channels):
    alias = integers(1, 1, channels, 1, 1) * 2
    return text("affine_") + tensor([*np.full(channels, 2.0), *np.full(channels, 0.5)]) + alias + integer(0)


def pool(kind, size, stride):
    return text(kind) + integers(size, size, stride, stride, 0, 0)


def tiny_network():
    """Two channels, one block that keeps the size and one that halves it, three outputs."""
    rng = np.random.default_rng(0)
    stem, first, second, down, last = (
        rng.normal(size=s) for s in ((2, 3, 7, 7), (2, 2, 3, 3), (2, 2, 3, 3), (3, 2, 3, 3), (3, 3, 3, 3))
    )
    dense = rng.normal(size=(3, 3))
    relu, add = layer(text("relu_")), layer(text("add_prev_"))
    data = integer(1) + text("loss_metric_2") + number(0.04) + number(0.6)
    data += integers(*[2, 2] + [2] * 3 + [1, 1] + [2] * 5 + [1] + [2] * 7 + [1] + [2] * 3 + [3])
    data += text("input_rgb_image_sized") + number(122.782) + number(117.001) + number(104.298) + integers(31, 31)
    data += layer(convolution(stem, 2, 0), last=integer(1)) + layer(affine(2)) + relu + layer(pool("max_pool_2", 3, 2))
    data += layer(convolution(first, 1, 1)) + layer(affine(2)) + relu
    data += layer(convolution(second, 1, 1)) + layer(affine(2)) + add + relu
    data += layer(convolution(down, 2, 0)) + layer(affine(3)) + relu
    data += layer(convolution(last, 1, 1)) + layer(affine(3)) + layer(pool("avg_pool_2", 2, 2)) + add + relu
    data += layer(pool("avg_pool_2", 0, 1))
    data += layer(text("fc_2") + integers(3, 3) + tensor(dense) + integers(1, 3, 3, 1, 1) + integers(1, 0, 0, 0, 0)
                  + integer(1) + number(1.0) * 4)  # fmt: skip
    return data, stem, dense


def test_a_network_is_read():
    data, stem, dense = tiny_network()
    network = read_network(data)
    assert network.size == 31
    assert network.mean == pytest.approx((122.782, 117.001, 104.298), abs=1e-4)
    first, last = network.layers[0], network.layers[-1]
    assert isinstance(first, Convolution)
    assert isinstance(last, Dense)
    np.testing.assert_allclose(first.weight, stem, rtol=1e-6)
    np.testing.assert_allclose(last.weight, dense, rtol=1e-6)
    assert (first.stride, first.padding) == ((2, 2), (0, 0))
    assert FaceNet(ResNet.of(network)).eval()(torch.zeros(2, 3, 31, 31, dtype=torch.uint8)).shape == (2, 3)


def test_truncated_files_and_trailing_bytes_are_refused():
    data, *_ = tiny_network()
    for end in range(len(data)):
        with pytest.raises(ValueError, match="not dlib's"):
            read_network(data[:end])
    with pytest.raises(ValueError, match="bytes after the last layer is 1"):
        read_network(data + b"0")


def test_corrupt_bytes_raise_only_value_errors():
    data, *_ = tiny_network()
    refused = 0
    for position in range(len(data)):
        changed = bytearray(data)
        changed[position] ^= 1 << position % 8
        try:
            read_network(bytes(changed))
        except ValueError:
            refused += 1
    assert refused > 500  # the others changed a weight or a value used in training only


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        (text("loss_metric_2"), text("loss_metric_3"), "loss is 'loss_metric_3'"),
        (text("affine_"), text("bn_con2"), "a layer is 'bn_con2'"),
        (integers(31, 31), integers(31, 30), "width of the input is 30"),
        (np.float32(2.0).tobytes() * 2, np.float32(np.nan).tobytes() * 2, "not finite"),
        (integers(2, 4, 1, 1, 1), integers(3, 4, 1, 1, 1), "version of a tensor is 3"),
    ],
)
def test_invalid_fields_are_reported(old, new, match):
    data, *_ = tiny_network()
    assert old in data
    with pytest.raises(ValueError, match=match):
        read_network(data.replace(old, new, 1))


def test_layers_in_another_order_are_refused():
    data, *_ = tiny_network()
    with pytest.raises(ValueError, match="found Add, expected Relu"):
        ResNet.of(read_network(data.replace(text("relu_"), text("add_prev_"), 1)))


@pytest.mark.parametrize("value", [0, 1, -1, 255, 256, -70_000, 2**63 - 1])
def test_integers_of_every_length_are_read(value):
    assert Reader(integer(value)).integer() == value


def test_infinity_is_refused():
    with pytest.raises(ValueError, match="not a finite number"):
        Reader(integers(1, 32_000)).number()
