"""The backbone ``facenet``."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import torch
from facenet_pytorch.models.inception_resnet_v1 import InceptionResnetV1
from torch import nn

from dysfw.plugin import (
    FACENET_ALIGNMENT,
    Alignment,
    Backbone,
    Float32,
    Normalise,
    Precision,
    TorchRunner,
    UInt8,
    Weights,
    load_tensors,
    sha256_of,
    tensor_digest,
    with_weight_deltas,
)

from .tensorfile import read_tensors
from .weights import WEIGHTS

DIM = 512
LAST_BLOCK = ("block8.", "last_linear.", "last_bn.")
BESIDE = ("logits", "neck")  # the classifier of published files, and what `dysfw pretrain` writes beside a trunk


class Facenet(Backbone):
    """FaceNet's Inception-ResNet-v1 (Schroff et al., CVPR 2015; Szegedy et al., AAAI 2017), 512 numbers of length 1.

    weights: "random" (from ``seed``; embeddings mean nothing), a path, or, in a recipe, facenet-vggface2 or
    facenet-casia-webface, which ``dysfw weights fetch`` brings. Nobody states a licence for those; they were trained on
    collections that were for research that is not commercial. Read are facenet-pytorch's .pt files, without running code that
    such a file may carry, and safetensors as ``dysfw pretrain`` writes them. size: side of the crops, px, 75 or more; it was
    trained at 160. batch: crops that go through at once. seed: 0 or more. device, precision, compile: see
    ``dysfw.torch_utils.TorchRunner``.

    Raises ValueError where a value is wrong, the device is not there, or the file does not fit the network exactly (but for
    its classifier).

    module, net, last_block: for training code, see ``dysfw.torch_utils.Tunable``.
    """

    def __init__(
        self,
        weights: Literal["random"] | Path,
        *,
        size: int = 160,
        batch: int = 32,
        seed: int = 0,
        device: str = "cpu",
        precision: Precision = "float32",
        compile: bool = False,
    ) -> None:
        if size < 75:
            raise ValueError(f"size must be 75 px or more, below which nothing is left of the map, found {size}")
        if seed < 0:
            raise ValueError(f"seed must be 0 or more, found {seed}")
        self._runner = TorchRunner(size, batch, device, precision, compile=compile)
        self.net: nn.Module = _network(seed)
        self._weights = _fill(self.net, weights, seed)
        self.module = self._runner.place(nn.Sequential(Normalise([127.5] * 3, [128.0] * 3), self.net))
        self.last_block = frozenset(name for name in self.net.state_dict() if name.startswith(LAST_BLOCK))

    @property
    def input_size(self) -> int:
        return self._runner.size

    @property
    def dim(self) -> int:
        return DIM

    @property
    def alignment(self) -> Alignment:
        """MTCNN's box with an eighth of its side added on each side."""
        return FACENET_ALIGNMENT

    def embed(self, crops: UInt8) -> Float32:
        """crops uint8 [N, size, size, 3] RGB -> float32 [N, 512] of length 1; ValueError for crops of another shape."""
        return self._runner.embed(self.module, crops, DIM)

    def variant(self, differences: Mapping[str, Float32]) -> Facenet:
        """See ``dysfw.contracts.components.Variable``."""
        other = copy.copy(self)
        other.module, other.net = with_weight_deltas(self.module, self.net, differences)
        return other

    def weights(self) -> tuple[Weights, ...]:
        return (self._weights,)


def _network(seed: int) -> nn.Module:
    """The network without its classifier, with random weights that ``seed`` alone decides.

    facenet-pytorch's own way to weights is not taken: it fetches files without checking them.
    """
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        return InceptionResnetV1(pretrained=None, classify=False).eval()  # type: ignore[no-any-return]


def _fill(net: nn.Module, weights: str | Path, seed: int) -> Weights:
    if weights == "random":
        return Weights("facenet (random)", tensor_digest(net), "unstated", f"random, seed {seed}", trained=False)
    path = Path(weights)
    if not path.is_file():
        raise ValueError(
            f'weights must be "random", the path of a file, or {" or ".join(w.name for w in WEIGHTS)}, found {str(weights)!r}'
        )
    tensors, licence = read_tensors(path)
    load_tensors(net, tensors, str(path), beside=BESIDE)
    sha256 = sha256_of(path)
    published = next((known for known in WEIGHTS if known.sha256 == sha256), None)
    if published:
        return Weights(published.name, sha256, published.licence, published.source)
    return Weights(path.name, sha256, licence, path.name)
