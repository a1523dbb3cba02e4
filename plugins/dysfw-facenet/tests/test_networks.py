"""MTCNN's networks equal facenet-pytorch's in every runtime, and faults of an installation are reported."""

from __future__ import annotations

import hashlib
import shutil
from importlib import resources
from pathlib import Path

import dysfw_facenet
import numpy as np
import pytest
import torch
from dysfw_facenet import networks
from dysfw_facenet.detector import Mtcnn
from facenet_pytorch.models.mtcnn import ONet, RNet

from dysfw.errors import DysfwError
from dysfw.runtime import graph

RUNTIMES = ["torch", "onnxruntime", "openvino"]


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("count", [1, 7, 9, 33])
def test_outputs_equal_facenet_pytorchs(runtime: str, count: int) -> None:
    loaded, rng = networks.load(runtime, "cpu"), np.random.default_rng(count)
    for network, reference, size in ((loaded.rnet, RNet(), 24), (loaded.onet, ONet(), 48)):
        crops = rng.uniform(-1, 1, (count, 3, size, size)).astype(np.float32)
        with torch.no_grad():
            shifts, *points, scores = reference.eval()(torch.from_numpy(crops))
        found = network(crops)
        np.testing.assert_allclose(1 / (1 + np.exp(-found[:, 0])), scores[:, 1], atol=1e-5)
        np.testing.assert_allclose(found[:, 1:], torch.cat([shifts, *points], dim=1), atol=1e-4)


def test_the_weights_were_made_from_the_installed_files() -> None:
    for weights in networks.weight_files():
        name = weights.name.removeprefix("mtcnn-")
        content = resources.files("facenet_pytorch").joinpath("data", f"{name}.pt").read_bytes()
        assert weights.sha256 == hashlib.sha256(content).hexdigest()
        assert (weights.licence, weights.trained) == ("MIT", True)
        assert weights.source == f"facenet-pytorch 2.5.3, facenet_pytorch/data/{name}.pt"


def test_the_licence_of_the_weights_is_included() -> None:
    text = resources.files(dysfw_facenet).joinpath("graphs", "LICENSE").read_text("utf-8")
    assert "MIT License" in text
    assert "Timothy Esler" in text


def test_a_runtime_that_is_not_installed_is_reported() -> None:
    with pytest.raises(DysfwError, match="abacus") as caught:
        Mtcnn(runtime="abacus")
    assert "onnxruntime" in str(caught.value)


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("file", ["pnet.onnx", "rnet.json", "onet.safetensors"])
def test_damaged_files_are_reported_before_any_work(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, runtime: str, file: str
) -> None:
    shutil.copytree(Path(dysfw_facenet.__file__).parent / "graphs", tmp_path / "graphs")
    damaged = tmp_path / "graphs" / file
    damaged.write_bytes(damaged.read_bytes()[:-30])
    for module in (graph, networks):
        monkeypatch.setattr(module.resources, "files", lambda package: tmp_path)
    for cached in (networks._graph, networks._tensors):
        cached.cache_clear()
        monkeypatch.setattr(networks, cached.__name__, cached.__wrapped__)
    with pytest.raises(DysfwError, match="damaged") as caught:
        Mtcnn(runtime=runtime)
    assert file.partition(".")[0] in str(caught.value)
    assert "reinstall dysfw-facenet" in str(caught.value)
