"""Options that choose what runs the work of a command: this machine, or a cluster."""

from __future__ import annotations

from typing import Annotated

import typer

RunnerOption = Annotated[str, typer.Option(metavar="NAME", help="What runs the work: local, or a runner of a plugin.")]
AddressOption = Annotated[
    str | None, typer.Option(help="Address of the cluster, for runners that use one.", show_default=False)
]
RunnerSetOption = Annotated[
    list[str] | None, typer.Option("--runner-set", metavar="KEY=VALUE", help="Set an option of the runner. Repeatable.")
]
