"""Every component that is registered here keeps its kind's contract: a new one is tested by being registered."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from dysfw.files import packaged_file
from dysfw.imaging.decode import read_image
from dysfw.kinds import KINDS
from dysfw.registry.registry import load_registry

from . import checks

PHANTOMS = Path(__file__).parents[1] / "data" / "phantoms"
PICTURES = [PHANTOMS / "phantom-unaffected" / "000.jpg", PHANTOMS / "phantom-down-syndrome" / "001.jpg"]
REGISTRY = load_registry()
NAMES = [(kind, entry.full_name) for kind in KINDS for entry in REGISTRY.components[kind]]


@cache
def load(kind, name):
    return REGISTRY.load(kind, name if ":" in name else f"dysfw:{name}")


def head(name):
    return load("head", name)()


@pytest.fixture(scope="session")
def examples(tmp_path_factory):
    """Parameters of the components that cannot be built without."""
    folder = tmp_path_factory.mktemp("conformance")
    (mtcnn, *_), (other, *_) = REGISTRY.load("detector", "mtcnn")().detect([read_image(p) for p in PICTURES])
    boxes = folder / "boxes.csv"
    with boxes.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["path", "x0", "y0", "x1", "y1"])
        rows.writerows([str(path), *face.box.tolist()] for path, face in zip(PICTURES, (mtcnn, other), strict=True))
    phantom = REGISTRY.named_weights("phantom").spec
    weights = packaged_file(phantom.file)

    def timm():
        return load("backbone", "dysfw-timm:timm")("test_resnet", "random", size=64)

    def trunk():
        return load("backbone", "dysfw-timm:timm")("inception_resnet_v2", weights, size=112)

    return {
        "dysfw:given": lambda: {"boxes": boxes},
        "dysfw-timm:timm": lambda: {"model": "test_resnet", "weights": "random", "size": 64},
        "dysfw-facenet:facenet": lambda: {"weights": "random", "size": 80},
        "dysfw:neck": lambda: {"of": trunk(), "weights": weights},
        "dysfw:concat": lambda: {"of": [timm(), timm()]},
        "dysfw:tta": lambda: {"of": timm(), "scales": [1.0, 1.1]},
        "dysfw-onnx:onnx": lambda: {"model": onnx_file(folder)},
        "dysfw:gate": lambda: {"gate": head("lda"), "which": head("softmax")},
    }


def onnx_file(folder):
    """A model that gives each crop's corner pixels."""
    wide = helper.make_tensor_value_info("crops", TensorProto.FLOAT, ["N", 3, 16, 16])
    out = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["N", 48])
    nodes = [
        helper.make_node("AveragePool", ["crops"], ["means"], kernel_shape=[4, 4], strides=[4, 4]),
        helper.make_node("Reshape", ["means", "shape"], ["embedding"]),
    ]
    shape = numpy_helper.from_array(np.array([-1, 48], np.int64), "shape")
    model = helper.make_model(
        helper.make_graph(nodes, "tiny", [wide], [out], [shape]), opset_imports=[helper.make_opsetid("", 17)]
    )
    model.ir_version = 9
    onnx.save(model, folder / "tiny.onnx")
    return folder / "tiny.onnx"


@pytest.fixture(scope="session")
def maker(examples):
    """maker(kind, name): a function that builds the component with nothing but defaults, or with its example."""

    def maker(kind, name):
        component = load(kind, name)
        return lambda: component(**(examples[name]() if name in examples else {}))

    return maker


@pytest.fixture(scope="session")
def images():
    return [read_image(path) for path in PICTURES]


@pytest.fixture(scope="session")
def faces(images):
    return [found[0] for found in REGISTRY.load("detector", "mtcnn")().detect(images)]


def of(kind):
    return pytest.mark.parametrize("name", [name for own, name in NAMES if own == kind])


@pytest.mark.parametrize(("kind", "name"), NAMES)
def test_it_is_documented_and_names_its_weights(maker, kind, name):
    checks.check_documented(load(kind, name))
    checks.check_weights(maker(kind, name)())


@pytest.mark.parametrize(("kind", "name"), NAMES)
def test_its_summary_is_one_line(kind, name):
    (summary,) = [entry.spec.summary for entry in REGISTRY.components[kind] if entry.full_name == name]
    assert summary
    assert "\n" not in summary
    assert len(summary) < 120


@of("detector")
def test_detectors(maker, images, name):
    checks.check_detector(maker("detector", name), images)


@of("segmenter")
def test_segmenters(maker, images, faces, name):
    checks.check_segmenter(maker("segmenter", name), images, faces)


@of("backbone")
def test_backbones(maker, name):
    checks.check_backbone(maker("backbone", name))


@of("head")
def test_heads(maker, name):
    checks.check_head(maker("head", name))


@of("fusion")
def test_fusions(maker, name):
    checks.check_fusion(maker("fusion", name))
