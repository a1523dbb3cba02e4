"""Files of the Hugging Face hub: from the cache of its client, or over the network.

Neither usage data nor a token is sent.
"""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import Any

from ..errors import DysfwError
from .folders import hub_folder

MAIN = "main"  # the default revision


def cached_file(repository: str, file: str, revision: str = MAIN) -> Path | None:
    """Find a file of the hub: in dysfw's store, or in the user's own cache of the hub's client.

    Args:
        repository: "owner/repository".
        file: The file's path in it.
        revision: A branch, tag or commit.

    Returns:
        The path; None if the file is in neither, or if huggingface_hub is not installed.
    """
    try:
        from huggingface_hub import try_to_load_from_cache
    except ImportError:
        return None
    places: list[Path | None] = [None]  # the client's own
    with contextlib.suppress(DysfwError):  # no home folder
        places.insert(0, hub_folder())
    found = (try_to_load_from_cache(repository, file, cache_dir=place, revision=revision) for place in places)
    return next((Path(path) for path in found if isinstance(path, str)), None)


def stated_sha256(path: Path) -> str:
    """Return the sha256 that the hub stated for a file in its cache, which names the file by it; "" if it stated none."""
    name = path.resolve().name
    return name if re.fullmatch(r"[0-9a-f]{64}", name) else ""


def address_of(repository: str, file: str, revision: str = MAIN) -> str:
    """Return the web address of a file, for people.

    Args:
        repository: "owner/repository".
        file: The file's path in it.
        revision: A branch, tag or commit.

    Returns:
        The address.
    """
    try:
        from huggingface_hub import hf_hub_url
    except ImportError:
        return f"https://huggingface.co/{repository}/resolve/{revision}/{file}"
    return hf_hub_url(repository, file, revision=revision)


def fetch_from_hub(repository: str, file: str, revision: str = MAIN) -> Path:
    """Download a file into dysfw's store, or into the folder that the user set for the hub, unless it is there.

    Args:
        repository: "owner/repository".
        file: The file's path in it.
        revision: A branch, tag or commit.

    Returns:
        The path.

    Raises:
        DysfwError: It cannot be downloaded, or there is no folder for it.
    """
    try:
        from huggingface_hub import constants, hf_hub_download
    except ImportError as error:
        raise DysfwError(
            f"downloading {file} of {repository} needs huggingface_hub ({error})", hint="pip install huggingface_hub"
        ) from None
    # Here too, because the client may have been imported before dysfw: no usage data, and none of the caches and logs that its
    # faster protocol writes beside the files.
    constants.HF_HUB_DISABLE_TELEMETRY = constants.HF_HUB_DISABLE_XET = True
    folder = hub_folder()
    address = address_of(repository, file, revision)
    try:
        return Path(hf_hub_download(repository, file, revision=revision, cache_dir=folder, token=False))
    except Exception as error:  # the exceptions of the client differ between its versions
        if _is_absent(error):
            message = f"{address} does not exist, and other formats are not supported: pickled weights may run code"
            raise DysfwError(message) from error
        reason = str(error.__cause__ or error).strip().partition("\n")[0]
        raise DysfwError(f"{address} could not be downloaded: {reason or type(error).__name__}", hint="try again") from error


def _is_absent(error: Any) -> bool:  # noqa: ANN401  # the client's own classes, which its versions rename
    from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError

    return isinstance(error, EntryNotFoundError) and not isinstance(error, LocalEntryNotFoundError)
