"""``dysfw recipe check|show|schema``: check and show recipes without running them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..options import RecipeArgument, SetOption, command_group, recipe_file

app = command_group("Check and show recipes, and print their JSON Schema.")


@app.command()
def check(
    ctx: typer.Context,
    recipes: Annotated[
        list[Path], typer.Argument(metavar="RECIPE...", help="Recipe files or bundle folders.", show_default=False)
    ],
    sets: SetOption = None,
    build: Annotated[
        bool, typer.Option("--build", help="Also build every component and find the bundle, as `run` does.")
    ] = False,
) -> None:
    """Report all errors of recipes with file, line and column.

    Names, keys, types and ranges are checked.

    Exit code 2: at least one recipe is invalid.
    """
    from ...errors import DysfwError
    from ..main import registry_of
    from ..terminal import TerminalProgress, err, out, print_error

    invalid, progress, registry = False, TerminalProgress(), registry_of(ctx)
    for file in recipes:
        try:
            with progress.stage(f"checking {file}"):
                from ...inference.build import build as build_recipe
                from ...inference.loading import find_bundle
                from ...recipe.check import load_recipe
                from ...training.refuse_finetuning import refuse_finetuning_without_torch
                from ..alternatives import missing_weights

                loaded = load_recipe(recipe_file(file), registry, sets or [])
                if build:
                    build_recipe(loaded)
                    refuse_finetuning_without_torch(loaded)
                    if loaded.bundle:
                        find_bundle(loaded, file, registry)
            out().print(f"{file}: ok ({loaded.name} {loaded.fingerprint[:12]})", markup=False)
            for name in missing_weights(loaded):
                err().print(f"{file}: {name} is not on this machine", style="dim", markup=False)
        except DysfwError as error:
            invalid = True
            print_error(error)
    if invalid:
        raise typer.Exit(2)


@app.command()
def show(ctx: typer.Context, recipe: RecipeArgument, sets: SetOption = None) -> None:
    """Print a recipe with all defaults and the origin of its components."""
    from ..main import registry_of
    from ..terminal import TerminalProgress, out

    registry = registry_of(ctx)
    with TerminalProgress().stage(f"loading {recipe}"):
        from ...recipe.check import load_recipe
        from ...recipe.document import dump_document

        loaded = load_recipe(recipe_file(recipe), registry, sets or [])
    lines = [f"# fingerprint {loaded.fingerprint}"]
    for node in (*loaded.nodes.values(), *loaded.evidence):
        lines.append(f"# {node.kind} {node.use}: {node.origin}, {node.component.__module__}:{node.component.__qualname__}")
    text = dump_document(loaded.to_dict())
    out().print("\n".join(lines), markup=False)
    out().print(text, end="", markup=False, soft_wrap=True)


@app.command()
def schema(ctx: typer.Context) -> None:
    """Print the JSON Schema of recipes for editors.

    The schema covers the components that are installed here.
    """
    import json
    import sys

    from ..main import registry_of
    from ..terminal import TerminalProgress, warn

    registry = registry_of(ctx)
    with TerminalProgress().stage("importing every component"):
        from ...recipe.json_schema import recipe_schema

        document, omitted = recipe_schema(registry)
    for reason in omitted:
        warn(f"missing from the schema: {reason}")
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
