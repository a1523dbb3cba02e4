"""Converts a torch module to an ONNX graph without weights, which a plugin can ship; see ``dysfw.runtime.graph``."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from onnxscript.optimizer import remove_unused_nodes
from torch import nn

from .backbone import INPUT, without_debug_info
from .layers import OPSET

BROADCASTING = ("Add", "Sub", "Mul", "Div")  # they expand their inputs themselves


def graph_of(module: nn.Module, example: int, output: str, *, smallest: int | None = None) -> onnx.ModelProto:
    """Convert a module to ONNX as it is: no layers are merged, and tensors keep their names.

    Args:
        module: Maps crops uint8 [N, size, size, 3], RGB, to one tensor [N, …]; in inference mode.
        example: Size of the crops, px, for which it is traced.
        output: Name of the output.
        smallest: The smallest size that it takes, px; None if ``example`` is the only one.

    Returns:
        The model, with weights.
    """
    sides = torch.export.Dim("size", min=smallest, max=2048) if smallest else None
    shape = {0: torch.export.Dim("N")} | ({1: sides, 2: sides} if sides else {})
    crops = torch.zeros(2, example, example, 3, dtype=torch.uint8)
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about torch's internals
        program = torch.onnx.export(
            module.eval(), (crops,), input_names=[INPUT], output_names=[output], opset_version=OPSET, dynamo=True,
            dynamic_shapes=(shape,), verbose=False, optimize=False,
        )  # fmt: skip
    assert program is not None  # noqa: S101  # None is returned only when torch writes a file itself
    model = without_debug_info(program.model_proto)
    _drop_zero_biases(model.graph)
    _take_sizes_from_own_input(model.graph)
    remove_unused_nodes(model)
    return model


def write_graph(
    model: onnx.ModelProto, names: Mapping[str, str], folder: Path, name: str, config: Mapping[str, object]
) -> None:
    """Write a graph without its weights, and beside it what it needs.

    Args:
        model: The model, with weights.
        names: Name in a weight file of each tensor that one holds, by its name in the model. Other tensors stay in the graph.
        folder: Where to write.
        name: Name of the files.
        config: What else the plugin needs to know of the network.
    """
    graph = model.graph
    kept = [one for one in graph.initializer if one.name not in names]
    tensors = {names[one.name]: list(one.dims) for one in graph.initializer if one.name in names}
    for node in graph.node:
        node.input[:] = [names.get(one, one) for one in node.input]
    del graph.initializer[:]
    graph.initializer.extend(kept)
    del graph.value_info[:]  # runtimes infer the shapes between operators, for the size of the crops that they get
    content = model.SerializeToString(deterministic=True)
    described = {"sha256": hashlib.sha256(content).hexdigest(), "config": dict(config), "tensors": tensors}
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.onnx").write_bytes(content)
    (folder / f"{name}.json").write_text(json.dumps(described, indent=1) + "\n", "utf-8")


def _drop_zero_biases(graph: onnx.GraphProto) -> None:
    """Remove the zeros that torch's exporter computes as the bias of a convolution that has none."""
    made = {output: node for node in graph.node for output in node.output}
    for node in graph.node:
        if node.op_type == "Conv" and len(node.input) == 3 and _is_zero(node.input[2], made):
            del node.input[2]


def _take_sizes_from_own_input(graph: onnx.GraphProto) -> None:
    """Let operators take sizes from their own input, rather than from the shape of the crops.

    Torch's exporter computes every size that is not fixed from the input of the network. The last layers would then depend on
    the crops beside the features, and the graph could not be cut in two before them; see ``dysfw.runtime.cut``.
    """
    made = {output: node for node in graph.node for output in node.output}
    for node in graph.node:
        for index, name in enumerate(node.input):
            if node.op_type in BROADCASTING and _made_by(made, name, "Expand"):
                node.input[index] = made[name].input[0]
        if node.op_type == "Reshape" and _made_by(made, node.input[1], "Concat"):
            constants = [made[name] if _made_by(made, name, "Constant") else None for name in made[node.input[1]].input]
            # 0 copies the size of the input, -1 is what is left.
            sizes = [_number(one) if one else -1 if index else 0 for index, one in enumerate(constants)]
            if sizes.count(-1) <= 1:
                shape = numpy_helper.from_array(np.array(sizes, np.int64), f"{node.output[0]}_shape")
                graph.initializer.append(shape)
                node.input[1] = shape.name
                del node.attribute[:]  # allowzero, which would take the 0 literally


def _made_by(made: Mapping[str, onnx.NodeProto], name: str, operator: str) -> bool:
    return name in made and made[name].op_type == operator


def _number(constant: onnx.NodeProto) -> int:
    value = onnx.helper.get_attribute_value(constant.attribute[0])
    return int(np.asarray(numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else value).item())


def _is_zero(name: str, made: Mapping[str, onnx.NodeProto]) -> bool:
    node = made.get(name)
    while node is not None and node.op_type in ("Expand", "CastLike"):
        node = made.get(node.input[0])
    return node is not None and node.op_type == "Constant" and not np.any(numpy_helper.to_array(node.attribute[0].t))
