"""``dysfw evaluate``: how well a recipe performs on labelled images, and whether the scores mean anything."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ...evaluation.defaults import FOLDS, REPEATS
from ..evaluation import (
    ByOption,
    FoldsOption,
    ImagesOption,
    OutputOption,
    RepeatsOption,
    SmallOption,
    UnaffectedOption,
    candidate,
    config_of,
    dataset_at,
    output_folder,
    prepare_folder,
    report_failures,
    shown_if_unwritten,
    write_all,
)
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
from ..runner import AddressOption, RunnerOption, RunnerSetOption, connect
from ..stage_cache import NoCacheOption, kept_in, opened_cache


def evaluate(
    ctx: typer.Context,
    recipe: RecipeArgument,
    data: Annotated[
        Path,
        typer.Argument(metavar="DATA", help="A folder with one subfolder per condition, or a manifest.", show_default=False),
    ],
    output: OutputOption,
    by: ByOption = None,
    folds: FoldsOption = FOLDS,
    repeats: RepeatsOption = REPEATS,
    unaffected: UnaffectedOption = None,
    leave_out_small: SmallOption = False,
    include_images: ImagesOption = False,
    runner: RunnerOption = "local",
    address: AddressOption = None,
    runner_sets: RunnerSetOption = None,
    sets: SetOption = None,
    device: DeviceOption = None,
    runtime: RuntimeOption = None,
    fetch: FetchOption = False,
    no_cache: NoCacheOption = False,
) -> None:
    """Audit the images, cross-validate the recipe, and write a report.

    Everything that is fitted (heads, fusion, calibration, thresholds, a fine-tuned backbone) is fitted inside the fold. DIR
    gets report.html, metrics.json, confusion.csv and predictions.parquet. Exit code 1: some images failed; the report covers
    the others.
    """
    allow_fetching(fetch)
    from ..main import registry_of
    from ..terminal import TerminalProgress, if_interrupted, out

    ctx.with_resource(output_folder(output, prepare_folder))
    registry, progress = registry_of(ctx), TerminalProgress()
    with progress.stage(f"loading {recipe}"):
        from ...evaluation.evaluate import evaluate as evaluate_recipes
        from ...evaluation.predictions import write_predictions
        from ...evaluation.task_runner import load_task_runner
        from ...output.report.confusion_matrix import matrix_csv
        from ...output.report.page import report_html
        from ...output.report.terminal import print_evaluation

        tasks = load_task_runner(registry, runner, address, runner_sets or [])
        chosen = candidate(
            recipe_file(recipe), overrides(sets, device, runtime), registry, ctx.with_resource(opened_cache(no_cache))
        )
    config = config_of(by, folds=folds, repeats=repeats, seed=chosen.recipe.seed, unaffected=unaffected, small=leave_out_small)
    with progress.stage(f"reading {data}"):
        dataset = dataset_at(data)
    connect(ctx, tasks, runner, progress)
    with if_interrupted(lambda: f"no report was written; {kept_in(chosen.cache, splits='finished split')}"):
        (evaluated,) = evaluate_recipes([chosen], dataset, config, progress, tasks)
    result = evaluated.result
    with shown_if_unwritten(lambda: print_evaluation(out(), result, None)), progress.stage("writing the report"):
        images = None
        if include_images:
            from ...output.report.faces import worst_faces

            images = worst_faces(result, evaluated.evaluation_data)
        write_predictions(output / "predictions.parquet", evaluated.pooled, evaluated.evaluation_data, evaluated.splits)
        metrics = result.model_dump_json(by_alias=True, indent=1) + "\n"
        matrix = matrix_csv(result.labels, result.confusion)
        write_all(output, {"metrics.json": metrics, "confusion.csv": matrix, "report.html": report_html(result, images)})
    print_evaluation(out(), result, output / "report.html")
    report_failures([evaluated])
