"""The runtime ``openvino`` on small models, compared with numpy."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from dysfw_openvino.runtime import OpenVino
from onnx import TensorProto, helper, load_from_string, numpy_helper

SIDE, DIM = 8, 4
KERNEL = np.random.default_rng(0).normal(size=(DIM, 3, 1, 1)).astype(np.float32)


@pytest.fixture
def model():
    """model(node, …): a model that casts crops to float, applies nodes, and mixes the channels' means by KERNEL."""

    def model(*operators: str) -> bytes:
        nodes, last = [], "crops"
        nodes.append(helper.make_node("Cast", [last], ["floats"], to=TensorProto.FLOAT))
        nodes.append(helper.make_node("Transpose", ["floats"], ["maps"], perm=[0, 3, 1, 2]))
        last = "maps"
        for operator in operators:
            nodes.append(helper.make_node(operator, [last], [operator], domain="" if operator[0].isupper() else "own"))
            last = operator
        nodes += [
            helper.make_node("GlobalAveragePool", [last], ["means"]),
            helper.make_node("Conv", ["means", "kernel"], ["mixed"]),
            helper.make_node("Flatten", ["mixed"], ["embeddings"]),
        ]
        graph = helper.make_graph(
            nodes,
            "tiny",
            [helper.make_tensor_value_info("crops", TensorProto.UINT8, ["N", SIDE, SIDE, 3])],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("embeddings", "means")],
            [numpy_helper.from_array(KERNEL, "kernel")],
        )
        opsets = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]
        made = helper.make_model(graph, opset_imports=opsets)
        made.ir_version = 9
        return made.SerializeToString()

    return model


@pytest.fixture
def crops():
    return np.random.default_rng(1).integers(0, 256, (5, SIDE, SIDE, 3), np.uint8)


def test_it_equals_numpy_for_any_number_of_crops(model, crops):
    session = OpenVino().open(model("Relu"), "cpu", "float32")
    assert [(one.name, one.dtype, one.shape) for one in session.inputs] == [("crops", np.uint8, (None, SIDE, SIDE, 3))]
    assert [one.name for one in session.outputs] == ["embeddings", "means"]
    means = crops.astype(np.float64).mean((1, 2))
    for number in (5, 1, 3):
        embeddings, pooled = session(crops[:number])
        np.testing.assert_allclose(pooled.reshape(number, 3), means[:number], rtol=1e-5)
        np.testing.assert_allclose(embeddings, means[:number] @ KERNEL[:, :, 0, 0].T, rtol=1e-4)


def test_results_of_earlier_calls_do_not_change(model, crops):
    session = OpenVino().open(model(), "cpu", "float32")
    first = session(crops)[0]
    kept = first.copy()
    session(crops[::-1].copy())
    np.testing.assert_array_equal(first, kept)


def test_a_file_gives_the_same_as_its_bytes(model, crops, tmp_path):
    (tmp_path / "model.onnx").write_bytes(model())
    runtime = OpenVino()
    from_file = runtime.open(tmp_path / "model.onnx", "cpu", "float32")(crops)
    for one, other in zip(from_file, runtime.open(model(), "cpu", "float32", threads=1)(crops), strict=True):
        np.testing.assert_array_equal(one, other)


def test_what_it_cannot_use_is_refused_in_one_line(model, tmp_path, capfd):
    whole = model()
    (tmp_path / "half.onnx").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text.onnx").write_text("Dear colleague,")
    for file in ("half.onnx", "text.onnx"):
        with pytest.raises(ValueError, match=rf"{file} cannot be used by OpenVINO: Model can't be parsed$"):
            OpenVino().open(tmp_path / file, "cpu", "float32")
    with pytest.raises(ValueError, match=r"the network cannot be used by OpenVINO: No conversion rule .* own\.smile$"):
        OpenVino().open(model("smile"), "cpu", "float32")
    with pytest.raises(ValueError, match=r"the network cannot be used by OpenVINO: it computes nothing$"):
        OpenVino().open(b"", "cpu", "float32")
    for_another = load_from_string(whole)
    for_another.graph.initializer[0].CopyFrom(numpy_helper.from_array(np.ones((DIM, 5, 1, 1), np.float32), "kernel"))
    with pytest.raises(ValueError, match=r"OpenVINO: Data batch channel count \(3\) does not match filter .* \(5\)\.$"):
        OpenVino().open(for_another.SerializeToString(), "cpu", "float32")
    with pytest.raises(ValueError, match="OpenVINO computes on cpu here, found 'cuda:0'"):
        OpenVino().open(whole, "cuda:0", "float32")
    assert "".join(capfd.readouterr()) == ""


def test_several_threads_get_their_own_results(model, crops):
    session = OpenVino().open(model(), "cpu", "float32")
    expected = [session(crops[n : n + 1])[0] for n in range(5)]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(20):
            found = pool.map(lambda n: session(crops[n : n + 1])[0], range(5))
            for one, other in zip(found, expected, strict=True):
                np.testing.assert_array_equal(one, other)


def test_a_processor_without_bfloat16_is_refused_with_what_to_do(model, monkeypatch):
    monkeypatch.setattr("dysfw_openvino.runtime._capabilities", lambda: ["FP32", "INT8"])
    with pytest.raises(ValueError, match="no instructions for bfloat16.*; set precision: float32, or runtime: torch"):
        OpenVino().open(model(), "cpu", "bfloat16")
    OpenVino().open(model(), "cpu", "float32")
