"""``dysfw recipe check|show|schema``: look at recipes without running them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..options import RecipeArgument, SetOption, command_group, recipe_file

app = command_group("Check, show and describe recipes.")


@app.command()
def check(
    ctx: typer.Context,
    recipes: Annotated[list[Path], typer.Argument(metavar="RECIPE...", help="Recipes.", show_default=False)],
    sets: SetOption = None,
    build: Annotated[
        bool, typer.Option("--build", help="Also construct every component and look for the bundle, as `run` would.")
    ] = False,
) -> None:
    """Report every wrong name, key, type and range, each with file, line and column. Exit code 2 where anything is wrong."""
    from ...errors import DysfwError
    from ...inference.build import build as build_recipe
    from ...inference.loading import find_bundle
    from ...recipe.check import load_recipe
    from ..alternatives import missing_weights
    from ..main import registry_of
    from ..terminal import err, out, print_error

    wrong = False
    for file in recipes:
        try:
            loaded = load_recipe(recipe_file(file), registry_of(ctx), sets or [])
            if build:
                build_recipe(loaded)
                if loaded.bundle:
                    find_bundle(loaded, file, registry_of(ctx))
            out().print(f"{file}: ok ({loaded.name} {loaded.fingerprint[:12]})", markup=False)
            for name in missing_weights(loaded):
                err().print(f"{file}: {name} is not on this machine", style="dim", markup=False)
        except DysfwError as error:
            wrong = True
            print_error(error)
    if wrong:
        raise typer.Exit(2)


@app.command()
def show(ctx: typer.Context, recipe: RecipeArgument, sets: SetOption = None) -> None:
    """Print the recipe with nothing left to defaults, and where each component comes from."""
    from ...recipe.check import load_recipe
    from ...recipe.document import dump_document
    from ..main import registry_of
    from ..terminal import out

    loaded = load_recipe(recipe_file(recipe), registry_of(ctx), sets or [])
    lines = [f"# fingerprint {loaded.fingerprint}"]
    for node in loaded.nodes.values():
        lines.append(f"# {node.kind} {node.use}: {node.origin}, {node.component.__module__}:{node.component.__qualname__}")
    text = dump_document(loaded.to_dict())
    out().print("\n".join(lines) + "\n" + text, end="", markup=False, soft_wrap=True)


@app.command()
def schema(ctx: typer.Context) -> None:
    """Print the JSON Schema of recipes made of what is installed here, for editors that complete and check."""
    import json
    import sys

    from ...recipe.json_schema import recipe_schema
    from ..main import registry_of
    from ..terminal import warn

    document, left_out = recipe_schema(registry_of(ctx))
    for reason in left_out:
        warn(f"left out of the schema: {reason}")
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
