"""``dysfw components``: what recipes may name."""

from __future__ import annotations

from typing import Annotated

import typer

from ...errors import DysfwError
from ...kinds import KINDS
from ...text import closest, listed


def components(
    ctx: typer.Context,
    kind: Annotated[str | None, typer.Argument(help=f"Only one kind: {listed(KINDS)}.", show_default=False)] = None,
) -> None:
    """List the components that recipes may name, with the version and origin of each. Imports none of them."""
    from rich.markup import escape
    from rich.table import Table

    from ..main import registry_of
    from ..terminal import out, warn

    if kind is not None and kind not in KINDS:
        raise DysfwError(f"no kind is called {kind!r}{closest(kind, KINDS)}", hint=f"kinds: {listed(KINDS)}")
    registry = registry_of(ctx)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("kind", "name", "from", "what it is"):
        table.add_column(column, no_wrap=column != "what it is")
    doubled = []
    for own in KINDS:
        entries = registry.components[own] if kind in (None, own) else []
        names = [entry.spec.name for entry in entries]
        for entry in sorted(entries, key=lambda e: e.spec.name):
            ambiguous = names.count(entry.spec.name) > 1
            name = entry.full_name if ambiguous else entry.spec.name
            doubled += [f"{own} {entry.full_name}"] if ambiguous else []
            table.add_row(own, escape(name), escape(entry.plugin.origin), escape(entry.spec.summary))
    out().print(table)
    if doubled:
        warn(f"names registered twice must be written in full: {listed(doubled)}")
