"""Converts a head's layers to an ONNX model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from dysfw.plugin import (
    MIN_NORM,
    Affine,
    DysfwError,
    Floats,
    Head,
    Int64,
    L2Normalize,
    Layer,
    Logarithm,
    NeighborVote,
    NormalizeSum,
    Pool,
    ReLU,
    Softmax,
    Standardize,
    SupportsLayers,
    TwoStage,
    listed,
)

OPSET, IR_VERSION = 18, 10  # supported by onnxruntime 1.18 and later
INPUT, OUTPUT = "embeddings", "probabilities"
Dtype = type[np.float32] | type[np.float64]


@dataclass(frozen=True, slots=True)
class Value:
    """The output of a node, [N, width].

    Attributes:
        name: Its name in the graph.
        dtype: Its type.
        width: Its number of columns.
    """

    name: str
    dtype: Dtype
    width: int


class Graph:
    """Builds an ONNX graph node by node."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def add(self, operator: str, *inputs: Value | str, like: Value, width: int | None = None, **attributes: Any) -> Value:  # noqa: ANN401  # depends on the operator
        """Add a node.

        Args:
            operator: The ONNX operator.
            *inputs: Values, or names of constants.
            like: A value with the same type as the output, and the same width unless ``width`` is given.
            width: Number of columns of the output.
            **attributes: The operator's attributes.
        """
        names = [one if isinstance(one, str) else one.name for one in inputs]
        name = f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, names, [name], name=name, **attributes))
        return Value(name, like.dtype, like.width if width is None else width)

    def constant(self, array: npt.ArrayLike, dtype: npt.DTypeLike) -> str:
        """Add a constant and return its name."""
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.array(array, dtype, order="C"), name))
        return name

    def cast(self, x: Value, dtype: Dtype) -> Value:
        """Convert a value to another type."""
        if x.dtype is dtype:
            return x
        return self.add("Cast", x, like=replace(x, dtype=dtype), to=helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))

    def with_array(self, operator: str, x: Value, operand: Floats | float, width: int | None = None) -> Value:
        """Apply an operator to x and a constant, in float64 if the constant is a float64 array."""
        wide = isinstance(operand, np.ndarray) and operand.dtype == np.float64
        x = self.cast(x, np.float64) if wide else x
        return self.add(operator, x, self.constant(operand, x.dtype), like=x, width=width)

    def reduce_rows(self, operator: str, x: Value) -> Value:
        """Reduce each row to one number."""
        return self.add(operator, x, self.constant([1], np.int64), like=x, width=1, keepdims=1)

    def columns(self, x: Value, numbers: Sequence[int] | Int64) -> Value:
        """Select columns."""
        return self.add("Gather", x, self.constant(numbers, np.int64), like=x, width=len(numbers), axis=1)

    def concat(self, parts: Sequence[Value]) -> Value:
        """Concatenate values of one type along the columns."""
        return self.add("Concat", *parts, like=parts[0], width=sum(part.width for part in parts), axis=1)


def head_model(head: Head, region: str, dim: int) -> onnx.ModelProto:
    """Convert a head to ONNX.

    Args:
        head: The fitted head.
        region: Its region, used in the model's name and in error messages.
        dim: Length of an embedding.

    Returns:
        A model from float32 ``embeddings`` [N, dim] to float32 ``probabilities`` [N, K].

    Raises:
        DysfwError: If the head does not consist of layers that can be exported.
    """
    hint = f"a head can be exported if it has a method layers() and consists of {listed(layer.__name__ for layer in WRITERS)}"
    name = type(head).__name__
    if not isinstance(head, SupportsLayers):
        raise DysfwError(f"the head {name} cannot be exported: it has no method layers()", hint=hint)
    graph = Graph()
    try:
        x = _apply_layers(graph, head.layers(), Value(INPUT, np.float32, dim))
    except ValueError as error:
        raise DysfwError(f"the head {name} of the region {region} cannot be exported: {error}", hint=hint) from None
    x = graph.cast(x, np.float32)
    graph.nodes.append(helper.make_node("Identity", [x.name], [OUTPUT], name=OUTPUT))
    model_graph = helper.make_graph(
        graph.nodes,
        f"head-{region}",
        [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["N", dim])],
        [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["N", x.width])],
        graph.constants,
    )
    return helper.make_model(model_graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)


