"""Batches are halved in every runtime if memory does not suffice, with a real limit."""

import subprocess
import sys

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="limits memory as Linux does"),
]

CODE = """
import resource, sys
from pathlib import Path
import numpy as np
from onnx import TensorProto, helper, numpy_helper
from dysfw.runtime.choose import choose_runtime, open_session
from dysfw.util.out_of_memory import ShrinkingBatches

SIDE, CHANNELS = 128, 64  # 4 MB a crop in each of two maps
nodes = [
    helper.make_node("Cast", ["crops"], ["floats"], to=TensorProto.FLOAT),
    helper.make_node("Transpose", ["floats"], ["maps"], perm=[0, 3, 1, 2]),
    helper.make_node("Conv", ["maps", "kernel"], ["many"], pads=[1] * 4),
    helper.make_node("MaxPool", ["many"], ["pooled"], kernel_shape=[3, 3], pads=[1] * 4),
    helper.make_node("GlobalAveragePool", ["pooled"], ["means"]),
    helper.make_node("Flatten", ["means"], ["out"]),
]
kernel = np.random.default_rng(0).normal(size=(CHANNELS, 3, 3, 3)).astype(np.float32)
graph = helper.make_graph(
    nodes, "large",
    [helper.make_tensor_value_info("crops", TensorProto.UINT8, ["N", SIDE, SIDE, 3])],
    [helper.make_tensor_value_info("out", TensorProto.FLOAT, ["N", CHANNELS])],
    [numpy_helper.from_array(kernel, "kernel")],
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
model.ir_version = 9

def run(part):
    return session(part)[0]

session = open_session(choose_runtime(sys.argv[1], "cpu", "float32", graph=True), model.SerializeToString(), "cpu", "float32")
crops = np.random.default_rng(1).integers(0, 256, (64, SIDE, SIDE, 3), np.uint8)
expected = np.concatenate([run(crops[i : i + 1]) for i in (0, 30, 63)])

def limit(megabytes):
    used = int(Path("/proc/self/statm").read_text().split()[0]) * 4096
    resource.setrlimit(resource.RLIMIT_AS, (used + megabytes * 2**20, -1))

limit(200)
batches = ShrinkingBatches(64)
rows = np.concatenate(list(batches.run(run, crops)))
assert 1 <= batches.size < 64, batches.size
np.testing.assert_allclose(rows[[0, 30, 63]], expected, rtol=1e-4)
resource.setrlimit(resource.RLIMIT_AS, (-1, -1))
limit(20)
try:
    run(np.concatenate([crops, crops]))
except MemoryError as error:
    print("out of memory:", len(str(error).splitlines()))
"""


@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
def test_batches_are_halved_if_memory_does_not_suffice(runtime):
    for package in ("onnx", runtime, {"onnxruntime": "dysfw_onnx", "openvino": "dysfw_openvino"}[runtime]):
        pytest.importorskip(package)
    ran = subprocess.run([sys.executable, "-c", CODE, runtime], capture_output=True, text=True, check=False, timeout=120)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == "out of memory: 1\n"
