"""The conformance kit for every component of this repository. New components are tested once they are registered."""

from __future__ import annotations

import csv
import functools

import numpy as np
import onnx
import pytest
from image_cases import cases
from onnx import TensorProto, helper, numpy_helper

from dysfw.registry.registry import load_registry
from dysfw.testing import conformance, phantom_faces, phantom_images
from dysfw.util.files import packaged_file

pytestmark = pytest.mark.slow

REGISTRY = load_registry()


@pytest.fixture(scope="session", autouse=True)
def folder(tmp_path_factory):
    """A folder for the files of these tests."""
    FOLDER.append(tmp_path_factory.mktemp("conformance"))


FOLDER = []


def make(kind, name, **parameters):
    return REGISTRY.load(kind, name)(**parameters)


def boxes():
    """A file with the boxes of the example faces."""
    path = FOLDER[0] / "boxes.csv"
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["path", "x0", "y0", "x1", "y1"])
        rows.writerows(
            [image.source, *face.box.tolist()] for image, face in zip(phantom_images(), phantom_faces(), strict=True)
        )
    return {"boxes": path}


@functools.cache
def backbone(size=80):
    return make("backbone", "timm", model="inception_resnet_v2", weights=phantom_weights(), size=size)


def phantom_weights():
    return packaged_file(REGISTRY.named_weights("phantom").spec.file)


@functools.cache
def onnx_file():
    """A model whose embedding is the crop, averaged in cells of 4 × 4 px."""
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
    onnx.save(model, FOLDER[0] / "tiny.onnx")
    return FOLDER[0] / "tiny.onnx"


@functools.cache
def small():
    return make("backbone", "timm", **TIMM)


TIMM = {"model": "test_resnet", "weights": "random", "size": 64}
PARAMETERS = {
    "dysfw": {
        "precomputed": boxes,
        "projection": lambda: {"of": backbone(), "weights": phantom_weights()},
        "concat": lambda: {"of": [small(), small()]},
        "tta": lambda: {"of": small(), "scales": [1.0, 1.1]},
        "two_stage": lambda: {"affected": make("head", "lda"), "condition": make("head", "softmax")},
    },
    "dysfw-dlib": {"dlib_cnn": {"min_face": 0.4}},  # by default it enlarges the images 4 times as much, at 16 times the cost
    "dysfw-facenet": {"facenet": {"weights": "random", "size": 80}},
    "dysfw-mediapipe": {},
    "dysfw-onnx": {"onnx": lambda: {"model": onnx_file()}},
    "dysfw-openvino": {},
    "dysfw-phantom": {},
    "dysfw-ray": {},
    "dysfw-timm": {"timm": TIMM},
}


WITHOUT_UNAFFECTED = {"accepts_a_class_without_images": "two_stage needs images of unaffected people"}


FILES = {
    name: lambda form=form: [case.content() for case in cases() if case.form == form and case.truth is not None][:3]
    for name, form in {
        "jpeg": "JPEG", "png": "PNG", "webp": "WebP", "gif": "GIF", "bmp": "BMP", "ppm": "PPM", "tiff": "TIFF", "heif": "HEIC",
        "avif": "AVIF", "jpeg2000": "JPEG 2000",
    }.items()
}  # fmt: skip


@conformance("dysfw", parameters=PARAMETERS["dysfw"], files=FILES, expected_failures={"two_stage": WITHOUT_UNAFFECTED})
def test_builtin(case):
    case()


@conformance("dysfw-dlib", parameters=PARAMETERS["dysfw-dlib"])
def test_dysfw_dlib(case):
    case()


@conformance("dysfw-ray", parameters=PARAMETERS["dysfw-ray"])
def test_dysfw_ray(case):
    case()


@conformance("dysfw-facenet", parameters=PARAMETERS["dysfw-facenet"])
def test_dysfw_facenet(case):
    case()


@conformance("dysfw-mediapipe", parameters=PARAMETERS["dysfw-mediapipe"])
def test_dysfw_mediapipe(case):
    case()


@conformance("dysfw-onnx", parameters=PARAMETERS["dysfw-onnx"])
def test_dysfw_onnx(case):
    case()


@conformance("dysfw-openvino", parameters=PARAMETERS["dysfw-openvino"])
def test_dysfw_openvino(case):
    case()


@conformance("dysfw-phantom", parameters=PARAMETERS["dysfw-phantom"])
def test_dysfw_phantom(case):
    case()


@conformance("dysfw-timm", parameters=PARAMETERS["dysfw-timm"])
def test_dysfw_timm(case):
    case()


def test_every_plugin_is_tested():
    """Every installed plugin of this repository is tested above, or by its own tests."""
    tested = {*PARAMETERS, "dysfw-dicom", "dysfw-hpo"}
    assert {plugin.distribution for plugin in REGISTRY.plugins if plugin.distribution.startswith("dysfw")} == tested
