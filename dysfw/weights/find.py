"""From the name of weights to a file that is right, fetched where that is allowed."""

from __future__ import annotations

from pathlib import Path

from ..errors import DysfwError
from ..registry.hookspecs import WeightsSpec
from ..registry.registry import Entry
from . import leave
from .hub import address_of, fetch_from_hub, stated_sha256
from .store import Found, explained, look, make_folder, stored_path


class WeightsMissingError(DysfwError):
    """Weights that are not on this machine and may not be fetched."""


def find_weights(entry: Entry[WeightsSpec]) -> Path:
    """The file, its hash checked. Fetched where it is missing and ``dysfw.weights.leave`` allows that.

    Raises WeightsMissingError with all ways to get it, DysfwError where the file is damaged or cannot be fetched.
    """
    spec = entry.spec
    found = look(spec, thoroughly=True)
    if found.condition == "missing" and leave.may_fetch():
        return fetch_weights(spec)
    if found.condition == "missing":
        raise WeightsMissingError(f"the weights {spec.name!r} are not on this machine ({described(spec)})", hint=_ways(spec))
    if found.condition == "damaged" or found.path is None:
        raise damaged(entry, found)
    return found.path


def fetch_weights(spec: WeightsSpec) -> Path:
    """Fetch the file, whatever is here; says what, from where, how large and under which licence. Raises DysfwError."""
    if leave.is_offline():
        raise DysfwError(f"{spec.name} is not fetched: DYSFW_OFFLINE=1 forbids it", hint=_by_hand(spec))
    progress = leave.told()
    progress.note(f"fetching {spec.name} from {spec.source} ({described(spec)})")
    if spec.conditions:
        progress.note(f"  {spec.conditions}")
    if spec.hub:
        path = fetch_from_hub(spec.hub, spec.file)
        found = look(spec, thoroughly=True)
        if found.condition == "damaged":
            path.resolve().unlink(missing_ok=True)
            raise DysfwError(
                f"what came from {spec.source} is not {spec.name}: {found.problem}", hint="it was deleted; try again"
            )
        if not spec.sha256:
            stated = stated_sha256(path)
            progress.note(f"  its sha256 is {stated or 'stated by nobody'}" + (", as the hub states it" if stated else ""))
        return path
    from .download import Wanted, download  # brings requests, which a run that fetches nothing does not need

    target = stored_path(spec)
    with explained(target.parent):
        make_folder(target.parent)
        download(Wanted(spec.name, spec.address, spec.size if spec.exact_size else 0, spec.sha256), target, progress)
    return target


def described(spec: WeightsSpec) -> str:
    """ "112 MB, licence unstated"."""
    size = f"{spec.size / 1e6:,.0f} MB" if spec.size else "size unknown"
    return f"{size if spec.exact_size or not spec.size else 'about ' + size}, licence {spec.licence}"


def damaged(entry: Entry[WeightsSpec], found: Found) -> DysfwError:
    spec = entry.spec
    if spec.ships:
        remedy = f"reinstall {entry.plugin.distribution}"
    else:
        remedy = f"delete it and run `dysfw weights fetch {spec.name}`, or `dysfw weights import {spec.name} FILE`"
    return DysfwError(f"the weights {spec.name!r} in {found.path} are damaged: {found.problem}", hint=remedy)


def _ways(spec: WeightsSpec) -> str:
    return f"fetch them with `dysfw weights fetch {spec.name}` (or run again with --fetch). {_by_hand(spec)}"


def _by_hand(spec: WeightsSpec) -> str:
    if spec.hub and not spec.sha256:
        return f"By hand: download {address_of(spec.hub, spec.file)} and give its path in the recipe."
    address = spec.address or address_of(spec.hub, spec.file)
    return f"By hand: download {address} (sha256 {spec.sha256}), then `dysfw weights import {spec.name} FILE`."
