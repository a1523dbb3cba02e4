"""Loads MTCNN's three networks from facenet-pytorch's wheel, without executing code in the weight files."""

from __future__ import annotations

import hashlib
import io
from importlib import metadata, resources

import torch
from facenet_pytorch.models.mtcnn import ONet, PNet, RNet
from torch import nn

from dysfw.plugin import Weights

NETWORKS: dict[str, type[nn.Module]] = {"pnet": PNet, "rnet": RNet, "onet": ONet}


def load(device: torch.device) -> tuple[dict[str, nn.Module], tuple[Weights, ...]]:
    """Load the networks.

    Args:
        device: The device to place them on.

    Returns:
        The networks by name, in inference mode, and the descriptions of their weight files.
    """
    networks: dict[str, nn.Module] = {}
    weights = []
    version = metadata.version("facenet-pytorch")
    for name, network_class in NETWORKS.items():
        content = resources.files("facenet_pytorch").joinpath("data", f"{name}.pt").read_bytes()
        network = network_class(pretrained=False)  # facenet-pytorch's loader does not set weights_only
        network.load_state_dict(torch.load(io.BytesIO(content), map_location="cpu", weights_only=True))
        networks[name] = network.requires_grad_(False).eval().to(device)
        source = f"facenet-pytorch {version}, facenet_pytorch/data/{name}.pt"
        weights.append(Weights(f"mtcnn-{name}", hashlib.sha256(content).hexdigest(), "MIT", source))
    return networks, tuple(weights)