def _apply_layers(graph: Graph, layers: Iterable[Layer], x: Value) -> Value:
    """Add one layer after another; raises ValueError for an unknown layer."""
    for layer in layers:
        writer = WRITERS.get(type(layer))
        if writer is None:
            raise ValueError(f"its layer {type(layer).__name__} is not one of dysfw.contracts.layers")
        x = writer(graph, layer, x)
    return x


def _standardize(graph: Graph, layer: Standardize, x: Value) -> Value:
    return graph.with_array("Div", graph.with_array("Sub", x, layer.mean), layer.std)


def _affine(graph: Graph, layer: Affine, x: Value) -> Value:
    mapped = graph.with_array("MatMul", x, layer.weight.T, width=len(layer.weight))
    return mapped if layer.bias is None else graph.with_array("Add", mapped, layer.bias)


def _relu(graph: Graph, layer: ReLU, x: Value) -> Value:
    return graph.add("Relu", x, like=x)


def _l2_normalize(graph: Graph, layer: L2Normalize, x: Value) -> Value:
    return graph.add("Div", x, graph.with_array("Max", graph.reduce_rows("ReduceL2", x), MIN_NORM), like=x)


def _pool(graph: Graph, layer: Pool, x: Value) -> Value:
    reduction = "ReduceSum" if layer.by == "sum" else "ReduceMax"
    empty = graph.with_array("Add", graph.with_array("Mul", graph.columns(x, [0]), 0.0), layer.empty)
    groups = [np.flatnonzero(layer.groups == k) for k in range(layer.count)]
    return graph.concat(
        [graph.reduce_rows(reduction, graph.columns(x, members)) if len(members) else empty for members in groups]
    )


def _neighbor_vote(graph: Graph, layer: NeighborVote, x: Value) -> Value:
    """Row i of the table is the vote of column i; the votes of the k largest columns are summed."""
    number = len(layer.groups)
    table = np.zeros((number, layer.count))
    table[np.arange(number), layer.groups] = layer.weights
    x = graph.cast(x, np.float64)
    largest = graph.add("TopK", x, graph.constant([min(layer.k, number)], np.int64), like=x, axis=1)
    graph.nodes[-1].output.append(first := f"{largest.name}_columns")  # its second output
    votes = graph.add("Gather", graph.constant(table, np.float64), first, like=x, width=layer.count, axis=0)  # [N, k, count]
    return graph.add("ReduceSum", votes, graph.constant([1], np.int64), like=votes, keepdims=0)


def _normalize_sum(graph: Graph, layer: NormalizeSum, x: Value) -> Value:
    return graph.add("Div", x, graph.reduce_rows("ReduceSum", x), like=x)


def _logarithm(graph: Graph, layer: Logarithm, x: Value) -> Value:
    return graph.add("Log", graph.with_array("Add", x, layer.floor), like=x)


def _softmax(graph: Graph, layer: Softmax, x: Value) -> Value:
    return graph.cast(graph.add("Softmax", x, like=x, axis=1), np.float32)


def _two_stage(graph: Graph, layer: TwoStage, x: Value) -> Value:
    affected_or_not, conditions = (
        graph.cast(_apply_layers(graph, part, x), np.float64) for part in (layer.affected, layer.condition)
    )
    affected, unaffected = graph.columns(affected_or_not, [0]), graph.columns(affected_or_not, [1])
    shares = graph.add("Mul", conditions, graph.with_array("Mul", affected, float(conditions.width)), like=conditions)
    below, above = range(layer.index), range(layer.index, conditions.width)
    parts = [unaffected]
    if below:
        parts.insert(0, graph.columns(shares, below))
    if above:
        parts.append(graph.columns(shares, above))
    return graph.cast(_normalize_sum(graph, NormalizeSum(), graph.concat(parts)), np.float32)


WRITERS: dict[type[Layer], Callable[[Graph, Any, Value], Value]] = {
    Standardize: _standardize, Affine: _affine, ReLU: _relu, L2Normalize: _l2_normalize, Pool: _pool,
    NeighborVote: _neighbor_vote, NormalizeSum: _normalize_sum, Logarithm: _logarithm, Softmax: _softmax, TwoStage: _two_stage,
}  # fmt: skip
