"""Networks in two parts: equal to the whole, and shared by all variants."""

import numpy as np
import pytest

from dysfw.runtime import network
from dysfw.runtime.cut import cut_before
from dysfw.runtime.graph import NetworkGraph, packaged_graph
from dysfw.runtime.network import GraphNetwork
from dysfw.runtime.protobuf import GRAPH_INPUT, fields, value_info
from dysfw.util.out_of_memory import ShrinkingBatches

SHIPPED = [
    ("dysfw_timm", "inception_resnet_v2", ("conv2d_7b.",)),
    ("dysfw_timm", "vgg16", ("features.28.",)),
    ("dysfw_facenet", "inception_resnet_v1", ("block8.", "last_linear.", "last_bn.")),
    ("dysfw_dlib", "dlib_resnet", ("project.",)),
]
SIDE = 6


@pytest.fixture
def onnx():
    return pytest.importorskip("onnx")


@pytest.fixture
def graph(onnx):
    """A network with a shortcut and a last layer: crops, first, second + shortcut, last; "first" has most weights."""
    helper, proto = onnx.helper, onnx.TensorProto
    nodes = [
        helper.make_node("Cast", ["crops"], ["floats"], to=proto.FLOAT),
        helper.make_node("Transpose", ["floats"], ["maps"], perm=[0, 3, 1, 2]),
        helper.make_node("Conv", ["maps", "first"], ["a"]),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("Conv", ["b", "second"], ["c"]),
        helper.make_node("Sqrt", ["scale"], ["root"]),  # depends on weights only
        helper.make_node("Mul", ["c", "root"], ["d"]),
        helper.make_node("Add", ["d", "b"], ["e"]),
        helper.make_node("Conv", ["e", "last"], ["f"]),
        helper.make_node("Mul", ["f", "root"], ["g"]),
        helper.make_node("Flatten", ["g"], ["out"]),
    ]
    made = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("crops", proto.UINT8, ["N", "size", "size", 3])],
        [helper.make_tensor_value_info("out", proto.FLOAT, ["N", "length"])],
        [onnx.numpy_helper.from_array(np.float32([4]), "scale")],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 9
    shapes = {"first": (8, 3, 3, 3), "second": (8, 8, 1, 1), "last": (4, 8, 1, 1)}
    return NetworkGraph("small", model.SerializeToString(), shapes, {})


@pytest.fixture
def tensors(graph):
    rng = np.random.default_rng(0)
    return {name: rng.normal(0, 0.1, shape).astype(np.float32) for name, shape in graph.tensors.items()}


@pytest.fixture
def crops():
    return np.random.default_rng(1).integers(0, 256, (5, SIDE, SIDE, 3), np.uint8)


@pytest.fixture(params=["onnxruntime", "openvino"])
def runtime(request):
    pytest.importorskip({"onnxruntime": "dysfw_onnx", "openvino": "dysfw_openvino"}[request.param])
    pytest.importorskip(request.param)
    return request.param


@pytest.fixture
def small(graph, tensors, runtime):
    return GraphNetwork(graph, lambda _names: tensors, SIDE, ShrinkingBatches(2), runtime, "cpu", "float32")


@pytest.fixture
def opened(monkeypatch):
    """Sizes of the models that were opened, bytes."""
    sizes = []
    original = network.open_session

    def open_session(runtime, model, *args, **options):
        sizes.append(len(model))
        return original(runtime, model, *args, **options)

    monkeypatch.setattr(network, "open_session", open_session)
    return sizes


@pytest.mark.parametrize(
    ("changed", "tensor"),
    [({"last"}, "e"), ({"second"}, "b"), ({"second", "last"}, "b"), ({"first"}, None), ({"first", "last"}, None)],
)
def test_a_network_is_cut_at_the_last_tensor_that_all_that_follows_needs(onnx, graph, tensors, changed, tensor):
    cut = cut_before(graph, changed)
    assert (cut.tensor if cut else None) == tensor
    if cut is None:
        return
    assert not changed & cut.base.tensors.keys()
    assert {**cut.base.tensors, **cut.tail.tensors} == graph.tensors
    tail = cut.tail.filled(tensors) + value_info(GRAPH_INPUT, cut.tensor, [None, 8, 4, 4])
    for part, ends in ((cut.base.filled(tensors), ("crops", cut.tensor)), (tail, (cut.tensor, "out"))):
        model = onnx.load_from_string(part)
        onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True)
        assert (model.graph.input[0].name, model.graph.output[0].name) == ends


