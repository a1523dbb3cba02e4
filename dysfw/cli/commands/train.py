"""``dysfw train``: fit a recipe to labelled images."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..evaluation import SmallOption
from ..options import (
    DeviceOption,
    FetchOption,
    RecipeArgument,
    RuntimeOption,
    SetOption,
    allow_fetching,
    overrides,
    recipe_file,
)
from ..stage_cache import NoCacheOption, kept_in, opened_cache

if TYPE_CHECKING:
    from rich.console import Console

    from ...bundle.contents import Manifest


def train(
    ctx: typer.Context,
    recipe: RecipeArgument,
    data: Annotated[
        Path,
        typer.Argument(metavar="DATA", help="A folder with one subfolder per condition, or a manifest.", show_default=False),
    ],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="BUNDLE", help="Bundle folder to write; must not exist.", show_default=False),
    ],
    about: Annotated[
        str, typer.Option(help="Note for users of the bundle, shown by `run` and on the model card.", metavar="TEXT")
    ] = "",
    leave_out_small: SmallOption = False,
    composites: Annotated[
        bool,
        typer.Option(
            "--composites",
            help="Add average faces of conditions with ten or more patients who agreed (column composite_consent).",
        ),
    ] = False,
    sets: SetOption = None,
    device: DeviceOption = None,
    runtime: RuntimeOption = None,
    fetch: FetchOption = False,
    no_cache: NoCacheOption = False,
) -> None:
    """Check and embed the images, fit the heads and the fusion, evaluate them, and write a bundle.

    DATA: a folder with one subfolder per condition, or a CSV or Parquet manifest with the columns path and label and, if you
    have them, patient, split (train or test) and source. Copies of images are excluded. Exit code 1: some images failed; the
    bundle is written.
    """
    allow_fetching(fetch)
    from ...util.atomic import refuse_existing
    from ..evaluation import dataset_at, print_findings
    from ..main import registry_of
    from ..terminal import TerminalProgress, err, if_interrupted, out, warn

    refuse_existing(output)
    registry, progress = registry_of(ctx), TerminalProgress()
    with progress.stage(f"loading {recipe}"):
        from ...data.small_conditions import leave_out_small_conditions
        from ...output.terminal import print_failure
        from ...recipe.check import load_recipe
        from ...training.train import train as train_recipe

        loaded = load_recipe(recipe_file(recipe), registry, overrides(sets, device, runtime))
    with progress.stage(f"reading {data}"):
        dataset = leave_out_small_conditions(dataset_at(data)) if leave_out_small else dataset_at(data)
    cache = ctx.with_resource(opened_cache(no_cache))
    with if_interrupted(lambda: f"no bundle was written; {kept_in(cache, heads='fitted head')}"):
        trained = train_recipe(loaded, dataset, output, progress, about=about, cache=cache, composites=composites)
    if not all(weights.trained for weights in trained.manifest.weights):
        warn("the backbone has random weights: the bundle's predictions are meaningless")
    print_findings(trained.findings)
    for failure in trained.failures:
        print_failure(err(), failure)
    if trained.manifest.agreement:
        err().print(f"trained in {trained.manifest.agreement.precision}: {trained.manifest.agreement}", markup=False)
    print_summary(out(), trained.manifest, output)
    for outcome in trained.composites:
        out().print(str(outcome), markup=False, highlight=False)
    if trained.failures:
        raise typer.Exit(1)


def print_summary(console: Console, manifest: Manifest, folder: Path) -> None:
    """Print the scores of a bundle.

    Args:
        console: Where to print.
        manifest: The bundle's manifest.
        folder: Its folder.
    """
    from ...output.fitted_table import Column, FittedTable

    held_out = manifest.held_out
    columns = ("cross-validated", "held out") if held_out else ("cross-validated",)
    table = FittedTable(Column("balanced accuracy", role="id"), *(Column(title, right=True) for title in columns))
    rows = [("all regions, fused", manifest.cross_validated.fused, held_out and held_out.fused)]
    rows += [
        (f"  {region} alone", scores, held_out and held_out.regions.get(region))
        for region, scores in manifest.cross_validated.regions.items()
    ]
    for name, cross_validated, test in rows:
        cells = [str(cross_validated.estimate("balanced_accuracy"))]
        if held_out:
            cells.append(str(test.estimate("balanced_accuracy")) if test else "–")
        table.add(name, *cells)
    table.add("  chance", *[f"{manifest.cross_validated.fused.chance:.3f}"] * (2 if held_out else 1))
    console.print(f"bundle {folder}: {len(manifest.labels)} conditions, {manifest.data.images} images")
    console.print(table)
    console.print("in brackets: 95 % intervals, by patient", style="dim")
    if records := manifest.cross_validated.records:
        both = FittedTable(
            Column("with records", role="id"), Column("images", right=True), Column("cross-validated", right=True)
        )
        for name, of_images in records.items():
            both.add(name, str(of_images.images), str(of_images.estimate("balanced_accuracy")))
        console.print(both)
    print_chance(console, manifest)


def print_chance(console: Console, manifest: Manifest) -> None:
    """Print whether a bundle was shown to beat chance, if this was tested.

    Args:
        console: Where to print.
        manifest: The bundle's manifest.
    """
    test = manifest.cross_validated.chance_test
    if test is None:
        return
    if test.shown:
        console.print(f"shown to beat chance (p = {test.p:.3f})")
    else:
        console.print(
            f"[bold red]not shown to beat chance[/] ({test}): all predictions of this bundle are marked as not reliable",
            highlight=False,
        )
