"""MTCNN's three networks in torch.

The architectures are those of facenet-pytorch, whose weights they use, except for the last layers: those with the same input
are one, and of the two scores before a softmax, their difference is its logit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn
from torch.nn.functional import max_pool2d, prelu

from dysfw.plugin import Float32, Tensors, find_device, load_tensors


class PReLU(nn.Module):
    """``nn.PReLU``, traced as operators that are fast everywhere: onnxruntime's PRelu is slow, and OpenVINO knows this form.

    Args:
        channels: Number of channels C.
        dimensions: Dimensions of the input, 2 or 4.

    Attributes:
        slopes: [C] or [C, 1, 1].
    """

    def __init__(self, channels: int, dimensions: int = 4) -> None:
        super().__init__()
        self.slopes = nn.Parameter(torch.zeros(channels, *[1] * (dimensions - 2)))

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, C, …] to the same shape."""
        if torch.compiler.is_compiling():
            return x.relu() - self.slopes * (-x).relu()
        return prelu(x, self.slopes.flatten())


class ProposalNetwork(nn.Module):
    """The first network, for canvases with all levels of an image pyramid; see ``dysfw_facenet.pyramid``."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(3, 10, 3), PReLU(10))
        self.rest = nn.Sequential(nn.Conv2d(10, 16, 3), PReLU(16), nn.Conv2d(16, 32, 3), PReLU(32), nn.Conv2d(32, 5, 1))

    def forward(self, canvas: Tensor) -> Tensor:
        """Map canvases [N, 4, H, W], H and W even, to [N, 5, H / 2 - 5, W / 2 - 5]."""
        return self.rest(max_pool2d(self.first(canvas[:, :3]) + canvas[:, 3:, 2:, 2:], 2))  # type: ignore[no-any-return]


class CaffeFlatten(nn.Module):
    """Flattens maps as in Caffe, column by column, for which the weights were trained."""

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, C, H, W] to [B, W * H * C]."""
        return x.permute(0, 3, 2, 1).flatten(1)


def refinement_network() -> nn.Module:
    """The second network, which maps crops [B, 3, 24, 24] to [B, 5]."""
    return nn.Sequential(
        nn.Conv2d(3, 28, 3), PReLU(28), _pool(3),
        nn.Conv2d(28, 48, 3), PReLU(48), _pool(3),
        nn.Conv2d(48, 64, 2), PReLU(64),
        CaffeFlatten(), nn.Linear(576, 128), PReLU(128, 2), nn.Linear(128, 5),
    )  # fmt: skip


def output_network() -> nn.Module:
    """The third network, which maps crops [B, 3, 48, 48] to [B, 15]."""
    return nn.Sequential(
        nn.Conv2d(3, 32, 3), PReLU(32), _pool(3),
        nn.Conv2d(32, 64, 3), PReLU(64), _pool(3),
        nn.Conv2d(64, 64, 3), PReLU(64), _pool(2),
        nn.Conv2d(64, 128, 2), PReLU(128),
        CaffeFlatten(), nn.Linear(1152, 256), PReLU(256, 2), nn.Linear(256, 15),
    )  # fmt: skip


NETWORKS: Mapping[str, Callable[[], nn.Module]] = {
    "pnet": ProposalNetwork,
    "rnet": refinement_network,
    "onet": output_network,
}


def torch_function(name: str, tensors: Tensors, device: str) -> Callable[[Float32], Float32]:
    """Build a network as a function of arrays.

    Args:
        name: "pnet", "rnet" or "onet".
        tensors: Its weights.
        device: Device to compute on, such as "cpu" or "cuda:0".

    Raises:
        ValueError: If the device is not available.
    """
    found, network = find_device(device), NETWORKS[name]()
    load_tensors(network, {key: torch.tensor(array) for key, array in tensors.items()}, name)
    # On a CPU, these small networks take a quarter of the time with channels last in memory.
    network = network.requires_grad_(False).eval().to(found, memory_format=torch.channels_last)  # type: ignore[call-overload]

    @torch.inference_mode()
    def run(array: Float32) -> Float32:
        output: Float32 = network(torch.from_numpy(array).to(found)).cpu().contiguous().numpy()
        return output

    return run


def _pool(side: int) -> nn.Module:
    return nn.MaxPool2d(side, 2, ceil_mode=True)
