"""Writes the networks of the plugins as ONNX graphs without weights, so that they run without torch.

Run it if a network changes: python tools/graphs.py
"""

from __future__ import annotations

import hashlib
import io
import warnings
from importlib import metadata, resources
from pathlib import Path

import numpy as np
import onnx
import timm
import torch
from dysfw_onnx.export.backbone import without_debug_info
from dysfw_onnx.export.graph import graph_of, write_graph
from dysfw_onnx.export.layers import OPSET
from onnxscript.optimizer import remove_unused_nodes
from safetensors.numpy import save
from torch import Tensor, nn

from dysfw.plugin import Normalise, load_tensors, sha256_of

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
        # Contiguous, or the exporter describes a view of channels-last maps by the addresses of their elements.
        pixels = crops.permute(0, 3, 1, 2).float().contiguous()
        output: Tensor = getattr(self.net, self._forward)(self.normalise(pixels))
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


def write_mtcnn() -> None:
    """MTCNN's three networks, and their weights from facenet-pytorch's wheel."""
    from dysfw_facenet.torch_networks import NETWORKS

    side = {axis: 2 * torch.export.Dim(f"half_{axis}", min=6, max=4096) for axis in ("height", "width")}
    canvas = {0: torch.export.Dim("N"), 2: side["height"], 3: side["width"]}
    shapes = {"pnet": (2, 4, 64, 96), "rnet": (2, 3, 24, 24), "onet": (2, 3, 48, 48)}
    folder = PLUGINS / "dysfw-facenet/dysfw_facenet/graphs"
    for name, build in NETWORKS.items():
        content = resources.files("facenet_pytorch").joinpath("data", f"{name}.pt").read_bytes()
        net = build()
        load_tensors(net, _merged(torch.load(io.BytesIO(content), weights_only=True), net), name)
        tensors = {tensor: value.numpy().copy() for tensor, value in net.state_dict().items()}
        (folder / f"{name}.safetensors").write_bytes(save(tensors, {"origin": "facenet-pytorch, Timothy Esler, MIT"}))
        described = {
            "original": f"facenet-pytorch {metadata.version('facenet-pytorch')}, facenet_pytorch/data/{name}.pt",
            "original_sha256": hashlib.sha256(content).hexdigest(),
            "weights_sha256": sha256_of(folder / f"{name}.safetensors"),
        }
        model = tensor_graph_of(net.eval(), torch.zeros(shapes[name]), canvas if name == "pnet" else {0: canvas[0]})
        write_graph(model, {tensor: tensor for tensor in tensors}, folder, name, described)


def _merged(original: dict[str, Tensor], net: nn.Module) -> dict[str, Tensor]:
    """facenet-pytorch's tensors under the names of ours. Its last layers are "…_1", two scores, "…_2" and possibly "…_3"."""
    layers = [name for name in original if "_" not in name]
    values = [original[name] for name in layers]
    for kind in ("weight", "bias"):
        scores, *others = (value for name, value in original.items() if "_" in name and name.endswith(kind))
        values.append(torch.cat([scores[1:] - scores[:1], *others]))
    expected = net.state_dict()
    return {name: value.view(expected[name].shape) for name, value in zip(expected, values, strict=True)}


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


def tensor_graph_of(module: nn.Module, example: Tensor, dynamic: dict[int, object]) -> onnx.ModelProto:
    """Convert a module that maps one tensor to one; tensors keep their names."""
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about torch's internals
        program = torch.onnx.export(
            module, (example,), input_names=["input"], output_names=["output"], opset_version=OPSET, dynamo=True,
            dynamic_shapes=(dynamic,), verbose=False, optimize=False,
        )  # fmt: skip
    assert program is not None  # noqa: S101  # None is returned only when torch writes a file itself
    model = without_debug_info(program.model_proto)
    remove_unused_nodes(model)
    return model


def write_check_network() -> None:
    """A small network with its weights and results, on which the conformance kit checks runtimes."""
    net = nn.Sequential(
        nn.Conv2d(3, 16, 3, stride=2), nn.BatchNorm2d(16), nn.ReLU(), nn.Conv2d(16, 24, 3, padding=1), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(24, 8),
    ).eval()  # fmt: skip
    crops = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (6, 24, 24, 3), np.uint8))
    module = Crops(Normalise((127.5,) * 3, (127.5,) * 3), net)
    model = graph_of(module, 24, "embeddings")
    folder = PLUGINS.parent / "dysfw/testing/checks"
    (folder / "network.onnx").write_bytes(model.SerializeToString())
    with torch.no_grad():
        known = {"crops": crops, "embeddings": module.double()(crops).float()}
    (folder / "network.safetensors").write_bytes(save({name: value.numpy() for name, value in known.items()}))


def _names(net: nn.Module) -> dict[str, str]:
    """Name in a weight file of each tensor, by its name in the graph."""
    return {f"net.{name}": name for name in net.state_dict()}


def main() -> None:
    torch.manual_seed(0)
    write_timm("inception_resnet_v2", smallest=75)
    write_timm("vgg16", smallest=32)
    write_facenet()
    write_mtcnn()
    write_dlib()
    write_check_network()


if __name__ == "__main__":
    main()
