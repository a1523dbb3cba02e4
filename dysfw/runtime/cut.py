"""Cuts a network in two, so that networks that differ only in their last layers share everything before them."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from .graph import NetworkGraph
from .protobuf import (
    GRAPH_INITIALIZER,
    GRAPH_INPUT,
    GRAPH_NAME,
    GRAPH_NODE,
    GRAPH_OUTPUT,
    MODEL_GRAPH,
    NODE_ATTRIBUTE,
    NODE_INPUT,
    NODE_OUTPUT,
    TENSOR_NAME,
    VALUE_NAME,
    fields,
    message,
    value_info,
)

ATTRIBUTE_GRAPH, ATTRIBUTE_GRAPHS = 6, 11
MIN_SHARE = 0.5  # of a network's weights; if fewer can be shared, two networks cost more than one


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """A network in two parts, which together compute what it computes.

    Attributes:
        base: The part from the crops on. Its output is the tensor at which the network was cut, float32.
        tail: The rest. Its input is not declared yet, because only the runtime of the base knows its shape: append
            ``dysfw.runtime.protobuf.value_info(GRAPH_INPUT, tensor, …)``.
        tensor: Name of the tensor.
    """

    base: NetworkGraph
    tail: NetworkGraph
    tensor: str


def cut_before(graph: NetworkGraph, changed: Collection[str]) -> Cut | None:
    """Cut a network at the last tensor that does not depend on some of its weights.

    Args:
        graph: The network.
        changed: Names of the weights that only the tail may contain.

    Returns:
        The parts; None if the network has no such tensor, or the base would contain less than half of the weights.
    """
    model = _Model.parse(graph.content)
    if model is None or (tensor := model.last_tensor_before(changed)) is None:
        return None
    base = model.part([tensor], graph, "base", value_info(GRAPH_OUTPUT, tensor))
    tail = model.part(model.outputs, graph, "tail", model.declared_outputs, given=tensor)
    if _size(base) < MIN_SHARE * _size(graph):
        return None
    return Cut(base, tail, tensor)


@dataclass(frozen=True, slots=True, eq=False)
class _Node:
    """An operator: its bytes, and the names of what it takes and makes."""

    content: bytes
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    has_graph: bool  # of its own, as loops have, which may use any tensor


@dataclass(frozen=True, eq=False)
class _Model:
    """A serialised model, taken apart."""

    rest: bytes  # versions, and the name of the graph
    nodes: tuple[_Node, ...]  # in the order of execution
    initializers: Mapping[str, bytes]
    inputs: tuple[str, ...]
    declared_inputs: bytes
    outputs: tuple[str, ...]
    declared_outputs: bytes

    @classmethod
    def parse(cls, content: bytes) -> _Model | None:
        """Take a model apart; None if operators contain graphs of their own."""
        parts = list(fields(content))
        graph = [field for one in parts if one.number == MODEL_GRAPH for field in fields(one.value)]
        nodes = tuple(_node(one.value) for one in graph if one.number == GRAPH_NODE)
        if any(node.has_graph for node in nodes):
            return None
        inputs, outputs = ([one for one in graph if one.number == number] for number in (GRAPH_INPUT, GRAPH_OUTPUT))
        return cls(
            b"".join(one.whole for one in parts if one.number != MODEL_GRAPH)
            + message(MODEL_GRAPH, b"".join(one.whole for one in graph if one.number == GRAPH_NAME)),
            nodes,
            {_name(one.value, TENSOR_NAME): one.whole for one in graph if one.number == GRAPH_INITIALIZER},
            tuple(_name(one.value, VALUE_NAME) for one in inputs),
            message(MODEL_GRAPH, b"".join(one.whole for one in inputs)),
            tuple(_name(one.value, VALUE_NAME) for one in outputs),
            message(MODEL_GRAPH, b"".join(one.whole for one in outputs)),
        )

    @cached_property
    def computed(self) -> frozenset[str]:
        """Tensors that depend on the inputs. Others are constants, which both parts may contain."""
        return frozenset(self._dependent(self.inputs)) - {*self.inputs}

    def last_tensor_before(self, changed: Collection[str]) -> str | None:
        """The last tensor that does not depend on ``changed``, and which alone leads from what is before it to what follows."""
        changes = {*self._dependent(changed)}
        first = next((i for i, node in enumerate(self.nodes) if changes.intersection(node.outputs)), len(self.nodes))
        last_use = {name: i for i, node in enumerate(self.nodes) for name in node.inputs}
        last_use |= dict.fromkeys(self.outputs, len(self.nodes))
        open_until = {name: last_use[name] for name in self.inputs if name in last_use}
        found = None
        for index, node in enumerate(self.nodes[:first]):
            open_until = {name: end for name, end in open_until.items() if end > index}
            open_until |= {name: last_use[name] for name in node.outputs if name in self.computed and name in last_use}
            if len(open_until) == 1 and (name := next(iter(open_until))) in self.computed - {*self.outputs}:
                found = name
        return found

    def part(
        self, outputs: Iterable[str], graph: NetworkGraph, name: str, declared: bytes, *, given: str | None = None
    ) -> NetworkGraph:
        """The operators that outputs depend on, and their weights; with ``given`` as input instead of what computes it."""
        needed, nodes = {*outputs}, []
        for node in reversed(self.nodes):
            if given not in node.outputs and needed.intersection(node.outputs):
                nodes.append(node.content)
                needed.update(node.inputs)
        constants = [content for one, content in self.initializers.items() if one in needed]
        content = b"".join([self.rest, message(MODEL_GRAPH, b"".join([*reversed(nodes), *constants])), declared])
        if given is None:
            content += self.declared_inputs
        tensors = {one: shape for one, shape in graph.tensors.items() if one in needed}
        return NetworkGraph(f"{graph.name}, {name}", content, tensors, graph.config)

    def _dependent(self, names: Collection[str]) -> Iterator[str]:
        known = {*names}
        yield from known
        for node in self.nodes:
            if known.intersection(node.inputs):
                known.update(node.outputs)
                yield from node.outputs


def _node(content: bytes) -> _Node:
    parts = list(fields(content))
    inputs, outputs = (
        tuple(one.value.decode() for one in parts if one.number == number) for number in (NODE_INPUT, NODE_OUTPUT)
    )
    attributes = (field.number for one in parts if one.number == NODE_ATTRIBUTE for field in fields(one.value))
    whole = message(GRAPH_NODE, content)
    return _Node(whole, inputs, outputs, any(number in (ATTRIBUTE_GRAPH, ATTRIBUTE_GRAPHS) for number in attributes))


def _name(content: bytes, number: int) -> str:
    return next((one.value.decode() for one in fields(content) if one.number == number), "")


def _size(graph: NetworkGraph) -> int:
    """Number of weights."""
    return sum(math.prod(shape) for shape in graph.tensors.values())
