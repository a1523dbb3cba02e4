"""``dysfw components``: the components that recipes can use."""

from __future__ import annotations

from typing import Annotated

import typer

from ...contracts.kinds import KINDS
from ...errors import DysfwError
from ...util.text import closest, listed


def components(
    ctx: typer.Context,
    kind: Annotated[str | None, typer.Argument(help=f"List only this kind: {listed(KINDS)}.", show_default=False)] = None,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print full documentation in Markdown; imports every component.")
    ] = False,
) -> None:
    """List the components that recipes can use, with the plugin and version of each.

    No component is imported, except with --markdown.
    """
    from ..main import registry_of
    from ..terminal import out, warn

    if kind is not None and kind not in KINDS:
        raise DysfwError(f"unknown kind {kind!r}{closest(kind, KINDS)}", hint=f"kinds: {listed(KINDS)}")
    registry = registry_of(ctx)
    if markdown:
        from ...output.component_reference import component_reference

        typer.echo(component_reference(registry, [one for one in KINDS if kind in (None, one)]), nl=False)
        return
    from ...output.fitted_table import Column, FittedTable

    more = (Column("plugin", role="more"), Column("summary", role="more"))
    table = FittedTable(Column("kind", role="id"), Column("name"), *more, below="lines")
    duplicates = []
    for listed_kind in KINDS:
        entries = registry.components[listed_kind] if kind in (None, listed_kind) else []
        names = [entry.spec.name for entry in entries]
        for entry in sorted(entries, key=lambda e: e.spec.name):
            ambiguous = names.count(entry.spec.name) > 1
            name = entry.full_name if ambiguous else entry.spec.name
            duplicates += [f"{listed_kind} {entry.full_name}"] if ambiguous else []
            table.add(listed_kind, name, entry.plugin.origin, entry.spec.summary)
    out().print(table)
    if duplicates:
        warn(f"write these names in full, since several plugins register them: {listed(duplicates)}")
