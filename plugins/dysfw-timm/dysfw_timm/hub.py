"""Published weights from the Hugging Face hub: from its cache, and over the network only where the user asked for that."""

from __future__ import annotations

import os
from pathlib import Path

from huggingface_hub import constants, hf_hub_download, hf_hub_url, try_to_load_from_cache
from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError
from timm.models import PretrainedCfg

from dysfw.errors import DysfwError

FILE = "model.safetensors"
LOCAL = "give the path of a local safetensors file as weights"


def published_file(name: str, config: PretrainedCfg, size: int) -> Path:
    """The file of the model's published weights, from the hub's cache or, where DYSFW_FETCH is "1", over the network.

    DYSFW_OFFLINE="1" forbids the network whatever DYSFW_FETCH says. size: of the model's tensors without a classifier,
    bytes, for the message. Nobody is told who asks: no usage data and no token is sent. Raises DysfwError where nothing is
    published as safetensors, or where the file is not here and may not or cannot be fetched.
    """
    repository = config.hf_hub_id
    if not repository:
        raise DysfwError(f"timm names no published weights for {name}", hint=LOCAL)
    cached = try_to_load_from_cache(repository, FILE)
    if isinstance(cached, str):
        return Path(cached)
    address = hf_hub_url(repository, FILE)
    if not _may_fetch():
        raise DysfwError(
            f"the weights of {name} are not on this machine: {address}, at least {size / 1e6:.0f} MB, "
            f"licence {config.license or 'unstated'}",
            hint=f"run again with --fetch, or {LOCAL}",
        )
    # With usage data on, the hub's client would also look up, over the network, by which program it is used.
    constants.HF_HUB_DISABLE_TELEMETRY = True
    try:
        return Path(hf_hub_download(repository, FILE, token=False))
    except Exception as e:  # what the client underneath raises differs with the hub's version
        if isinstance(e, EntryNotFoundError) and not isinstance(e, LocalEntryNotFoundError):
            message = f"{address} is not there, and no other format is read: pickled weights may run code"
            raise DysfwError(message, hint=LOCAL) from e
        reason = str(e.__cause__ or e).strip().partition("\n")[0]
        message = f"the weights of {name} could not be fetched from {address}: {reason or type(e).__name__}"
        raise DysfwError(message, hint=f"try again, or {LOCAL}") from e


def _may_fetch() -> bool:
    return os.environ.get("DYSFW_FETCH") == "1" and os.environ.get("DYSFW_OFFLINE") != "1"
