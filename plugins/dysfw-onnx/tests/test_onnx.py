"""The backbone ``onnx`` on small models, compared with numpy."""

import numpy as np
import onnx
import onnxruntime
import pytest
from dysfw_onnx.backbone import Onnx
from onnx import TensorProto, helper, numpy_helper

from dysfw.imaging.alignment import ARCFACE_ALIGNMENT, DLIB_ALIGNMENT

SIDE, DIM = 16, 5
KERNEL = np.random.default_rng(0).normal(0, 1, (DIM, 3, 1, 1)).astype(np.float32)


@pytest.fixture
def write(tmp_path):
    """write(...): a model that averages each channel and mixes the averages by KERNEL; its path."""

    def write(name="model.onnx", *, batch="N", side=SIDE, layout="nchw", dtype=TensorProto.FLOAT, outputs=1):
        kernel = KERNEL.astype(np.float16) if dtype == TensorProto.FLOAT16 else KERNEL
        shape = [batch, 3, side, side] if layout == "nchw" else [batch, side, side, 3]
        nodes, last = [], "crops"
        if layout == "nhwc":
            nodes.append(helper.make_node("Transpose", [last], ["transposed"], perm=[0, 3, 1, 2]))
            last = "transposed"
        if dtype == TensorProto.UINT8:
            nodes.append(helper.make_node("Cast", [last], ["floats"], to=TensorProto.FLOAT))
            last = "floats"
        nodes += [
            helper.make_node("GlobalAveragePool", [last], ["means"]),
            helper.make_node("Conv", ["means", "kernel"], ["mixed"]),
            helper.make_node("Flatten", ["mixed"], ["embedding"]),
        ]
        out_type = TensorProto.FLOAT if dtype == TensorProto.UINT8 else dtype
        out = [helper.make_tensor_value_info("embedding", out_type, [batch, DIM])]
        if outputs > 1:
            out.append(helper.make_tensor_value_info("mixed", out_type, [batch, DIM, 1, 1]))
        graph = helper.make_graph(
            nodes,
            "tiny",
            [helper.make_tensor_value_info("crops", dtype, shape)],
            out,
            [numpy_helper.from_array(kernel, "kernel")],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
        model.ir_version = 9
        onnx.checker.check_model(model)
        onnx.save(model, tmp_path / name)
        return tmp_path / name

    return write


@pytest.fixture
def crops():
    crops = np.random.default_rng(1).integers(0, 256, (5, SIDE, SIDE, 3), np.uint8)
    crops.setflags(write=False)
    return crops


def expected(crops, mean=127.5, scale=127.5):
    return ((crops.astype(np.float64) - mean) / scale).mean((1, 2)) @ KERNEL[:, :, 0, 0].T


@pytest.mark.parametrize("options", [
    {}, {"layout": "nhwc"}, {"batch": 1}, {"batch": 4}, {"dtype": TensorProto.FLOAT16}, {"side": "S"}, {"outputs": 2},
], ids=str)  # fmt: skip
def test_embeddings_equal_numpys_for_every_kind_of_input(write, crops, options):
    named = {"output": "embedding"} if options.get("outputs") else {}
    size = {"size": SIDE} if options.get("side") else {}
    network = Onnx(write(**options), **named, **size)
    rows = network.embed(crops)
    assert rows.dtype == np.float32
    assert rows.shape == (5, network.dim) == (5, DIM)
    assert network.input_size == SIDE
    np.testing.assert_allclose(rows, expected(crops), atol=2e-2 if options.get("dtype") else 1e-4)
    assert network.embed(crops[:0]).shape == (0, DIM)
    np.testing.assert_allclose(np.concatenate([network.embed(crops[i : i + 1]) for i in range(5)]), rows, atol=1e-5)
    np.testing.assert_array_equal(network.embed(crops), rows)


def test_normalisation_and_colour_can_be_set(write, crops):
    mean, scale = [10.0, 20.0, 30.0], [2.0, 3.0, 4.0]
    network = Onnx(write(), mean=mean, scale=scale)
    np.testing.assert_allclose(network.embed(crops), expected(crops, mean, scale), rtol=1e-3)
    np.testing.assert_allclose(Onnx(write(), colour="bgr").embed(crops), expected(crops[..., ::-1]), atol=1e-4)
    np.testing.assert_allclose(Onnx(write(dtype=TensorProto.UINT8)).embed(crops), expected(crops, 0, 1), rtol=1e-3)
    np.testing.assert_allclose(np.linalg.norm(Onnx(write(), unit=True).embed(crops), axis=1), 1, atol=1e-5)


def test_the_default_alignment_is_arcface(write):
    path = write()
    assert Onnx(path).alignment is ARCFACE_ALIGNMENT
    assert Onnx(path, align="dlib").alignment is DLIB_ALIGNMENT
    assert Onnx(path, align=None).alignment is None


def test_weights_list_the_file_with_hash_and_licence(write):
    (weights,) = Onnx(write("w600k.onnx"), licence="LicenseRef-insightface").weights()
    assert (weights.name, weights.licence, len(weights.sha256)) == ("w600k.onnx", "LicenseRef-insightface", 64)


@pytest.mark.parametrize(("wrong", "part"), [
    ({"size": 32}, "takes crops of 16 px, found size 32"),
    ({"mean": [1.0, 2.0]}, "mean must be one number or three"),
    ({"scale": [0.0]}, "scale must not be 0"),
    ({"output": "logits"}, "has no output 'logits'; set output to the name of the embedding, one of: embedding"),
    ({"batch_size": 0}, "1 or more"),
    ({"colour": "hsv"}, "rgb or bgr"),
])  # fmt: skip
def test_invalid_parameters_are_refused_with_the_allowed_values(write, wrong, part):
    with pytest.raises(ValueError, match=part):
        Onnx(write(), **wrong)


def test_an_unavailable_device_is_refused_with_the_available_ones(write):
    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("this machine has CUDA")
    with pytest.raises(ValueError, match="this onnxruntime has .*CPUExecutionProvider"):
        Onnx(write(), device="cuda:0")


def test_files_that_are_not_suitable_models_are_refused(write, tmp_path):
    whole = write().read_bytes()
    (tmp_path / "half.onnx").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text.onnx").write_text("Dear colleague,")
    for name in ("half.onnx", "text.onnx"):
        with pytest.raises(ValueError, match=rf"{name} cannot be used by \w+: (Protobuf parsing failed|Model can't be parsed)"):
            Onnx(tmp_path / name)
    for_another = onnx.load_from_string(whole)
    for_another.graph.initializer[0].CopyFrom(numpy_helper.from_array(np.ones((DIM, 7, 1, 1), np.float32), "kernel"))
    onnx.save(for_another, tmp_path / "for_another.onnx")
    for runtime, part in (("onnxruntime", "kernel channels: 7"), ("openvino", r"input channel count \(7\)")):
        with pytest.raises(ValueError, match=rf"for_another.onnx cannot be used [^\n]*{part}[^\n]*$"):
            Onnx(tmp_path / "for_another.onnx", runtime=runtime)
    with pytest.raises(ValueError, match="does not exist"):
        Onnx(tmp_path / "missing.onnx")
    with pytest.raises(ValueError, match="takes crops of any size"):
        Onnx(write(side="S"))
    with pytest.raises(ValueError, match="has several outputs"):
        Onnx(write(outputs=2))
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3]) for name in "xy")
    flat = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "flat", [x], [y])
    model = helper.make_model(flat, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 9
    onnx.save(model, tmp_path / "flat.onnx")
    with pytest.raises(ValueError, match="a backbone needs one four-dimensional input"):
        Onnx(tmp_path / "flat.onnx")


@pytest.fixture
def external(write, tmp_path):
    """A model whose weights are in a file of their own, as torch exports it; the path of the model and of that file."""
    model = onnx.load(write())
    path = tmp_path / "apart.onnx"
    onnx.save_model(model, path, save_as_external_data=True, location="apart.onnx.data", size_threshold=0)
    return path, tmp_path / "apart.onnx.data"


@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
def test_weights_in_a_file_of_their_own_belong_to_the_model(external, write, crops, runtime):
    path, data = external
    backbone = Onnx(path, runtime=runtime)
    np.testing.assert_allclose(backbone.embed(crops), Onnx(write()).embed(crops), rtol=1e-5)
    assert [one.name for one in backbone.weights()] == ["apart.onnx", "apart.onnx.data"]
    before = [one.sha256 for one in backbone.weights()]
    data.write_bytes((np.frombuffer(data.read_bytes(), "<f4") * 1.3).astype("<f4").tobytes())
    after = [one.sha256 for one in Onnx(path, runtime=runtime).weights()]
    assert (after[0], after[1] != before[1]) == (before[0], True)


def test_weights_that_are_missing_or_elsewhere_are_refused(external, tmp_path):
    path, data = external
    data.unlink()
    with pytest.raises(ValueError, match=r"'apart.onnx.data': no such file; put it beside the model"):
        Onnx(path)
    model = onnx.load(path, load_external_data=False)
    model.graph.initializer[0].external_data[0].value = "../secret.bin"
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "model.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(ValueError, match="not in its folder"):
        Onnx(tmp_path / "inside" / "model.onnx")
