"""Progressive depth: training starts with few residual blocks, and the others join later as identities.

A step with few blocks is several times faster. A block whose last layer is zero adds nothing, so the network's output does not
change when it joins.

References:
    Chen et al., Net2Net: accelerating learning via knowledge transfer, ICLR 2016.
    Goyal et al., Accurate, large minibatch SGD, arXiv:1706.02677, 2017 (zero at the end of residual blocks).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

MIN_STAGE_BLOCKS = 3  # blocks of one class in a row that make a stage of residual blocks


class ProgressiveDepth:
    """Computes only the first residual blocks of each stage of a network.

    All blocks are computed until ``set_share`` is called. The blocks' ``forward`` is wrapped until ``restore`` is called.

    Args:
        network: Maps pixels [N, 3, S, S] to embeddings [N, dim].
        size: Side of the crops, S, px.

    Attributes:
        stages: The residual blocks, stage by stage.
        share: Share of the blocks of each stage that is computed.
    """

    def __init__(self, network: nn.Module, size: int) -> None:
        self.stages = _residual_stages(network, size)
        self.share = 1.0
        for stage in self.stages:
            for index, block in enumerate(stage):
                block.forward = self._wrapped(index, len(stage), block.forward)

    def initialise_as_identity(self) -> None:
        """Set the last layer of each block to zero, so that the block is the identity up to its last activation."""
        for stage in self.stages:
            for block in stage:
                layer = [module for module in block.modules() if isinstance(getattr(module, "weight", None), nn.Parameter)][-1]
                for parameter in layer.parameters(recurse=False):
                    nn.init.zeros_(parameter)

    def set_share(self, share: float) -> None:
        """Compute this share of each stage from now on, rounded up to at least one block."""
        self.share = share

    def restore(self) -> None:
        """Remove the wrappers of the blocks."""
        for stage in self.stages:
            for block in stage:
                del block.forward  # the instance's attribute, which hides the class's method

    def _wrapped(self, index: int, blocks: int, forward: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
        def forward_if_computed(x: Tensor) -> Tensor:
            computed = max(1, math.ceil(self.share * blocks - 1e-9))  # 0.1 · 30 is a little more than 3
            return forward(x) if index < computed else x

        return forward_if_computed


def _residual_stages(network: nn.Module, size: int) -> list[list[nn.Module]]:
    """Find the residual blocks of each ``nn.Sequential``.

    A residual block keeps the shape of its input, contains at least two layers (a convolution with its normalisation is none),
    and is one of at least MIN_STAGE_BLOCKS blocks of its class.
    """
    sequences = [module for module in network.modules() if isinstance(module, nn.Sequential)]
    candidates = [
        [
            block
            for block in sequence
            if sum(type(other) is type(block) for other in sequence) >= MIN_STAGE_BLOCKS
            and sum(parameter.ndim > 1 for parameter in block.parameters()) > 1
        ]
        for sequence in sequences
    ]
    shape_preserving: set[nn.Module] = set()

    def compare_shapes(block: nn.Module, inputs: tuple[object, ...], output: object) -> None:
        if (
            len(inputs) == 1
            and isinstance(inputs[0], Tensor)
            and isinstance(output, Tensor)
            and inputs[0].shape == output.shape
        ):
            shape_preserving.add(block)

    hooks = [block.register_forward_hook(compare_shapes) for stage in candidates for block in stage]
    was_training = network.training
    device = next(network.parameters()).device
    with torch.no_grad():
        network.eval()(torch.zeros(1, 3, size, size, dtype=torch.uint8, device=device))
    network.train(was_training)
    for hook in hooks:
        hook.remove()
    stages = [[block for block in stage if block in shape_preserving] for stage in candidates]
    return [stage for stage in stages if stage]
