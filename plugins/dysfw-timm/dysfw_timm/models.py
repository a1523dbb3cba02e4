"""Looks up and builds timm's models."""

from __future__ import annotations

import difflib
from typing import Any

import timm
import torch
from timm.models import PretrainedCfg, group_parameters
from torch import nn

MAX_SUGGESTIONS = 5
PRE_LOGITS = "pre_logits"  # layers used by the classifier only
MIN_BLOCK_SHARE = 0.05  # of all parameters; a final normalisation or small convolution is not a block


def find_config(name: str) -> PretrainedCfg:
    """Look up timm's description of a model's published weights.

    Args:
        name: An architecture, or "architecture.tag".

    Raises:
        ValueError: If timm does not have the model; the message suggests similar names.
    """
    architecture, _, tag = name.partition(".")
    # Only names in timm's registry, because timm would download models for names such as "hf-hub:…".
    known = timm.list_models()
    if architecture not in known:
        raise ValueError(f"timm has no model {architecture!r}{_closest(architecture, known)}")
    tags = [full.partition(".")[2] for full in timm.list_models(f"{architecture}.*", include_tags=True)]
    if tag and tag not in tags:
        raise ValueError(f"timm's {architecture} has no weights {tag!r}; it has {', '.join(filter(None, tags)) or 'none'}")
    config = timm.get_pretrained_cfg(name)
    if config is None:
        raise ValueError(f"timm does not describe the input of {name}")
    return config


def build(name: str, config: PretrainedCfg, size: int, seed: int) -> nn.Module:
    """Build a model without its classifier, with random weights.

    Args:
        name: Name of the model.
        config: timm's description of its weights.
        size: Side of the input, px.
        seed: Random seed of the weights.
    """
    options: dict[str, Any] = {"img_size": size} if config.fixed_input_size else {}
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)  # torch.manual_seed would also seed the GPUs
        model = timm.create_model(name, pretrained=False, num_classes=0, **options)
    if hasattr(model, PRE_LOGITS):  # in VGG, between the last feature map and the classifier, with 90 % of the parameters
        setattr(model, PRE_LOGITS, nn.Identity())
    return model


def last_block(net: nn.Module) -> frozenset[str]:
    """Names of the tensors in the last layer groups of timm that contain at least 5 % of the model's parameters."""
    sizes = {name: parameter.numel() for name, parameter in net.named_parameters()}
    layers = group_parameters(net, net.group_matcher(coarse=False))  # type: ignore[operator]
    chosen: set[str] = set()
    for _, names in sorted(layers.items(), reverse=True):
        chosen.update(names)
        if sum(sizes[name] for name in chosen) >= MIN_BLOCK_SHARE * sum(sizes.values()):
            break
    modules = {name.rpartition(".")[0] for name in chosen}
    return frozenset(name for name in net.state_dict() if name in chosen or name.rpartition(".")[0] in modules)


def _closest(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=MAX_SUGGESTIONS)
    return f"; the closest are {', '.join(close)}" if close else ""
