"""Files of the Hugging Face hub, through its own client: from its cache, or over the network where that is allowed.

Nobody is told who asks: no usage data and no token is sent.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ..errors import DysfwError

MAIN = "main"  # the revision that publishers mean


def cached_file(repository: str, file: str, revision: str = MAIN) -> Path | None:
    """The file in the hub's cache; None where it is not there, or the hub's client is not installed."""
    try:
        from huggingface_hub import try_to_load_from_cache
    except ImportError:
        return None
    found = try_to_load_from_cache(repository, file, revision=revision)
    return Path(found) if isinstance(found, str) else None


def stated_sha256(path: Path) -> str:
    """What the hub said a cached file's sha256 is, by which the cache names it; "" where it said none."""
    name = path.resolve().name
    return name if re.fullmatch(r"[0-9a-f]{64}", name) else ""


def address_of(repository: str, file: str, revision: str = MAIN) -> str:
    """Where the file is on the web, for people."""
    try:
        from huggingface_hub import hf_hub_url
    except ImportError:
        return f"https://huggingface.co/{repository}/resolve/{revision}/{file}"
    return hf_hub_url(repository, file, revision=revision)


def fetch_from_hub(repository: str, file: str, revision: str = MAIN) -> Path:
    """The file, fetched into the hub's cache unless it is there. Raises DysfwError with the reason where that cannot be."""
    try:
        from huggingface_hub import constants, hf_hub_download
    except ImportError as error:
        raise DysfwError(
            f"fetching {file} of {repository} needs huggingface_hub ({error})", hint="pip install huggingface_hub"
        ) from None
    # With usage data on, the hub's client would also look up, over the network, by which program it is used.
    constants.HF_HUB_DISABLE_TELEMETRY = True
    address = address_of(repository, file, revision)
    try:
        return Path(hf_hub_download(repository, file, revision=revision, token=False))
    except Exception as error:  # what the client underneath raises differs with the hub's version
        if _is_absent(error):
            message = f"{address} is not there, and no other format is read: pickled weights may run code"
            raise DysfwError(message) from error
        reason = str(error.__cause__ or error).strip().partition("\n")[0]
        raise DysfwError(f"{address} could not be fetched: {reason or type(error).__name__}", hint="try again") from error


def _is_absent(error: Any) -> bool:  # noqa: ANN401  # the client's own classes, which its versions rename
    from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError

    return isinstance(error, EntryNotFoundError) and not isinstance(error, LocalEntryNotFoundError)
