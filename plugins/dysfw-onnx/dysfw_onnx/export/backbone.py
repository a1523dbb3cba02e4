"""A folded trunk as an ONNX model: uint8 ``crops`` [N, size, size, 3] RGB -> float32 ``embeddings`` [N, dim]."""

from __future__ import annotations

import warnings

import onnx
import torch

from dysfw.plugin import DysfwError, error_text

from ..session import MOST
from .folding import Crops, Folded
from .layers import IR_VERSION, OPSET

INPUT, OUTPUT = "crops", "embeddings"


def backbone_model(folded: Folded) -> onnx.ModelProto:
    """Pixels are normalised inside. Raises DysfwError where the trunk is too large for one file, or torch cannot write it."""
    size = sum(tensor.nbytes for tensor in folded.module.state_dict().values())
    if size > MOST:
        raise DysfwError(f"the trunk's weights are {size:,} bytes, and an ONNX file holds {MOST:,} at most")
    example = torch.zeros(2, folded.size, folded.size, 3, dtype=torch.uint8)
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of torch's own insides
            program = torch.onnx.export(
                Crops(folded).eval(),
                (example,),
                input_names=[INPUT],
                output_names=[OUTPUT],
                opset_version=OPSET,
                dynamo=True,
                dynamic_shapes=({0: torch.export.Dim("N")},),
                verbose=False,
            )
    except Exception as error:  # torch's exporters raise whatever they like
        raise DysfwError(
            f"torch cannot write this trunk as ONNX: {error_text(error)}",
            hint="take another trunk; convolutional ones of timm can be written",
        ) from error
    assert program is not None  # noqa: S101  # which only an export into a file returns
    return _bare(program.model_proto)


def _bare(model: onnx.ModelProto) -> onnx.ModelProto:
    """Without the notes that torch leaves at each node: where on this machine the code lies, for example."""
    graph = model.graph
    for part in (model, graph, *graph.node, *graph.input, *graph.output, *graph.initializer):
        part.doc_string = ""
        del part.metadata_props[:]
    del graph.value_info[:]  # shapes in between, which nobody needs
    model.ir_version = IR_VERSION
    return model
