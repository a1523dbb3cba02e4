"""``dysfw plugins``: what is installed, and what of it works."""

from __future__ import annotations

import typer


def plugins(ctx: typer.Context) -> None:
    """List the plugins: version, entry point, what each registers, and what is wrong with the broken ones."""
    from rich.markup import escape
    from rich.table import Table

    from ...util.text import error_text
    from ..main import COMMANDS, registry_of
    from ..terminal import out, warn

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
        offered += [f"runner {e.spec.name}" for e in registry.runners if e.plugin == plugin]
        offered += [f"weights {e.spec.name}" for e in registry.weights if e.plugin == plugin]
        state = "[yellow]prints when loaded[/]" if plugin.captured else "[green]ok[/]"
        if plugin.error:
            state = f"[red]broken:[/] {escape(error_text(plugin.error))}"
        elif plugin.excluded:
            state = "[yellow]left out[/] by --plugins or DYSFW_PLUGINS"
        table.add_row(plugin.name, escape(plugin.origin), escape(plugin.target), state, escape(", ".join(offered)))
    out().print(table)
    for (what, name), owners in registry.doubled().items():
        remedy = "only one is reachable" if what == "command" else f"write {what} names in full: DISTRIBUTION:{name}"
        warn(f"{what} {name} is registered by {' and '.join(p.origin for p in owners)}; {remedy}")
    for entry in registry.commands:
        if entry.spec.name in COMMANDS:
            warn(f"command {entry.spec.name} of {entry.plugin.origin} is not reachable: dysfw has a command of that name")