@pytest.mark.parametrize(("package", "name", "layers"), SHIPPED)
def test_the_shipped_networks_can_be_cut_before_their_last_block(package, name, layers):
    pytest.importorskip(package)
    graph = packaged_graph(package, name)
    changed = {one for one in graph.tensors if one.startswith(layers)}
    cut = cut_before(graph, changed)
    assert cut is not None
    assert cut.tail.tensors.keys() == changed
    assert cut.base.tensors.keys() == graph.tensors.keys() - changed
    assert cut_before(graph, graph.tensors.keys()) is None


def test_a_network_with_a_loop_is_not_cut(onnx, graph):
    model = onnx.load_from_string(graph.content)
    body = onnx.helper.make_graph([], "body", [], [])
    model.graph.node.append(onnx.helper.make_node("If", ["out"], ["none"], then_branch=body, else_branch=body))
    assert cut_before(NetworkGraph("loop", model.SerializeToString(), graph.tensors, {}), {"last"}) is None


def test_variants_of_the_last_layer_share_the_rest(small, tensors, crops, opened):
    rng = np.random.default_rng(2)
    deltas = [{"last": rng.normal(size=(4, 8, 1, 1)).astype(np.float32)} for _ in range(3)]
    variants = [small.with_weight_deltas(one) for one in deltas]
    found = [np.concatenate(one.features(crops)) for one in (small, *variants)]
    assert len(opened) == 1 + 4  # a base, and for each its last layer
    assert all(size < opened[0] for size in opened[1:])
    for delta, rows in zip([{"last": 0}, *deltas], found, strict=True):
        changed = {**tensors, "last": tensors["last"] + delta["last"]}
        whole = GraphNetwork(small.graph, lambda _, t=changed: t, SIDE, small.batches, small.runtime, "cpu", "float32")
        np.testing.assert_allclose(rows, np.concatenate(whole.features(crops)), rtol=1e-5)


def test_a_change_of_the_first_layer_opens_a_whole_network(small, crops, opened):
    before = np.concatenate(small.features(crops))
    variant = small.with_weight_deltas({"first": np.ones((8, 3, 3, 3), np.float32)})
    assert np.abs(np.concatenate(variant.features(crops)) - before).max() > 1
    assert len(opened) == 2
    assert opened[0] == opened[1]


def test_changes_of_a_variant_are_added(small, crops):
    delta = {"last": np.ones((4, 8, 1, 1), np.float32)}
    variant = small.with_weight_deltas(delta)
    twice, back = variant.with_weight_deltas(delta), variant.with_weight_deltas({"last": -delta["last"]})
    one, two, none, original = (np.concatenate(each.features(crops)) for each in (variant, twice, back, small))
    np.testing.assert_allclose(none, original, rtol=1e-3)
    np.testing.assert_allclose(two - one, one - original, rtol=1e-3)


def test_a_message_is_divided_into_its_fields(onnx):
    node = onnx.helper.make_node("Clip", ["a", "b" * 200], ["c"], name="ä", number=2**40, share=0.5, parts=[1.5, 2.5])
    parts = list(fields(node.SerializeToString()))
    assert b"".join(one.whole for one in parts) == node.SerializeToString()
    assert [one.value.decode() for one in parts if one.number == 1] == ["a", "b" * 200]
    assert sum(one.number == 5 for one in parts) == 3
    for damaged in (b"\x0a", b"\x0a\x05abc", b"\x0f", b"\x08\x80"):
        with pytest.raises(ValueError, match="not a protocol buffers message"):
            list(fields(damaged))
