"""Weights that timm publishes on the Hugging Face Hub."""

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
LOCAL_FILE_HINT = "set weights to the path of a local safetensors file"


def published_file(name: str, config: PretrainedCfg, size: int) -> Path:
    """Locate the published weights of a model, or download them if that is allowed.

    Files listed in this plugin's ``WEIGHTS`` are verified, and can also be imported.

    Args:
        name: Name of the model.
        config: timm's description of the weights.
        size: Size of the model's tensors without the classifier in bytes, for the message.

    Raises:
        DysfwError: If no safetensors file is published, or the file is missing and cannot or must not be downloaded.
    """
    repository = config.hf_hub_id
    if not repository:
        raise DysfwError(f"timm lists no published weights for {name}", hint=LOCAL_FILE_HINT)
    for spec in WEIGHTS:
        if spec.hub == repository:
            return find_weights(spec)
    cached = cached_file(repository, FILE)
    if cached:
        return cached
    about = f"{address_of(repository, FILE)}, at least {size / 1e6:.0f} MB, licence {config.license or 'unstated'}"
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
