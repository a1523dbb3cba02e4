"""Tools for backbones in torch."""

import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch

from dysfw.runtime.torch_utils import Normalise, TorchRunner, find_device


class Means(torch.nn.Module):
    """The mean of each colour channel; records the batch sizes."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(4, 4, 1, 1))
        self.batches = []

    def forward(self, pixels):
        self.batches.append(len(pixels))
        assert pixels.dtype == torch.uint8
        assert pixels.is_contiguous(memory_format=torch.channels_last)
        return pixels.float().mean((2, 3))


class Pool(torch.nn.Module):
    """[N, C, H, W] -> [N, C]"""

    def forward(self, maps):
        return maps.mean((2, 3))


@pytest.fixture
def crops():
    return np.random.default_rng(0).integers(0, 256, (7, 6, 6, 3), dtype=np.uint8)


def test_crops_are_embedded_in_batches_and_in_order(crops):
    runner, module = TorchRunner(6, 3, "cpu", "float32"), Means()
    embeddings = runner.embed(runner.place(module), crops, 3)
    np.testing.assert_allclose(embeddings, crops.mean((1, 2)), rtol=1e-6)
    assert embeddings.dtype == np.float32
    assert module.batches == [3, 3, 1]
    assert not module.training
    assert module.weight.requires_grad


def test_no_crops_give_no_rows():
    embeddings = TorchRunner(6, 3, "cpu", "float32").embed(Means(), np.empty((0, 6, 6, 3), np.uint8), 3)
    assert (embeddings.shape, embeddings.dtype) == ((0, 3), np.float32)


def test_crops_may_be_read_only_and_mirrored(crops):
    mirrored = crops[:, :, ::-1]
    mirrored.flags.writeable = False
    np.testing.assert_allclose(TorchRunner(6, 3, "cpu", "float32").embed(Means(), mirrored, 3), crops.mean((1, 2)), rtol=1e-6)


@pytest.mark.parametrize("shape", [(1, 6, 5, 3), (1, 6, 6, 4), (6, 6, 3)])
def test_crops_of_another_shape_are_an_error(shape):
    with pytest.raises(ValueError, match=r"crops must be uint8 \[N, 6, 6, 3\], found uint8"):
        TorchRunner(6, 3, "cpu", "float32").embed(Means(), np.zeros(shape, np.uint8), 3)


def test_bfloat16_returns_float32(crops):
    convolution = torch.nn.Conv2d(3, 4, 6)
    module = torch.nn.Sequential(Normalise([127.5] * 3, [127.5] * 3), convolution, torch.nn.Flatten())
    exact = TorchRunner(6, 3, "cpu", "float32").embed(module, crops, 4)
    rounded = TorchRunner(6, 3, "cpu", "bfloat16").embed(module, crops, 4)
    assert rounded.dtype == np.float32
    assert 1e-5 < np.abs(rounded - exact).max() < 0.05
    assert convolution.weight.dtype == torch.float32


@pytest.mark.skipif(sys.platform != "linux", reason="limits memory as Linux does")
def test_batches_are_halved_if_memory_does_not_suffice(crops, tmp_path):
    code = """
import resource, sys, numpy as np, torch
from pathlib import Path
from dysfw.runtime.torch_utils import TorchRunner

class NeedsMemory(torch.nn.Module):
    def forward(self, pixels):
        torch.empty(len(pixels) * 100_000_000, dtype=torch.uint8)
        return pixels.float().mean((2, 3))

runner, crops = TorchRunner(6, 64, "cpu", "float32"), np.load(sys.argv[1])
runner.embed(torch.nn.Sequential(NeedsMemory()), crops[:1], 3)  # torch has loaded all its libraries now
used = int(Path("/proc/self/statm").read_text().split()[0]) * 4096
resource.setrlimit(resource.RLIMIT_AS, (used + 450_000_000,) * 2)
rows = runner.embed(torch.nn.Sequential(NeedsMemory()), crops, 3)
assert np.array_equal(rows, crops.astype(np.float32).mean((1, 2))), rows
assert runner.batches.size == 3, runner.batches.size
resource.setrlimit(resource.RLIMIT_AS, (used + 50_000_000, used + 450_000_000))
try:
    runner.embed(torch.nn.Sequential(NeedsMemory()), crops, 3)
