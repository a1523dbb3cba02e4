"""``dysfw new``: create a plugin that installs and passes its own tests unchanged."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ...contracts.kinds import KINDS
from ...errors import DysfwError
from ...util.text import closest, listed


def new(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the distribution, e.g. dysfw-ears.", show_default=False)],
    kind: Annotated[str, typer.Option(help=f"Kind of its component: {listed(KINDS)}.", show_default=False)],
    template: Annotated[
        str | None,
        typer.Option(metavar="TEMPLATE", help="Template of the component: numpy, or torch for backbones; numpy by default."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FOLDER", help="New folder; ./NAME by default.")
    ] = None,
) -> None:
    """Create a plugin from a template.

    It has a working component, tests with the conformance kit, a recipe, a README, packaging and a CI workflow.
    """
    from ...scaffold.names import names_of
    from ...scaffold.write import TEMPLATES, write_plugin
    from ..main import registry_of

    if kind not in KINDS:
        raise DysfwError(f"unknown kind {kind!r}{closest(kind, KINDS)}", hint=f"kinds: {listed(KINDS)}")
    templates = list(TEMPLATES[kind])
    chosen = template or templates[0]
    if chosen not in templates:
        raise DysfwError(
            f"there is no template {chosen!r} of a {kind}{closest(chosen, templates)}", hint=f"templates: {listed(templates)}"
        )
    names = names_of(name, kind, registry_of(ctx))
    folder = output or Path(names.distribution)
    for file in write_plugin(names, kind, folder, chosen):
        typer.echo(folder / file.relative_to(folder.absolute()))
    typer.echo(f"next: cd {folder}; pip install -e '.[test]'; python -m pytest; dysfw check {names.distribution}", err=True)
