import numpy as np
import pytest
from safetensors.numpy import save_file

from dysfw.errors import DysfwError
from dysfw.weights.weight_file import read_metadata, read_weights, rounded, write_weights


@pytest.fixture
def tensors():
    rng = np.random.default_rng(0)
    filters = rng.normal(0, np.exp(rng.normal(0, 3, (16, 1, 1, 1))), (16, 8, 3, 3)).astype(np.float32)
    return {"conv.weight": filters, "conv.bias": rng.normal(size=16).astype(np.float32), "steps": np.array(7, np.int64)}


def test_32_bits_are_lossless(tensors, tmp_path):
    write_weights(tmp_path / "w", tensors, {"licence": "CC0-1.0"})
    read = read_weights(tmp_path / "w")
    assert read.keys() == tensors.keys()
    assert all(np.array_equal(read[name], tensor) and read[name].dtype == tensor.dtype for name, tensor in tensors.items())
    assert read_metadata(tmp_path / "w") == {"licence": "CC0-1.0"}


def test_the_error_of_8_bits_is_at_most_half_a_step_per_output_channel(tensors, tmp_path):
    write_weights(tmp_path / "w", tensors, {}, bits=8)
    read = read_weights(tmp_path / "w")
    original = tensors["conv.weight"]
    quantum = np.abs(original).max(axis=(1, 2, 3)) / 127
    max_error = np.abs(read["conv.weight"] - original).max(axis=(1, 2, 3))
    assert (max_error <= quantum * 0.5001).all()
    assert max_error.max() > 0
    assert np.array_equal(read["conv.bias"], tensors["conv.bias"])
    assert read["steps"] == 7


def test_8_bits_need_a_quarter_of_the_space(tensors, tmp_path):
    large = {"weight": np.random.default_rng(1).normal(size=(256, 1024)).astype(np.float32)}
    for bits in (8, 32):
        write_weights(tmp_path / str(bits), large, {}, bits=bits)
    assert (tmp_path / "8").stat().st_size < 0.26 * (tmp_path / "32").stat().st_size


def test_rounded_tensors_are_stored_without_loss(tensors, tmp_path):
    weight = rounded(tensors["conv.weight"])
    write_weights(tmp_path / "w", {"weight": weight}, {}, bits=8)
    assert np.array_equal(read_weights(tmp_path / "w")["weight"], weight)


@pytest.mark.parametrize("bits", [8, 32])
def test_the_memory_layout_does_not_matter(tensors, bits, tmp_path):
    channels_last = np.ascontiguousarray(tensors["conv.weight"].transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)
    write_weights(tmp_path / "one", {"weight": tensors["conv.weight"]}, {}, bits=bits)
    write_weights(tmp_path / "two", {"weight": channels_last}, {}, bits=bits)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


@pytest.mark.parametrize("bits", [8, 32])
def test_single_tensors_can_be_read(tensors, bits, tmp_path):
    write_weights(tmp_path / "w.safetensors", tensors, {}, bits)
    every, name = read_weights(tmp_path / "w.safetensors"), next(iter(tensors))
    subset = read_weights(tmp_path / "w.safetensors", [name, "not there"])
    assert list(subset) == [name]
    np.testing.assert_array_equal(subset[name], every[name])


def test_a_channel_of_zeros_stays_zero(tmp_path):
    write_weights(tmp_path / "w", {"weight": np.zeros((2, 3), np.float32)}, {}, bits=8)
    assert np.array_equal(read_weights(tmp_path / "w")["weight"], np.zeros((2, 3)))


def test_scales_without_their_tensor_are_an_error(tmp_path):
    save_file({"weight/scale": np.ones(3, np.float32)}, tmp_path / "w")
    with pytest.raises(ValueError, match="weight/scale does not belong"):
        read_weights(tmp_path / "w")


@pytest.mark.parametrize("content", [b"", b"not safetensors at all", b"\xff" * 64])
def test_other_files_are_an_error(content, tmp_path):
    (tmp_path / "w").write_bytes(content)
    for read in (read_weights, read_metadata):
        with pytest.raises(ValueError, match="cannot be read as a safetensors file"):
            read(tmp_path / "w")


def test_a_failed_write_leaves_nothing_behind(tensors, tmp_path):
    with pytest.raises(DysfwError, match="cannot write the weights"):
        write_weights(tmp_path / "none" / "w", tensors, {})
    (tmp_path / "w").mkdir()
    (tmp_path / "w" / "inside").touch()
    with pytest.raises(DysfwError, match="cannot write the weights"):
        write_weights(tmp_path / "w", tensors, {})
    assert [p.name for p in tmp_path.iterdir()] == ["w"]
