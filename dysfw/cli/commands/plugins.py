"""``dysfw plugins``: what is installed, and what of it works."""

from __future__ import annotations

import typer


def plugins(ctx: typer.Context) -> None:
    """List the plugins: version, entry point, what each registers, and what is wrong with the broken ones."""
    from rich.markup import escape
    from rich.table import Table

    from ...text import in_words
    from ..main import registry_of
    from ..terminal import out

    registry = registry_of(ctx)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("plugin", "from", "entry point", "state", "registers"):
        table.add_column(column, no_wrap=column not in ("state", "registers"))
    for plugin in registry.plugins:
        offered = [
            f"{kind} {e.spec.name}" for kind, entries in registry.components.items() for e in entries if e.plugin == plugin
        ]
        offered += [f"command {e.spec.name}" for e in registry.commands if e.plugin == plugin]
        offered += [f"bundle {e.spec.name}" for e in registry.bundles if e.plugin == plugin]
        state = "[green]ok[/]"
        if plugin.error:
            state = f"[red]broken:[/] {escape(in_words(plugin.error))}"
        elif plugin.excluded:
            state = "[yellow]left out[/] by --plugins or DYSFW_PLUGINS"
        table.add_row(plugin.name, escape(plugin.origin), escape(plugin.target), state, escape(", ".join(offered)))
    out().print(table)