except RuntimeError as error:
    assert "allocate memory" in str(error)
else:
    raise AssertionError("a single crop must not fit")
"""
    file = tmp_path / "crops.npy"
    np.save(file, crops)
    subprocess.run([sys.executable, "-c", code, str(file)], check=True)


def test_other_errors_do_not_halve_the_batches(crops):
    class Broken(torch.nn.Module):
        def forward(self, pixels):
            raise RuntimeError("something else")

    runner = TorchRunner(6, 4, "cpu", "float32")
    with pytest.raises(RuntimeError, match="something else"):
        runner.embed(Broken(), crops, 3)
    assert runner.batches.size == 4


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler")
def test_compiled_modules_give_the_same_results_and_are_compiled_once(crops, tmp_path, monkeypatch):
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    first, other = (torch.nn.Sequential(Normalise([9] * 3, [2] * 3), torch.nn.Conv2d(3, 4, 3), Pool()) for _ in range(2))
    expected = [TorchRunner(6, 3, "cpu", "float32").embed(module, crops, 4) for module in (first, other)]
    compiled = TorchRunner(6, 3, "cpu", "float32", compile=True)
    for module, rows in zip((first, other), expected, strict=True):
        np.testing.assert_allclose(compiled.embed(module, crops, 4), rows, rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(compiled.embed(module, crops[:1], 4), rows[:1], rtol=1e-4, atol=1e-4)
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"] == 1


@pytest.mark.slow
def test_without_a_compiler_compile_is_an_error(crops, tmp_path):
    code = """
import sys, numpy as np, torch
from dysfw.errors import DysfwError
from dysfw.runtime.torch_utils import Normalise, TorchRunner
try:
    TorchRunner(6, 4, "cpu", "float32", compile=True).embed(Normalise([9] * 3, [2] * 3), np.zeros((2, 6, 6, 3), np.uint8), 3)
except DysfwError as error:
    print(error.message, error.hint)
"""
    environment = os.environ | {"CXX": str(tmp_path / "none"), "TORCHINDUCTOR_CACHE_DIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert "torch cannot compile on this machine" in done.stdout, done.stdout + done.stderr
    assert "g++" in done.stdout


def test_normalise_moves_with_the_module_and_is_not_in_the_state_dict():
    layer = Normalise([1.0, 2.0, 3.0], [2.0, 2.0, 4.0])
    pixels = torch.full((1, 3, 1, 1), 5, dtype=torch.uint8)
    assert layer(pixels).flatten().tolist() == [2.0, 1.5, 0.5]
    assert layer.state_dict() == {}
    assert layer.to("meta").mean.is_meta


@pytest.mark.parametrize("name", ["cuda:99", "cpu:1", "meta", "gpu", ""])
def test_the_error_for_an_unavailable_device_lists_the_available_ones(name):
    with pytest.raises(ValueError, match="is not available: this machine has cpu"):
        find_device(name)


def test_devices_are_those_of_torch(monkeypatch):
    monkeypatch.setattr(torch.accelerator, "current_accelerator", lambda: torch.device("cuda"))
    monkeypatch.setattr(torch.accelerator, "device_count", lambda: 2)
    assert find_device("cuda:1") == torch.device("cuda", 1)
    assert find_device("cuda") == torch.device("cuda", 0)
    assert find_device("cpu") == torch.device("cpu")
    with pytest.raises(ValueError, match="this machine has cpu, cuda:0, cuda:1"):
        find_device("cuda:2")


@pytest.mark.parametrize(
    ("values", "match"),
    [
        ((0, 1, "cpu", "float32"), "size 0 and batch_size 1"),
        ((1, 0, "cpu", "float32"), "size 1 and batch_size 0"),
        ((1, 1, "cpu", "float64"), "precision must be"),
    ],
)
def test_invalid_values_are_an_error(values, match):
    with pytest.raises(ValueError, match=match):
        TorchRunner(*values)


def test_the_core_does_not_import_torch():
    modules = "dysfw, dysfw.contracts.components, dysfw.registry"
    code = f"import sys, {modules}; assert not {{'torch', 'dysfw.runtime.torch_utils'}} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
