"""facenet-pytorch's three networks with the weights from its wheel, read without running code that a file may carry."""

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
    """The networks, by name, on the device, for inference, and what their files are."""
    networks: dict[str, nn.Module] = {}
    weights = []
    version = metadata.version("facenet-pytorch")
    for name, kind in NETWORKS.items():
        content = resources.files("facenet_pytorch").joinpath("data", f"{name}.pt").read_bytes()
        network = kind(pretrained=False)  # its own loader leaves weights_only to torch's default and the environment
        network.load_state_dict(torch.load(io.BytesIO(content), map_location="cpu", weights_only=True))
        networks[name] = network.requires_grad_(False).eval().to(device)
        source = f"facenet-pytorch {version}, facenet_pytorch/data/{name}.pt"
        weights.append(Weights(f"mtcnn-{name}", hashlib.sha256(content).hexdigest(), "MIT", source))
    return networks, tuple(weights)
