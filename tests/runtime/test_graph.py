"""Graphs without weights: filling, checks and damage."""

import importlib
import json
import sys

import numpy as np
import pytest

from dysfw.errors import DysfwError
from dysfw.runtime.graph import NetworkGraph, packaged_graph
from dysfw.runtime.protobuf import initializer

GRAPHS = [("dysfw_timm", "inception_resnet_v2"), ("dysfw_timm", "vgg16"), ("dysfw_dlib", "dlib_resnet")]


@pytest.mark.parametrize("shape", [(), (1,), (127,), (128,), (3, 0), (2, 3, 5, 7), (20_000,)])
def test_an_appended_initializer_is_read_back(shape):
    onnx = pytest.importorskip("onnx")
    values = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    empty = onnx.helper.make_model(onnx.helper.make_graph([], "empty", [], [])).SerializeToString()
    for name in ("w", "ä" * 100):
        graph = onnx.load_from_string(b"".join([empty, *initializer("first", values), *initializer(name, values)])).graph
        assert [one.name for one in graph.initializer] == ["first", name]
        np.testing.assert_array_equal(onnx.numpy_helper.to_array(graph.initializer[1]), values)


@pytest.mark.parametrize(("package", "name"), GRAPHS)
def test_a_filled_graph_is_a_valid_model(package, name):
    onnx = pytest.importorskip("onnx")
    pytest.importorskip(package)
    graph = packaged_graph(package, name)
    assert len(graph.content) < 250_000
    rng = np.random.default_rng(0)
    small = {key: shape for key, shape in graph.tensors.items() if np.prod(shape) < 2**22}  # vgg16 has 0.5 GB
    model = onnx.load_from_string(graph.content)
    missing = {i for node in model.graph.node for i in node.input} - {
        *(one.name for one in model.graph.initializer), *(o for node in model.graph.node for o in node.output), "crops", "",
    }  # fmt: skip
    assert missing == set(graph.tensors)
    tensors = {key: rng.normal(size=shape).astype(np.float32) for key, shape in small.items()}
    if len(small) == len(graph.tensors):
        onnx.checker.check_model(onnx.load_from_string(graph.filled(tensors)))


def test_there_is_no_graph_of_another_name():
    pytest.importorskip("dysfw_timm")
    assert packaged_graph("dysfw_timm", "resnet50") is None


@pytest.mark.parametrize("damage", ["model", "description", "no description"])
def test_a_damaged_graph_is_refused(tmp_path, monkeypatch, damage):
    folder = tmp_path / "dysfw_damaged" / "graphs"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    (folder / "net.onnx").write_bytes(b"x" if damage == "model" else b"")
    described = {"sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "config": {}, "tensors": {}}
    if damage != "no description":
        (folder / "net.json").write_text(json.dumps(described if damage == "model" else [described]))
    with pytest.raises(DysfwError, match=r"the graph .*net.onnx is damaged") as caught:
        packaged_graph("dysfw_damaged", "net")
    assert caught.value.hint == "reinstall dysfw-damaged"
    (folder / "net.onnx").write_bytes(b"")
    (folder / "net.json").write_text(json.dumps(described))
    assert packaged_graph("dysfw_damaged", "net").content == b""
    sys.modules.pop("dysfw_damaged")


def test_weights_that_do_not_fit_are_refused_with_the_tensors():
    graph = NetworkGraph("net", b"", {"a": (2, 3), "b": (4,)}, {})
    graph.check({"a": (2, 3), "b": (4,), "classifier.weight": (9,), "b.num_batches_tracked": ()}, "f", ignore=["classifier"])
    with pytest.raises(
        ValueError, match=r"f does not fit .*: 1 missing \(b\); 1 unexpected \(c\); 1 of the wrong shape \(a \[3, 2\] "
    ):
        graph.check({"a": (3, 2), "c": (4,)}, "f")
