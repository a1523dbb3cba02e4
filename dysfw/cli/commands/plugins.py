"""``dysfw plugins``: the installed plugins."""

from __future__ import annotations

import typer


def plugins(ctx: typer.Context) -> None:
    """List the installed plugins with version, entry point, state, and everything they register."""
    from rich.text import Text

    from ...output.fitted_table import Column, FittedTable
    from ...util.text import error_text, printable
    from ..main import COMMANDS, registry_of
    from ..terminal import out, warn

    registry = registry_of(ctx)
    more = [Column(title, role="more") for title in ("distribution", "entry point", "registers")]
    table = FittedTable(Column("plugin", role="id"), *more[:2], Column("state"), *more[2:], below="lines")
    for plugin in registry.plugins:
        registered = [
            f"{kind} {e.spec.name}" for kind, entries in registry.components.items() for e in entries if e.plugin == plugin
        ]
        registered += [f"command {e.spec.name}" for e in registry.commands if e.plugin == plugin]
        registered += [f"bundle {e.spec.name}" for e in registry.bundles if e.plugin == plugin]
        registered += [f"runtime {e.spec.name}" for e in registry.runtimes if e.plugin == plugin]
        registered += [f"runner {e.spec.name}" for e in registry.runners if e.plugin == plugin]
        registered += [f"decoder {e.spec.name}" for e in registry.decoders if e.plugin == plugin]
        registered += [f"protocol {e.spec.name}" for e in registry.protocols if e.plugin == plugin]
        registered += [f"ontology {e.spec.name}" for e in registry.ontologies if e.plugin == plugin]
        registered += [f"face generator {e.spec.name}" for e in registry.face_generators if e.plugin == plugin]
        registered += [f"weights {e.spec.name}" for e in registry.weights if e.plugin == plugin]
        state = Text("prints while loading", "yellow") if plugin.captured else Text("ok", "green")
        if plugin.error:
            state = Text.assemble(("broken: ", "red"), printable(error_text(plugin.error)))
        elif plugin.excluded:
            state = Text.assemble(("excluded", "yellow"), " by --plugins or DYSFW_PLUGINS")
        table.add(plugin.name, plugin.origin, plugin.target, state, ", ".join(registered))
    out().print(table)
    for (what, name), owners in registry.duplicates().items():
        remedies = {
            "command": "only one of them can be called",
            "decoder": "a file that both recognise is decoded by the one with the longer signature, or refused",
        }
        remedy = remedies.get(what, f"write the name in full: DISTRIBUTION:{name}")
        warn(f"{what} {name} is registered by {' and '.join(p.origin for p in owners)}; {remedy}")
    for entry in registry.commands:
        if entry.spec.name in COMMANDS:
            warn(f"command {entry.spec.name} of {entry.plugin.origin} cannot be called: dysfw has a command with that name")
