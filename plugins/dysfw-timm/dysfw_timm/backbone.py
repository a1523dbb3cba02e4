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
    """Any model of timm as a trunk: an embedding is its last feature map, pooled.

    model: timm's name, if need be with the tag of its weights (inception_resnet_v2, inception_resnet_v2.tf_ens_adv_in1k).
    weights: "imagenet" (those that timm publishes for the model), "random" (from ``seed``; embeddings mean nothing), the path
    of a safetensors file, or, in a recipe, the name of one that a plugin brings ("phantom"). pooling: "average" and "max" over
    the map, or "flatten", the whole of it, channel by channel. size: side of the crops, px; without it the one that the model
    was trained for. batch: crops that go through the model at once. seed: for random weights, 0 or more. device, precision,
    compile: see ``dysfw.torch_utils.TorchRunner``.

    Raises ValueError where a value is wrong, the device is not there, or a weight file does not fit the model exactly (but
    for its classifier); DysfwError where published weights are not on this machine and may not be fetched.

    module, net, last_block: for training code, see ``dysfw.torch_utils.Tunable``.
    """

    def __init__(
        self,
        model: str,
        weights: Literal["imagenet", "random"] | Path,
        *,
        pooling: Pooling = "average",
        size: int | None = None,
        batch: int = 32,
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
        self._runner = TorchRunner(side, batch, device, precision, compile=compile)
        self.net = build(model, config, side, seed)
        self._weights = _fill(self.net, model, config, weights, seed)
        network = Network(self.net, config.mean, config.std, pooling)
        known = size is None and pooling != "flatten"
        self._dim = network.channels if known else _measured_dim(network, side)
        self.module = self._runner.place(network)
        self.last_block = last_block(self.net)

    @property
    def input_size(self) -> int:
        return self._runner.size

    @property
    def dim(self) -> int:
        return self._dim

    def embed(self, crops: UInt8) -> Float32:
        """crops uint8 [N, size, size, 3] RGB -> float32 [N, dim]; ValueError for crops of another shape."""
        return self._runner.embed(self.module, crops, self._dim)

    def variant(self, differences: Mapping[str, Float32]) -> Timm:
        """See ``dysfw.contracts.components.Variable``."""
        other = copy.copy(self)
        other.module, other.net = with_weight_deltas(self.module, self.net, differences)
        return other

    def weights(self) -> tuple[Weights, ...]:
        return (self._weights,)


def _fill(net: nn.Module, model: str, config: PretrainedCfg, weights: str | Path, seed: int) -> Weights:
    """Loads what ``weights`` asks for into ``net``, which comes with random weights, and says what that is."""
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
    """Length of an embedding, by making one. Raises ValueError where the model cannot take crops of this size."""
    try:
        with torch.inference_mode():
            return int(network.eval()(torch.zeros(1, 3, side, side, dtype=torch.uint8)).shape[1])
    except (RuntimeError, AssertionError) as e:
        raise ValueError(f"the model cannot take crops of {side} px: {str(e).splitlines()[0]}") from e
