"""Converts a folded backbone to an ONNX model."""

from __future__ import annotations

import warnings

import onnx
import torch

from dysfw.plugin import DysfwError, error_text

from ..model import MAX_BYTES
from .folding import Crops, Folded
from .layers import IR_VERSION, OPSET

INPUT, OUTPUT = "crops", "embeddings"


def backbone_model(folded: Folded) -> onnx.ModelProto:
    """Convert a backbone to ONNX.

    Args:
        folded: The backbone as one torch module.

    Returns:
        A model from uint8 ``crops`` [N, size, size, 3] RGB to float32 ``embeddings`` [N, dim]. Pixels are normalised inside.

    Raises:
        DysfwError: If the backbone is too large for one file, or torch cannot export it.
    """
    size = sum(tensor.nbytes for tensor in folded.module.state_dict().values())
    if size > MAX_BYTES:
        raise DysfwError(f"the backbone's weights are {size:,} bytes; an ONNX file can hold {MAX_BYTES:,}")
    example = torch.zeros(2, folded.size, folded.size, 3, dtype=torch.uint8)
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about torch's internals
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
    except Exception as error:  # torch's exporters raise many types of exceptions
        raise DysfwError(
            f"torch cannot export this backbone to ONNX: {error_text(error)}",
            hint="use another backbone; timm's convolutional networks can be exported",
        ) from error
    assert program is not None  # noqa: S101  # None is returned only when torch writes a file itself
    return without_debug_info(program.model_proto)


def without_debug_info(model: onnx.ModelProto) -> onnx.ModelProto:
    """Remove torch's notes on each node, which include paths of source files on this machine."""
    graph = model.graph
    for part in (model, graph, *graph.node, *graph.input, *graph.output, *graph.initializer):
        part.doc_string = ""
        del part.metadata_props[:]
    del graph.value_info[:]  # shapes of intermediate results, which are not needed
    model.ir_version = IR_VERSION
    return model
