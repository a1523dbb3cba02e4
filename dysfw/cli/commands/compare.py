"""``dysfw compare``: several recipes on the same images in the same folds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ...evaluation.defaults import FOLDS, REPEATS
from ..evaluation import (
    ByOption,
    FoldsOption,
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
from ..options import DeviceOption, FetchOption, RuntimeOption, SetOption, allow_fetching, overrides, recipe_file
from ..runner import AddressOption, RunnerOption, RunnerSetOption, connect
from ..stage_cache import NoCacheOption, kept_in, opened_cache


def compare(
    ctx: typer.Context,
    recipes: Annotated[
        list[Path], typer.Argument(metavar="RECIPE...", help="Two or more recipe files or bundle folders.", show_default=False)
    ],
    data: Annotated[
        Path,
        typer.Option(
            "--data", metavar="DATA", help="A folder with one subfolder per condition, or a manifest.", show_default=False
        ),
    ],
    output: OutputOption,
    by: ByOption = None,
    folds: FoldsOption = FOLDS,
    repeats: RepeatsOption = REPEATS,
    unaffected: UnaffectedOption = None,
    leave_out_small: SmallOption = False,
    runner: RunnerOption = "local",
    address: AddressOption = None,
    runner_sets: RunnerSetOption = None,
    sets: SetOption = None,
    device: DeviceOption = None,
    runtime: RuntimeOption = None,
    fetch: FetchOption = False,
    no_cache: NoCacheOption = False,
) -> None:
    """Evaluate several recipes on identical folds, with intervals for their differences from the first.

    Recipes that differ only in head or fusion share their embeddings. DIR gets report.html and comparison.json, and a folder
    for each recipe with the files of `dysfw evaluate`. Exit code 1: some images failed in a recipe.
    """
    allow_fetching(fetch)
    from ...errors import DysfwError
    from ...util.text import listed
    from ..main import registry_of
    from ..terminal import TerminalProgress, if_interrupted, out

    if len(recipes) < 2:
        raise DysfwError("compare needs at least two recipes", hint="name two or more; `dysfw evaluate` takes one")
    ctx.with_resource(output_folder(output, prepare_folder))
    registry, cache, progress = registry_of(ctx), ctx.with_resource(opened_cache(no_cache)), TerminalProgress()
    with progress.stage(f"loading {listed(map(str, recipes))}"):
        from ...evaluation.compare import comparison, refuse_same_names
        from ...evaluation.evaluate import evaluate
        from ...evaluation.predictions import write_predictions
        from ...evaluation.task_runner import load_task_runner
        from ...output.report.comparison_page import comparison_html, report_folder
        from ...output.report.confusion_matrix import matrix_csv
        from ...output.report.page import report_html
        from ...output.report.terminal import print_comparison

        tasks = load_task_runner(registry, runner, address, runner_sets or [])
        chosen = [candidate(recipe_file(recipe), overrides(sets, device, runtime), registry, cache) for recipe in recipes]
    refuse_same_names([one.recipe.name for one in chosen])
    seed = chosen[0].recipe.seed
    config = config_of(by, folds=folds, repeats=repeats, seed=seed, unaffected=unaffected, small=leave_out_small)
    with progress.stage(f"reading {data}"):
        dataset = dataset_at(data)
    connect(ctx, tasks, runner, progress)
    with if_interrupted(lambda: f"no report was written; {kept_in(cache, splits='finished split')}"):
        evaluated = evaluate(chosen, dataset, config, progress, tasks)
    with progress.stage("comparing the recipes"):
        compared = comparison(evaluated, config)
    with shown_if_unwritten(lambda: print_comparison(out(), compared, None)), progress.stage("writing the reports"):
        for number, one in enumerate(evaluated, 1):
            folder = output / report_folder(number, one.result.name)
            prepare_folder(folder)
            write_predictions(folder / "predictions.parquet", one.pooled, one.evaluation_data, one.splits)
            metrics = one.result.model_dump_json(by_alias=True, indent=1) + "\n"
            matrix = matrix_csv(one.result.labels, one.result.confusion)
            write_all(folder, {"metrics.json": metrics, "confusion.csv": matrix, "report.html": report_html(one.result)})
        numbers = compared.model_dump_json(by_alias=True, indent=1) + "\n"
        write_all(output, {"comparison.json": numbers, "report.html": comparison_html(compared)})
    print_comparison(out(), compared, output / "report.html")
    report_failures(evaluated)
