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
IGNORED_LAYERS = ("logits", "neck")  # the classifier of published files, the projection head that `dysfw pretrain` adds


class Facenet(Backbone):
    """FaceNet's Inception-ResNet-v1 (Schroff et al., CVPR 2015; Szegedy et al., AAAI 2017).

    It returns 512 numbers of length 1 per face. The published weights have no stated licence and were trained on data sets
    for non-commercial research.

    Args:
        weights: facenet-vggface2 or facenet-casia-webface, which ``dysfw weights fetch`` downloads; "random" for random weights
            from ``seed``, whose embeddings are meaningless; or a path. Supported are facenet-pytorch's .pt files, read
            without executing code they may contain, and the safetensors files of ``dysfw pretrain``.
        size: Side of the crops in px, 75 or more. The network was trained at 160.
        batch_size: Maximum number of crops per forward pass.
        seed: Random seed of random weights, 0 or more.
        device: Device to compute on, such as "cpu" or "cuda:0".
        precision: "bfloat16" runs under autocast, with weights in float32.
        compile: Whether to compile the network with ``torch.compile``.

    Attributes:
        module: For training code, see ``dysfw.runtime.torch_utils.Tunable``.
        net: For training code, see ``dysfw.runtime.torch_utils.Tunable``.
        last_block: For training code, see ``dysfw.runtime.torch_utils.Tunable``.

    Raises:
        ValueError: If a value is invalid, the device is not available, or the file does not fit the network exactly (apart from
            a classifier).
    """

    def __init__(
        self,
        weights: Literal["random"] | Path,
        *,
        size: int = 160,
        batch_size: int = 32,
        seed: int = 0,
        device: str = "cpu",
        precision: Precision = "float32",
        compile: bool = False,
    ) -> None:
        if size < 75:
            raise ValueError(f"size must be 75 px or more, because smaller crops leave an empty feature map, found {size}")
        if seed < 0:
            raise ValueError(f"seed must be 0 or more, found {seed}")
        self._runner = TorchRunner(size, batch_size, device, precision, compile=compile)
        self.net: nn.Module = _network(seed)
        self._weights = _fill(self.net, weights, seed)
        self.module = self._runner.place(nn.Sequential(Normalise([127.5] * 3, [128.0] * 3), self.net))
        self.last_block = frozenset(name for name in self.net.state_dict() if name.startswith(LAST_BLOCK))

    @property
    def input_size(self) -> int:
        """Side of the crops, px."""
        return self._runner.size

    @property
    def dim(self) -> int:
        """Length of an embedding: 512."""
        return DIM

    @property
    def alignment(self) -> Alignment:
        """MTCNN's box, extended by an eighth of its side on each side."""
        return FACENET_ALIGNMENT

    def embed(self, crops: UInt8) -> Float32:
        """Compute embeddings.

        Args:
            crops: uint8 [N, size, size, 3], RGB.

        Returns:
            float32 [N, 512], of length 1.

        Raises:
            ValueError: If the crops have another shape or type.
        """
        return self._runner.embed(self.module, crops, DIM)

    def variant(self, differences: Mapping[str, Float32]) -> Facenet:
        """Return a copy with changed weights, see ``dysfw.contracts.components.SupportsWeightDelta``."""
        other = copy.copy(self)
        other.module, other.net = with_weight_deltas(self.module, self.net, differences)
        return other

    def weights(self) -> tuple[Weights, ...]:
        """The weight file, or the random weights."""
        return (self._weights,)


def _network(seed: int) -> nn.Module:
    """Build the network without its classifier, with random weights that depend on ``seed`` only.

    facenet-pytorch's own loader is not used because it downloads files without verifying them.
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
    load_tensors(net, tensors, str(path), ignore=IGNORED_LAYERS)
    sha256 = sha256_of(path)
    published = next((known for known in WEIGHTS if known.sha256 == sha256), None)
    if published:
        return Weights(published.name, sha256, published.licence, published.source)
    return Weights(path.name, sha256, licence, path.name)
