"""The backbone ``timm``."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import torch
from timm.models import PretrainedCfg
from torch import nn

from dysfw.plugin import (
    Backbone,
    Float32,
    Precision,
    TorchRunner,
    UInt8,
    Weights,
    read_metadata,
    sha256_of,
    tensor_digest,
    with_weight_deltas,
)

from .hub import FILE, published_file
from .loading import load
from .models import build, find_config, last_block
from .network import Network, Pooling


class Timm(Backbone):
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
        precision: "bfloat16" runs under autocast, with weights in float32.
        compile: Whether to compile the model with ``torch.compile``.

    Attributes:
        module: For training code, see ``dysfw.torch_utils.Tunable``.
        net: For training code, see ``dysfw.torch_utils.Tunable``.
        last_block: For training code, see ``dysfw.torch_utils.Tunable``.

    Raises:
        ValueError: If a value is invalid, the device is not available, or a weight file does not fit the model exactly (apart
            from its classifier).
        DysfwError: If published weights are not on this machine and must not be downloaded.
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
        compile: bool = False,
    ) -> None:
        if pooling not in ("average", "max", "flatten"):
            raise ValueError(f'pooling must be "average", "max" or "flatten", found {pooling!r}')
        if seed < 0:
            raise ValueError(f"seed must be 0 or more, found {seed}")
        config = find_config(model)
        side = config.input_size[-1] if size is None else size
        self._runner = TorchRunner(side, batch_size, device, precision, compile=compile)
        self.net = build(model, config, side, seed)
        self._weights = _fill(self.net, model, config, weights, seed)
        network = Network(self.net, config.mean, config.std, pooling)
        is_known = size is None and pooling != "flatten"
        self._dim = network.channels if is_known else _measured_dim(network, side)
        self.module = self._runner.place(network)
        self.last_block = last_block(self.net)

    @property
    def input_size(self) -> int:
        """Side of the crops, px."""
        return self._runner.size

    @property
    def dim(self) -> int:
        """Length of an embedding."""
        return self._dim

    def embed(self, crops: UInt8) -> Float32:
        """Compute embeddings.

        Args:
            crops: uint8 [N, size, size, 3], RGB.

        Returns:
            float32 [N, dim].

        Raises:
            ValueError: If the crops have another shape or type.
        """
        return self._runner.embed(self.module, crops, self._dim)

    def variant(self, differences: Mapping[str, Float32]) -> Timm:
        """Return a copy with changed weights, see ``dysfw.contracts.components.SupportsWeightDelta``."""
        other = copy.copy(self)
        other.module, other.net = with_weight_deltas(self.module, self.net, differences)
        return other

    def weights(self) -> tuple[Weights, ...]:
        """The weight file, or the random weights."""
        return (self._weights,)


def _fill(net: nn.Module, model: str, config: PretrainedCfg, weights: str | Path, seed: int) -> Weights:
    """Load the weights into ``net``, which has random weights, and describe them."""
    if weights == "random":
        return Weights(f"{model} (random)", tensor_digest(net), "unstated", f"random, seed {seed}", trained=False)
    if weights == "imagenet":
        path = published_file(model, config, sum(t.nbytes for t in net.state_dict().values()))
        name, licence = f"{config.hf_hub_id}/{FILE}", config.license or "unstated"
        source = f"https://huggingface.co/{config.hf_hub_id}"
    else:
        path = Path(weights)
        if not path.is_file():
            raise ValueError(f'weights must be "imagenet", "random" or the path of a safetensors file, found {str(weights)!r}')
        name, licence, source = path.name, read_metadata(path).get("licence") or "unstated", path.name
    load(net, path, config.classifier)
    return Weights(name, sha256_of(path), licence, source)


def _measured_dim(network: Network, side: int) -> int:
    """Length of an embedding, determined by computing one; raises ValueError if the model does not support the size."""
    try:
        with torch.inference_mode():
            return int(network.eval()(torch.zeros(1, 3, side, side, dtype=torch.uint8)).shape[1])
    except (RuntimeError, AssertionError) as e:
        raise ValueError(f"the model does not support crops of {side} px: {str(e).splitlines()[0]}") from e
