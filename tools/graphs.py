"""Writes the networks of the plugins as ONNX graphs without weights, so that they run without torch.

Run it if a network changes: python tools/graphs.py
"""

from __future__ import annotations

from pathlib import Path

import timm
import torch
from dysfw_onnx.export.graph import graph_of, write_graph
from torch import Tensor, nn

from dysfw.plugin import Normalise

PLUGINS = Path(__file__).parents[1] / "plugins"


class Crops(nn.Module):
    """A network that takes crops uint8 [N, size, size, 3], RGB.

    Args:
        normalise: Normalises pixels.
        net: The part whose tensors a weight file holds, under the same names.
        forward: Name of its method; its output is flattened to [N, channels, positions] if it is a map.
    """

    def __init__(self, normalise: nn.Module, net: nn.Module, forward: str = "forward") -> None:
        super().__init__()
        self.normalise, self.net, self._forward = normalise, net, forward

    def forward(self, crops: Tensor) -> Tensor:
        """Run the network."""
        output: Tensor = getattr(self.net, self._forward)(self.normalise(crops.permute(0, 3, 1, 2).float()))
        return output.flatten(2) if output.ndim == 4 else output


def write_timm(name: str, smallest: int) -> None:
    """The features of a timm model, before pooling."""
    from dysfw_timm.models import build, find_config

    tags = [full.partition(".")[2] for full in timm.list_models(f"{name}.*", include_tags=True)]
    default = find_config(name)
    configs = {tag: find_config(f"{name}.{tag}") for tag in tags}
    assert all((one.mean, one.std) == (default.mean, default.std) for one in configs.values())  # noqa: S101  # in the graph
    net = build(name, default, default.input_size[-1], seed=0)
    normalise = Normalise([255 * m for m in default.mean], [255 * s for s in default.std])
    described = {
        "size": default.input_size[-1],
        "smallest": smallest,
        "channels": net.num_features,
        "classifier": default.classifier,
        "default": default.tag,
        "tags": {tag: {"hub": one.hf_hub_id, "licence": one.license or "unstated"} for tag, one in configs.items()},
    }
    model = graph_of(Crops(normalise, net, "forward_features"), default.input_size[-1], "features", smallest=smallest)
    write_graph(model, _names(net), PLUGINS / "dysfw-timm/dysfw_timm/graphs", name, described)


def write_facenet() -> None:
    """FaceNet's Inception-ResNet-v1."""
    from facenet_pytorch.models.inception_resnet_v1 import InceptionResnetV1

    net = InceptionResnetV1(pretrained=None, classify=False)
    model = graph_of(Crops(Normalise([127.5] * 3, [128.0] * 3), net), 160, "embeddings", smallest=75)
    write_graph(model, _names(net), PLUGINS / "dysfw-facenet/dysfw_facenet/graphs", "inception_resnet_v1", {})


def write_dlib() -> None:
    """dlib's face-recognition ResNet."""
    from dysfw_dlib.architecture import ResNet
    from dysfw_dlib.format import read_network
    from dysfw_dlib.module import FaceNet
    from dysfw_dlib.weightfile import checked_bytes, installed_file

    network = ResNet.of(read_network(checked_bytes(installed_file())))
    net = FaceNet(network)
    model = graph_of(Crops(nn.Identity(), net), network.size, "embeddings")
    write_graph(model, _names(net), PLUGINS / "dysfw-dlib/dysfw_dlib/graphs", "dlib_resnet", {})


def _names(net: nn.Module) -> dict[str, str]:
    """Name in a weight file of each tensor, by its name in the graph."""
    return {f"net.{name}": name for name in net.state_dict()}


def main() -> None:
    torch.manual_seed(0)
    write_timm("inception_resnet_v2", smallest=75)
    write_timm("vgg16", smallest=32)
    write_facenet()
    write_dlib()


if __name__ == "__main__":
    main()
