"""``dysfw weights list|show|fetch|verify|import``: the weight files that plugins register."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..options import command_group

if TYPE_CHECKING:
    from ...registry.hookspecs import WeightsSpec
    from ...registry.registry import Entry, Registry

app = command_group("List, fetch, verify and import the weight files that plugins register.")
Names = Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Names of weights.", show_default=False)]
Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the weights.", show_default=False)]


@app.command("list")
def list_weights(
    ctx: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="Print JSON Lines, one object per file.")] = False
) -> None:
    """List the registered weight files and their state."""
    from ...output.fitted_table import Column, FittedTable
    from ...weights.find import size_of
    from ...weights.store import file_status
    from ..main import registry_of
    from ..terminal import out

    more = [Column(title, role="more") for title in ("plugin", "size", "licence", "summary")]
    table = FittedTable(Column("name", role="id"), *more[:3], Column("state"), *more[3:], below="lines")
    for entry in _entries(registry_of(ctx), None):
        spec, status = entry.spec, file_status(entry.spec)
        if as_json:
            typer.echo(json.dumps(_to_json(entry), ensure_ascii=False))
        else:
            table.add(spec.name, entry.plugin.distribution, size_of(spec), spec.licence, status.condition, spec.summary)
    if not as_json:
        out().print(table)


@app.command()
def show(ctx: typer.Context, name: Name) -> None:
    """Show source, hash, licence and citation of a weight file."""
    from ...output.fitted_table import Column, FittedTable, multiline
    from ...weights.find import size_of
    from ..main import registry_of
    from ..terminal import out

    (entry,) = _entries(registry_of(ctx), [name])
    exact = entry.spec.exact_bytes
    fields = _to_json(entry) | {"size": f"{exact:,} bytes" if exact else size_of(entry.spec), "exact_size": None}
    table = FittedTable(Column("field", role="id"), Column("value"), header=False)
    for key, value in fields.items():
        if value not in ("", None):
            table.add(key.replace("_", " "), multiline(str(value)))
    out().print(table)


@app.command()
def fetch(
    ctx: typer.Context,
    names: Names = None,
    every: Annotated[bool, typer.Option("--all", help="Fetch all missing files.")] = False,
) -> None:
    """Download weight files from their publishers and verify them.

    An interrupted download resumes where it stopped. DYSFW_OFFLINE=1 forbids downloads.

    Exit code 1: some files could not be fetched; the others were.
    """
    from ...errors import DysfwError
    from ...weights import network
    from ..main import registry_of
    from ..terminal import TerminalProgress, out, print_error

    if not names and not every:
        raise DysfwError("give the names of the weights to fetch, or --all", hint="`dysfw weights list` shows all names")
    network.allow_fetching(True, TerminalProgress())
    entries = _entries(registry_of(ctx), None if every else names)
    failed = False
    for entry in entries:
        try:
            out().print(f"{entry.spec.name}: {_fetch(entry)}", markup=False)
        except DysfwError as error:
            if len(entries) == 1:
                raise
            print_error(error)  # fetch the others nevertheless
            failed = True
    if failed:
        raise typer.Exit(1)


def _fetch(entry: Entry[WeightsSpec]) -> str:
    """Download the file unless it is there, and return a line about where it is."""
    from ...weights.find import damaged_error, fetch_weights
    from ...weights.store import file_status

    status = file_status(entry.spec, verify_hash=True)
    if status.condition == "here":
        return f"already on this machine, {status.path}"
    if status.condition == "damaged" and entry.spec.ships:
        raise damaged_error(entry.spec, status)
    return str(fetch_weights(entry.spec))


@app.command()
def verify(ctx: typer.Context, names: Names = None) -> None:
    """Verify the sha256 of the weight files on this machine.

    Exit code 1: a file is damaged, or a file that you named or that ships with a plugin is missing.
    """
    from ...weights.find import damaged_error, missing_error
    from ...weights.store import file_status
    from ..main import registry_of
    from ..terminal import out, print_error

    failed = False
    for entry in _entries(registry_of(ctx), names):
        status = file_status(entry.spec, verify_hash=True)
        if status.condition == "damaged":
            failed = True
            print_error(damaged_error(entry.spec, status))
        elif status.condition == "here":
            digest = f"sha256 {status.sha256}" + ("" if entry.spec.sha256 else ", as published on the hub")
            state = f"verified ({digest})" if status.sha256 else "not verified (its sha256 is not published)"
            out().print(f"{entry.spec.name}: {state}", markup=False)
        elif names or entry.spec.ships:
            failed = True
            print_error(missing_error(entry.spec))
    if failed:
        raise typer.Exit(1)


@app.command("import")
def import_weights(
    ctx: typer.Context,
    name: Name,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The downloaded file.", show_default=False)],
) -> None:
    """Import a file that you downloaded yourself.

    The file is copied if its sha256 is the published one.
    """
    from ...errors import DysfwError
    from ...util.files import sha256_of
    from ...weights.store import import_file
    from ..main import registry_of
    from ..terminal import out

    registry = registry_of(ctx)
    (entry,) = _entries(registry, [name])
    if entry.spec.ships:
        raise DysfwError(f"{name} ships with {entry.plugin.distribution}; there is nothing to import")
    if not entry.spec.sha256:
        raise DysfwError(
            f"the sha256 of {name} is not published, so a file cannot be verified", hint="give its path in the recipe"
        )
    try:
        path = import_file(entry.spec, file)
    except DysfwError as error:
        digest = sha256_of(file) if file.is_file() else ""
        others = [e.spec.name for e in registry.weights if digest and e.spec.sha256 == digest]
        raise DysfwError(error.message, hint=f"the file is {others[0]}" if others else error.hint) from None
    out().print(f"{name}: {path}", markup=False)


def _entries(registry: Registry, names: list[str] | None) -> list[Entry[WeightsSpec]]:
    """Return the named weights, or all of them sorted by name.

    Raises:
        DysfwError: No plugin registers one of the names.
    """
    from ...errors import DysfwError
    from ...util.text import closest, listed

    if not names:
        return sorted(registry.weights, key=lambda entry: entry.full_name)
    entries = []
    for name in names:
        entry = registry.named_weights(name)
        if entry is None:
            known = sorted({e.spec.name for e in registry.weights})
            raise DysfwError(f"unknown weights {name!r}{closest(name, known)}", hint=f"registered: {listed(known)}")
        entries.append(entry)
    return entries


def _to_json(entry: Entry[WeightsSpec]) -> dict[str, object]:
    from ...weights.hub import address_of
    from ...weights.store import file_status

    spec, status = entry.spec, file_status(entry.spec)
    return {
        "name": spec.name,
        "plugin": entry.plugin.distribution,
        "summary": spec.summary,
        "state": status.condition,
        "problem": status.problem,
        "path": str(status.path) if status.path else None,
        "source": spec.source,
        "address": address_of(spec.hub, spec.file, spec.revision) if spec.hub else spec.address or None,
        "file": spec.file.rpartition("/")[2],
        "size": spec.size or None,
        "exact_size": spec.exact_size,
        "sha256": status.sha256 or None,
        "licence": spec.licence,
        "conditions": spec.conditions,
        "trained_on": spec.trained_on,
        "citation": spec.citation,
    }
