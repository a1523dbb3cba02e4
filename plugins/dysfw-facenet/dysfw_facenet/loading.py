"""FaceNet's network in torch: facenet-pytorch's Inception-ResNet-v1."""

from __future__ import annotations

from importlib.util import find_spec

import torch
from torch import nn

from dysfw.plugin import DysfwError, Tensors, install_command, load_tensors


def build(seed: int) -> nn.Module:
    """Build the network without its classifier, with random weights that depend on ``seed`` only.

    facenet-pytorch's own loader is not used because it downloads files without verifying them.

    Raises:
        DysfwError: If facenet-pytorch is not installed.
    """
    if not find_spec("facenet_pytorch"):
        raise DysfwError(
            "in torch, the backbone facenet needs facenet-pytorch, which is not installed",
            hint=install_command("dysfw-facenet", "torch"),
        )
    from facenet_pytorch.models.inception_resnet_v1 import InceptionResnetV1

    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        return InceptionResnetV1(pretrained=None, classify=False).eval()  # type: ignore[no-any-return]


def fill(net: nn.Module, tensors: Tensors, origin: str, ignore: tuple[str, ...]) -> None:
    """Load all parameters and buffers of the network.

    Args:
        net: The network.
        tensors: The tensors by name.
        origin: The file, for errors.
        ignore: Names of layers that the file may contain although the network does not have them.

    Raises:
        ValueError: If tensors are missing, superfluous or of another shape.
    """
    load_tensors(net, {name: torch.from_numpy(array) for name, array in tensors.items()}, origin, ignore=ignore)
