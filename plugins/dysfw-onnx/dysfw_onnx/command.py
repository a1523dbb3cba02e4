"""The command ``dysfw export``."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

FORMATS = ("onnx",)
REQUIRED_PACKAGES = ("torch", "onnx", "onnxscript")  # installed by the extra `export`


def export(
    *,
    ctx: typer.Context,
    recipe: Annotated[Path, typer.Argument(metavar="RECIPE", help="A recipe, or the folder of a bundle.", show_default=False)],
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="DIR", help="Output folder; must not exist or must be empty.", show_default=False
        ),
    ],
    file_format: Annotated[
        str, typer.Option("--format", metavar="FORMAT", help="File format; only onnx is supported.")
    ] = FORMATS[0],
    sets: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Override a recipe value, e.g. fusion.use=median. Repeatable."),
    ] = None,
    fetch: Annotated[bool, typer.Option("--fetch", help="Allow missing weights to be downloaded.")] = False,
) -> None:
    """Export a recipe's backbone and the head of each region as ONNX files that run without dysfw.

    The file export.json describes everything around them: labels, crops, fusion, calibration and weights. For a recipe without
    a bundle, only the backbone is exported. The exported files are compared with the original on test images first. If the
    results differ by more than rounding, nothing is written.
    """
    from dysfw.plugin import (
        DysfwError,
        TerminalProgress,
        allow_fetching,
        install_command,
        open_recipe,
        out,
        refuse_existing,
        warn,
    )

    if file_format not in FORMATS:
        raise DysfwError(f"--format: found {file_format!r}; allowed: {', '.join(FORMATS)}")
    if missing := [name for name in REQUIRED_PACKAGES if find_spec(name) is None]:
        raise DysfwError(f"`dysfw export` needs {', '.join(missing)}", hint=install_command("dysfw-onnx", "export"))
    refuse_existing(output)
    progress = TerminalProgress()
    allow_fetching(fetch, progress)
    # These come last so that they override the user's values: the exported files always compute in float32, and are compared
    # with torch, from which they come.
    with progress.stage(f"loading {recipe}"):
        pipeline = open_recipe(ctx, recipe, [*(sets or []), "device=cpu", "precision=float32", "runtime=torch"])
    for notice in pipeline.notices:
        warn(notice.message)
    with progress.stage("loading the ONNX exporter"):
        from .export.export import export_pipeline
        from .export.readme import summary

    exported = export_pipeline(pipeline, output, progress)
    if exported.gallery_cases:
        warn(
            f"the heads contain embeddings of {exported.gallery_cases} gallery cases: share {output} only with people who may "
            "see their photos"
        )
    out().print(summary(output, exported), markup=False, soft_wrap=True)
