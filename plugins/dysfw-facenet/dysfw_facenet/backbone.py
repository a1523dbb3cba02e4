"""The backbone ``facenet``."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from dysfw.plugin import FACENET_ALIGNMENT, Alignment, Precision, TunableBackbone, Weights, known_sha256, packaged_graph

from .tensorfile import licence_of, read_tensors, shapes_of
from .weights import WEIGHTS

if TYPE_CHECKING:
    from torch import nn

    from dysfw.plugin import Tensors

DIM = 512
SMALLEST = 75  # px
LAST_BLOCK = ("block8.", "last_linear.", "last_bn.")
IGNORED_LAYERS = ("logits", "neck")  # the classifier of published files, the projection head that `dysfw pretrain` adds


class Facenet(TunableBackbone):
    """FaceNet's Inception-ResNet-v1 (Schroff et al., CVPR 2015; Szegedy et al., AAAI 2017).

    It returns 512 numbers of length 1 per face. The published weights have no stated licence and were trained on data sets
    for non-commercial research.

    Args:
        weights: facenet-vggface2 or facenet-casia-webface, which ``dysfw weights fetch`` downloads; "random" for random weights
            from ``seed``, whose embeddings are meaningless; or a path. Supported are facenet-pytorch's .pt files, which only
            torch can read (without executing code they may contain), and safetensors files, such as those of
            ``dysfw pretrain``.
        size: Side of the crops in px, 75 or more. The network was trained at 160.
        batch_size: Maximum number of crops per forward pass.
        seed: Random seed of random weights, 0 or more.
        device: Device to compute on, such as "cpu" or "cuda:0".
        precision: "bfloat16" computes in bfloat16, with weights in float32.
        runtime: "auto", "torch" or the name of a runtime. Random weights need torch.
        compile: Whether to compile the network with ``torch.compile``.

    Raises:
        ValueError: If a value is invalid, the device is not available, or the file does not fit the network exactly (apart from
            a classifier).
        DysfwError: If no installed runtime can execute the network, or torch is needed and not installed.
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
        runtime: str = "auto",
        compile: bool = False,
    ) -> None:
        if size < SMALLEST:
            raise ValueError(
                f"size must be {SMALLEST} px or more, because smaller crops leave an empty feature map, found {size}"
            )
        if seed < 0:
            raise ValueError(f"seed must be 0 or more, found {seed}")
        self._seed = seed
        self._file = None if weights == "random" else _weight_file(weights)
        graph = packaged_graph(__package__, "inception_resnet_v1") if self._file else None
        if graph and self._file:
            graph.check(shapes_of(self._file), str(self._file), ignore=IGNORED_LAYERS)
        super().__init__(
            size=size, batch_size=batch_size, device=device, precision=precision, runtime=runtime, graph=graph, compile=compile
        )
        self._weights = self._describe()

    @property
    def dim(self) -> int:
        """Length of an embedding: 512."""
        return DIM

    @property
    def alignment(self) -> Alignment:
        """MTCNN's box, extended by an eighth of its side on each side."""
        return FACENET_ALIGNMENT

    @property
    def last_block(self) -> frozenset[str]:
        """For training code, see ``dysfw.runtime.torch_utils.Tunable``."""
        return frozenset(name for name in self.net.state_dict() if name.startswith(LAST_BLOCK))

    def weights(self) -> tuple[Weights, ...]:
        """The weight file, or the random weights."""
        return (self._weights,)

    def build_module(self) -> tuple[nn.Module, nn.Module]:
        """Build the network in torch, see ``dysfw.plugin.NetworkBackbone``."""
        from torch import nn

        from dysfw.plugin import Normalise

        from .loading import build, fill

        net = build(self._seed)
        if self._file:
            fill(net, read_tensors(self._file), str(self._file), IGNORED_LAYERS)
        return nn.Sequential(Normalise([127.5] * 3, [128.0] * 3), net), net

    def read_tensors(self, names: Collection[str]) -> Tensors:
        """Read weights, see ``dysfw.plugin.NetworkBackbone``."""
        assert self._file  # noqa: S101  # random weights have no graph
        return read_tensors(self._file, names)

    def _describe(self) -> Weights:
        if self._file is None:
            from dysfw.plugin import tensor_digest

            digest = tensor_digest(self.net)
            return Weights("facenet (random)", digest, "unstated", f"random, seed {self._seed}", trained=False)
        sha256 = known_sha256(self._file)
        published = next((known for known in WEIGHTS if known.sha256 == sha256), None)
        if published:
            return Weights(published.name, sha256, published.licence, published.source)
        return Weights(self._file.name, sha256, licence_of(self._file), self._file.name)


def _weight_file(weights: str | Path) -> Path:
    path = Path(weights)
    if not path.is_file():
        raise ValueError(
            f'weights must be "random", the path of a file, or {" or ".join(w.name for w in WEIGHTS)}, found {str(weights)!r}'
        )
    return path
