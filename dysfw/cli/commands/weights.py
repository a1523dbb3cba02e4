"""``dysfw weights list|show|fetch|verify|import``: weight files that plugins know."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..options import command_group

if TYPE_CHECKING:
    from ...registry.hookspecs import WeightsSpec
    from ...registry.registry import Entry, Registry

app = command_group("Weight files that plugins know: what is here, where to get the others, and whether they are right.")
Names = Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Weights by name.", show_default=False)]
Name = Annotated[str, typer.Argument(metavar="NAME", help="Weights by name.", show_default=False)]


@app.command("list")
def list_weights(
    ctx: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="JSON Lines, one object for each.")] = False
) -> None:
    """Every weight file that an installed plugin knows, and whether it is on this machine."""
    from ...util.text import aligned
    from ...weights.find import size_of
    from ...weights.store import look
    from ..main import registry_of

    rows = [("name", "from", "size", "licence", "is", "what it is")]
    for entry in _entries(registry_of(ctx), None):
        spec, found = entry.spec, look(entry.spec)
        if as_json:
            typer.echo(json.dumps(_record(entry), ensure_ascii=False))
        else:
            rows.append((spec.name, entry.plugin.distribution, size_of(spec), spec.licence, found.condition, spec.summary))
    if not as_json:
        typer.echo(aligned(rows))


@app.command()
def show(ctx: typer.Context, name: Name) -> None:
    """All that is known of a weight file: where it is and comes from, its hash, licence, training data and citation."""
    from ...util.text import aligned
    from ...weights.find import size_of
    from ..main import registry_of

    (entry,) = _entries(registry_of(ctx), [name])
    exact = entry.spec.exact_bytes
    prediction_to_json = _record(entry) | {"size": f"{exact:,} bytes" if exact else size_of(entry.spec), "exact_size": None}
    typer.echo(
        aligned([(key.replace("_", " "), str(value)) for key, value in prediction_to_json.items() if value not in ("", None)])
    )


@app.command()
def fetch(
    ctx: typer.Context,
    names: Names = None,
    every: Annotated[bool, typer.Option("--all", help="All that are missing.")] = False,
) -> None:
    """Fetch weight files from where they are published, and check them. Goes on where it was stopped.

    Exit code 1: some could not be had, the others are here. DYSFW_OFFLINE=1 forbids it.
    """
    from ...errors import DysfwError
    from ...weights import network
    from ..main import registry_of
    from ..terminal import TerminalProgress, out, print_error

    if not names and not every:
        raise DysfwError("name the weights to fetch, or --all", hint="`dysfw weights list` shows what there is")
    network.allow_fetching(True, TerminalProgress())
    entries = _entries(registry_of(ctx), None if every else names)
    failed = False
    for entry in entries:
        try:
            out().print(f"{entry.spec.name}: {_fetched(entry)}", markup=False)
        except DysfwError as error:
            if len(entries) == 1:
                raise
            print_error(error)  # the others may still be had
            failed = True
    if failed:
        raise typer.Exit(1)


def _fetched(entry: Entry[WeightsSpec]) -> str:
    """Where the file is, fetched if need be. Raises DysfwError."""
    from ...weights.find import damaged, fetch_weights
    from ...weights.store import look

    found = look(entry.spec, thoroughly=True)
    if found.condition == "here":
        return f"here already, {found.path}"
    if found.condition == "damaged" and entry.spec.ships:
        raise damaged(entry.spec, found)
    return str(fetch_weights(entry.spec))


@app.command()
def verify(ctx: typer.Context, names: Names = None) -> None:
    """Hash every weight file that is on this machine and compare.

    Exit code 1 where one is not what it should be, or one that was named, or that comes with a plugin, is missing.
    """
    from ...weights.find import damaged, missing
    from ...weights.store import look
    from ..main import registry_of
    from ..terminal import out, print_error

    wrong = False
    for entry in _entries(registry_of(ctx), names):
        found = look(entry.spec, thoroughly=True)
        if found.condition == "damaged":
            wrong = True
            print_error(damaged(entry.spec, found))
        elif found.condition == "here":
            stated = f"sha256 {found.sha256}" + ("" if entry.spec.sha256 else ", as the hub states it")
            told = f"right ({stated})" if found.sha256 else "here (nobody states its sha256)"
            out().print(f"{entry.spec.name}: {told}", markup=False)
        elif names or entry.spec.ships:
            wrong = True
            print_error(missing(entry.spec))
    if wrong:
        raise typer.Exit(1)


@app.command("import")
def import_weights(
    ctx: typer.Context,
    name: Name,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file, as it was downloaded.", show_default=False)],
) -> None:
    """Take a file that was downloaded by hand, or on another machine, if it is the right one."""
    from ...errors import DysfwError
    from ...util.files import sha256_of
    from ...weights.store import import_file
    from ..main import registry_of
    from ..terminal import out

    registry = registry_of(ctx)
    (entry,) = _entries(registry, [name])
    if entry.spec.ships:
        raise DysfwError(f"{name} comes with {entry.plugin.distribution}; there is nothing to import")
    if not entry.spec.sha256:
        raise DysfwError(
            f"nobody states the sha256 of {name}, so no file can be told to be it", hint="give its path in the recipe"
        )
    try:
        path = import_file(entry.spec, file)
    except DysfwError as error:
        own = sha256_of(file) if file.is_file() else ""
        others = [e.spec.name for e in registry.weights if own and e.spec.sha256 == own]
        raise DysfwError(error.message, hint=f"it is {others[0]}" if others else error.hint) from None
    out().print(f"{name}: {path}", markup=False)


def _entries(registry: Registry, names: list[str] | None) -> list[Entry[WeightsSpec]]:
    """Those named, or all, by name. Raises DysfwError for one that nobody registered."""
    from ...errors import DysfwError
    from ...util.text import closest, listed

    if not names:
        return sorted(registry.weights, key=lambda entry: entry.full_name)
    found = []
    for name in names:
        entry = registry.named_weights(name)
        if entry is None:
            known = sorted({e.spec.name for e in registry.weights})
            raise DysfwError(f"no weights are called {name!r}{closest(name, known)}", hint=f"known here: {listed(known)}")
        found.append(entry)
    return found


def _record(entry: Entry[WeightsSpec]) -> dict[str, object]:
    from ...weights.hub import address_of
    from ...weights.store import look

    spec, found = entry.spec, look(entry.spec)
    return {
        "name": spec.name,
        "plugin": entry.plugin.distribution,
        "summary": spec.summary,
        "is": found.condition,
        "problem": found.problem,
        "path": str(found.path) if found.path else None,
        "source": spec.source,
        "address": address_of(spec.hub, spec.file, spec.revision) if spec.hub else spec.address or None,
        "file": spec.file.rpartition("/")[2],
        "size": spec.size or None,
        "exact_size": spec.exact_size,
        "sha256": found.sha256 or None,
        "licence": spec.licence,
        "conditions": spec.conditions,
        "trained_on": spec.trained_on,
        "citation": spec.citation,
    }
