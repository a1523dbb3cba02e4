"""The weights that timm publishes for a model, on the Hugging Face hub."""

from __future__ import annotations

from pathlib import Path

from timm.models import PretrainedCfg

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

from .weights import WEIGHTS

FILE = "model.safetensors"
LOCAL = "give the path of a local safetensors file as weights"


def published_file(name: str, config: PretrainedCfg, size: int) -> Path:
    """The file, from this machine or, where ``dysfw.weights.leave`` allows it, over the network. What this plugin's manifest
    lists is checked by it, and may also have been imported.

    size: of the model's tensors without a classifier, bytes, for the message. Raises DysfwError where nothing is published as
    safetensors, or where the file is not here and may not or cannot be fetched.
    """
    repository = config.hf_hub_id
    if not repository:
        raise DysfwError(f"timm names no published weights for {name}", hint=LOCAL)
    for spec in WEIGHTS:
        if spec.hub == repository:
            return find_weights(spec)
    cached = cached_file(repository, FILE)
    if cached:
        return cached
    about = f"{address_of(repository, FILE)}, at least {size / 1e6:.0f} MB, licence {config.license or 'unstated'}"
    if not may_fetch():
        message = f"the weights of {name} are not on this machine: {about}"
        raise WeightsMissingError(message, hint=f"run again with --fetch (or DYSFW_FETCH=1), or {LOCAL}")
    fetch_progress().note(f"fetching the weights of {name} from {about}")
    try:
        return fetch_from_hub(repository, FILE)
    except DysfwError as error:
        raise DysfwError(f"the weights of {name}: {error.message}", hint=f"{error.hint or 'try again'}, or {LOCAL}") from error
