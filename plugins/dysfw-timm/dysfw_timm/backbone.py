"""The backbone ``timm``."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from dysfw.plugin import (
    Float32,
    Precision,
    TunableBackbone,
    Weights,
    known_sha256,
    read_metadata,
    read_shapes,
    read_weights,
)

from .config import WITHOUT_TIMM, ModelConfig, find_model
from .hub import FILE, published_file

if TYPE_CHECKING:
    from torch import nn

    from dysfw.plugin import Tensors

Pooling = Literal["average", "max", "flatten"]
UNUSED_LAYERS = ("pre_logits", "neck")  # of the classifier, and the projection head that `dysfw pretrain` saves with a backbone


class Timm(TunableBackbone):
    """Any model of timm. An embedding is its last feature map, pooled.

    Args:
        model: Name of the model in timm, optionally with the tag of its weights, such as inception_resnet_v2 or
            inception_resnet_v2.tf_ens_adv_in1k.
        weights: "imagenet" for the weights that timm publishes; "random" for random weights from ``seed``, whose embeddings are
            meaningless; the path of a safetensors file; or, in a recipe, the name of registered weights such as phantom.
        pooling: "average" or "max" over the feature map, or "flatten" for the whole map, channel by channel.
        size: Side of the crops in px. None uses the size that the model was trained with.
        batch_size: Maximum number of crops per forward pass.
        seed: Random seed of random weights, 0 or more.
        device: Device to compute on, such as "cpu" or "cuda:0".
        precision: "bfloat16" computes in bfloat16, with weights in float32.
        runtime: "auto", "torch" or the name of a runtime. inception_resnet_v2 and vgg16 run in all of them, other models and
            random weights in torch.
        compile: Whether to compile the model with ``torch.compile``.

    Raises:
        ValueError: If a value is invalid, the device is not available, or a weight file does not fit the model exactly (apart
            from its classifier).
        DysfwError: If published weights are not on this machine and must not be downloaded, or no runtime can execute the
            model.
    """

    def __init__(
        self,
        model: str,
        weights: Literal["imagenet", "random"] | Path,
        *,
        pooling: Pooling = "average",
        size: int | None = None,
        batch_size: int = 32,
        seed: int = 0,
        device: str = "cpu",
        precision: Precision = "float32",
        runtime: str = "auto",
        compile: bool = False,
    ) -> None:
        if pooling not in ("average", "max", "flatten"):
            raise ValueError(f'pooling must be "average", "max" or "flatten", found {pooling!r}')
        if seed < 0:
            raise ValueError(f"seed must be 0 or more, found {seed}")
        self._config, self._pooling, self._seed = find_model(model), pooling, seed
        side = self._config.size if size is None else size
        is_random = weights == "random"
        graph = None if is_random else self._config.graph
        self._file = None if is_random else _weight_file(self._config, weights)
        if graph and self._file:
            graph.check(read_shapes(self._file), str(self._file), ignore=(*self._config.classifier, *UNUSED_LAYERS))
            if side < (smallest := graph.config["smallest"]):
                raise ValueError(f"the model does not support crops of {side} px; {smallest} is the minimum")
        super().__init__(
            size=side, batch_size=batch_size, device=device, precision=precision, runtime=runtime, graph=graph, compile=compile
        )
        self._dim = self._measured_dim(is_known=size is None and pooling != "flatten")
        self._weights = self._describe(weights)

    @property
    def dim(self) -> int:
        """Length of an embedding."""
        return self._dim

    @property
    def last_block(self) -> frozenset[str]:
        """For training code, see ``dysfw.runtime.torch_utils.Tunable``."""
        if self._is_built_here:
            from .inception_resnet_v2 import LAST_BLOCK

            return frozenset(name for name in self.net.state_dict() if name.startswith(LAST_BLOCK))
        from .models import last_block

        return last_block(self.net)

    def weights(self) -> tuple[Weights, ...]:
        """The weight file, or the random weights."""
        return (self._weights,)

    def build_module(self) -> tuple[nn.Module, nn.Module]:
        """Build the model in torch, see ``dysfw.plugin.NetworkBackbone``."""
        from .network import Network

        net, mean, std = self._build()
        if self._file:
            from .loading import load

            load(net, self._file, (*self._config.classifier, *UNUSED_LAYERS))
        return Network(net, mean, std, self._pooling), net

    @property
    def _is_built_here(self) -> bool:
        """Whether the model needs no timm, which takes long to import. Random weights are timm's."""
        return self._file is not None and self._config.name.partition(".")[0] == WITHOUT_TIMM

    def _build(self) -> tuple[nn.Module, tuple[float, ...], tuple[float, ...]]:
        """Build the model, whose weights are still random, with the mean and the standard deviation that it expects."""
        if self._is_built_here:
            from . import inception_resnet_v2 as built_here

            return built_here.InceptionResnetV2(), built_here.MEAN, built_here.STD
        from .models import build, find_config

        config = find_config(self._config.name)
        return build(self._config.name, config, self.input_size, self._seed), config.mean, config.std

    def read_tensors(self, names: Collection[str]) -> Tensors:
        """Read weights, see ``dysfw.plugin.NetworkBackbone``."""
        assert self._file  # noqa: S101  # random weights have no graph
        return read_weights(self._file, names)

    def pool(self, features: Float32) -> Float32:
        """Pool feature maps [N, channels, positions]."""
        if self._pooling == "flatten":
            return features.reshape(len(features), -1)
        return features.mean(2) if self._pooling == "average" else features.max(2)

    def _measured_dim(self, *, is_known: bool) -> int:
        """Length of an embedding, where necessary determined by computing one."""
        graph = self._config.graph
        if graph and self._file and self._pooling != "flatten":
            return int(graph.config["channels"])
        if is_known:
            return int(self.module.channels)  # type: ignore[arg-type]
        try:
            return self.measured_dim()
        except (RuntimeError, AssertionError) as error:
            message = str(error).splitlines()[0]
            raise ValueError(f"the model does not support crops of {self.input_size} px: {message}") from error

    def _describe(self, weights: str | Path) -> Weights:
        if self._file is None:
            from dysfw.plugin import tensor_digest

            name = f"{self._config.name} (random)"
            return Weights(name, tensor_digest(self.net), "unstated", f"random, seed {self._seed}", trained=False)
        if weights == "imagenet":
            name, licence, source = (
                f"{self._config.hub}/{FILE}",
                self._config.licence,
                f"https://huggingface.co/{self._config.hub}",
            )
        else:
            name, licence, source = self._file.name, read_metadata(self._file).get("licence") or "unstated", self._file.name
        return Weights(name, known_sha256(self._file), licence, source)


def _weight_file(config: ModelConfig, weights: str | Path) -> Path:
    if weights == "imagenet":
        return published_file(config)
    if not Path(weights).is_file():
        raise ValueError(f'weights must be "imagenet", "random" or the path of a safetensors file, found {str(weights)!r}')
    return Path(weights)
