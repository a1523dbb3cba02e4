"""timm's models by name: what timm knows of their weights and input, and how to build them."""

from __future__ import annotations

import difflib
from typing import Any

import timm
import torch
from timm.models import PretrainedCfg, group_parameters
from torch import nn

NEAREST = 5
PRE_LOGITS = "pre_logits"  # layers that only a classifier needs
LAST = 0.05  # of all parameters: a norm or a small convolution at the end is no block


def find_config(name: str) -> PretrainedCfg:
    """What timm says of the model's published weights. name: an architecture, or "architecture.tag".

    Raises ValueError for a name that timm does not have, with the closest that it has.
    """
    architecture, _, tag = name.partition(".")
    # Only names of timm's own registry: it would take "hf-hub:…" and go to the network.
    known = timm.list_models()
    if architecture not in known:
        raise ValueError(f"timm has no model {architecture!r}{_closest(architecture, known)}")
    tags = [full.partition(".")[2] for full in timm.list_models(f"{architecture}.*", include_tags=True)]
    if tag and tag not in tags:
        raise ValueError(f"timm's {architecture} has no weights {tag!r}; it has {', '.join(filter(None, tags)) or 'none'}")
    config = timm.get_pretrained_cfg(name)
    if config is None:
        raise ValueError(f"timm does not say what input {name} takes")
    return config


def build(name: str, config: PretrainedCfg, size: int, seed: int) -> nn.Module:
    """The model without its classifier, with random weights that ``seed`` alone decides, for inputs of ``size`` px."""
    options: dict[str, Any] = {"img_size": size} if config.fixed_input_size else {}
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)  # not torch.manual_seed: that would seed the GPUs too
        model = timm.create_model(name, pretrained=False, num_classes=0, **options)
    if hasattr(model, PRE_LOGITS):  # VGG's: nine tenths of its parameters, between the last map and the classifier
        setattr(model, PRE_LOGITS, nn.Identity())
    return model


def last_block(net: nn.Module) -> frozenset[str]:
    """Names of the tensors of the last layers, as timm groups layers, that hold a twentieth of the model's parameters."""
    sizes = {name: parameter.numel() for name, parameter in net.named_parameters()}
    layers = group_parameters(net, net.group_matcher(coarse=False))  # type: ignore[operator]
    chosen: set[str] = set()
    for _, names in sorted(layers.items(), reverse=True):
        chosen.update(names)
        if sum(sizes[name] for name in chosen) >= LAST * sum(sizes.values()):
            break
    modules = {name.rpartition(".")[0] for name in chosen}
    return frozenset(name for name in net.state_dict() if name in chosen or name.rpartition(".")[0] in modules)


def _closest(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=NEAREST)
    return f"; the closest are {', '.join(close)}" if close else ""
