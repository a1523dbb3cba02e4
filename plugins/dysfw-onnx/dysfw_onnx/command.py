"""The command ``dysfw export``."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

FORMATS = ("onnx",)
NEEDS = ("torch", "onnx", "onnxscript")  # what the extra brings


def export(
    *,
    ctx: typer.Context,
    recipe: Annotated[Path, typer.Argument(metavar="RECIPE", help="A recipe, or the folder of a bundle.", show_default=False)],
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="DIR", help="The folder to write; it must not exist, or be empty.", show_default=False
        ),
    ],
    form: Annotated[str, typer.Option("--format", metavar="FORMAT", help="onnx, the only one.")] = FORMATS[0],
    sets: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Replace a value of the recipe, e.g. fusion.use=median. Repeatable."),
    ] = None,
    fetch: Annotated[
        bool, typer.Option("--fetch", help="Allow weights that are missing here to be fetched from the internet.")
    ] = False,
) -> None:
    """Write the trunk and each region's head as ONNX files that need no dysfw, and in export.json all that goes with them.

    Of a recipe that is not trained, the trunk alone. What is written is run beside the original on fresh images first; where
    they differ by more than rounding, nothing is written.
    """
    from dysfw.plugin import DysfwError, TerminalProgress, allow_fetching, open_recipe, out, warn

    if form not in FORMATS:
        raise DysfwError(f"--format: found {form!r}; allowed: {', '.join(FORMATS)}")
    if missing := [name for name in NEEDS if find_spec(name) is None]:
        raise DysfwError(f"`dysfw export` needs {', '.join(missing)}", hint="pip install 'dysfw-onnx[export]'")
    from dysfw.plugin import refuse_existing

    refuse_existing(output)
    allow_fetching(fetch, TerminalProgress())
    # Last, so that they outweigh what was asked for: what is written is float32, whatever the recipe computes in.
    pipeline = open_recipe(ctx, recipe, [*(sets or []), "device=cpu", "precision=float32"])
    for notice in pipeline.notices:
        warn(notice.message)
    from .export.export import export_pipeline
    from .export.readme import summary

    exported = export_pipeline(pipeline, output, TerminalProgress())
    if exported.cases:
        warn(f"the heads hold embeddings of {exported.cases} known cases: share {output} as you would share their photographs")
    out().print(summary(output, exported), markup=False, soft_wrap=True)
