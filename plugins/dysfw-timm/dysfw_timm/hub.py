"""Weights that timm publishes on the Hugging Face Hub."""

from __future__ import annotations

import math
from pathlib import Path

from dysfw.plugin import (
    DysfwError,
    WeightsMissingError,
    address_of,
    cached_file,
    fetch_from_hub,
    fetch_progress,
    find_weights,
    may_fetch,
)

from .config import ModelConfig
from .weights import WEIGHTS

FILE = "model.safetensors"
LOCAL_FILE_HINT = "set weights to the path of a local safetensors file"


def published_file(config: ModelConfig) -> Path:
    """Locate the published weights of a model, or download them if that is allowed.

    Files listed in this plugin's ``WEIGHTS`` are verified, and can also be imported.

    Args:
        config: The model.

    Raises:
        DysfwError: If no safetensors file is published, or the file is missing and cannot or must not be downloaded.
    """
    repository, name = config.hub, config.name
    if not repository:
        raise DysfwError(f"timm lists no published weights for {name}", hint=LOCAL_FILE_HINT)
    for spec in WEIGHTS:
        if spec.hub == repository:
            return find_weights(spec)
    cached = cached_file(repository, FILE)
    if cached:
        return cached
    about = f"{address_of(repository, FILE)}, at least {_smallest_size(config) / 1e6:.0f} MB, licence {config.licence}"
    if not may_fetch():
        message = f"the weights of {name} are not on this machine: {about}"
        raise WeightsMissingError(message, hint=f"run again with --fetch (or DYSFW_FETCH=1), or {LOCAL_FILE_HINT}")
    fetch_progress().note(f"fetching the weights of {name} from {about}")
    try:
        return fetch_from_hub(repository, FILE)
    except DysfwError as error:
        raise DysfwError(
            f"the weights of {name}: {error.message}", hint=f"{error.hint or 'try again'}, or {LOCAL_FILE_HINT}"
        ) from error


def _smallest_size(config: ModelConfig) -> int:
    """Bytes of the model's tensors without the classifier."""
    if config.graph:
        return 4 * sum(math.prod(shape) for shape in config.graph.tensors.values())
    from .models import build, find_config

    net = build(config.name, find_config(config.name), config.size, seed=0)
    return sum(tensor.nbytes for tensor in net.state_dict().values())
