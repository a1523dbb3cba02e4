"""``dysfw new``: a plugin that installs, and passes its own tests, as it is written."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ...contracts.kinds import KINDS
from ...errors import DysfwError
from ...util.text import closest, listed


def new(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the distribution, e.g. dysfw-ears.", show_default=False)],
    kind: Annotated[str, typer.Option(help=f"Of its first component: {listed(KINDS)}.", show_default=False)],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FOLDER", help="A new folder; NAME where you are by default.")
    ] = None,
) -> None:
    """Write a plugin: a working component, its tests with the conformance kit, a recipe, README, packaging and a CI file."""
    from ...scaffold.names import names_of
    from ...scaffold.write import write_plugin
    from ..main import registry_of

    if kind not in KINDS:
        raise DysfwError(f"no kind is called {kind!r}{closest(kind, KINDS)}", hint=f"kinds: {listed(KINDS)}")
    names = names_of(name, kind, registry_of(ctx))
    folder = output or Path(names.distribution)
    for file in write_plugin(names, kind, folder):
        typer.echo(folder / file.relative_to(folder.absolute()))
    typer.echo(f"next: cd {folder}; pip install -e '.[test]'; python -m pytest; dysfw check {names.distribution}", err=True)
