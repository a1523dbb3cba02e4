"""``dysfw components``: what recipes may name."""

from __future__ import annotations

from typing import Annotated

import typer

from ...contracts.kinds import KINDS
from ...errors import DysfwError
from ...util.text import aligned, closest, listed


def components(
    ctx: typer.Context,
    kind: Annotated[str | None, typer.Argument(help=f"Only one kind: {listed(KINDS)}.", show_default=False)] = None,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Everything about each, with its parameters; imports them all.")
    ] = False,
) -> None:
    """List the components that recipes may name, with the version and origin of each. Imports none of them."""
    from ..main import registry_of
    from ..terminal import warn

    if kind is not None and kind not in KINDS:
        raise DysfwError(f"no kind is called {kind!r}{closest(kind, KINDS)}", hint=f"kinds: {listed(KINDS)}")
    registry = registry_of(ctx)
    if markdown:
        from ...output.component_reference import component_reference

        typer.echo(component_reference(registry, [own for own in KINDS if kind in (None, own)]), nl=False)
        return
    rows = [("kind", "name", "from", "what it is")]
    doubled = []
    for own in KINDS:
        entries = registry.components[own] if kind in (None, own) else []
        names = [entry.spec.name for entry in entries]
        for entry in sorted(entries, key=lambda e: e.spec.name):
            ambiguous = names.count(entry.spec.name) > 1
            name = entry.full_name if ambiguous else entry.spec.name
            doubled += [f"{own} {entry.full_name}"] if ambiguous else []
            rows.append((own, name, entry.plugin.origin, entry.spec.summary))
    typer.echo(aligned(rows))
    if doubled:
        warn(f"names registered twice must be written in full: {listed(doubled)}")
