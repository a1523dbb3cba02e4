"""``dysfw evaluate``: how well a recipe, or any model, performs on labelled images, and whether the scores mean anything."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ...evaluation.defaults import FOLDS, REPEATS
from ..evaluation import (
    ByOption,
    FoldsOption,
    ImagesOption,
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
    RuntimeOption,
    SetOption,
    allow_fetching,
    overrides,
    recipe_file,
)
from ..protocol import OF_FOLDS, OF_RECIPES, ProtocolOption, is_predictions_file, refuse_options, score_file, score_recipe
from ..runner import AddressOption, RunnerOption, RunnerSetOption, connect
from ..stage_cache import NoCacheOption, kept_in, opened_cache

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...evaluation.evaluate import Candidate, EvaluationConfig
    from ...evaluation.task_runner import TaskRunner


def evaluate(
    ctx: typer.Context,
    recipe: Annotated[
        Path,
        typer.Argument(
            metavar="RECIPE",
            help="A recipe file or a bundle folder; with --protocol also a predictions file.",
            show_default=False,
        ),
    ],
    data: Annotated[
        Path | None,
        typer.Argument(metavar="DATA", help="A folder with one subfolder per condition, or a manifest.", show_default=False),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR",
            help="Folder for the results; must be new or empty. Only a predictions file needs none.",
            show_default=False,
        ),
    ] = None,
    protocol: ProtocolOption = None,
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

    With --protocol, heads are fitted on galleries instead, and the ranks of the conditions are scored. A predictions file of
    any model is scored in the same way, without images and without a recipe.
    """
    if protocol is not None:
        refuse_options(ctx, OF_FOLDS, f"the protocol {protocol} divides the images")
        if is_predictions_file(recipe):
            refuse_options(ctx, OF_RECIPES, f"{recipe} holds predictions, so no recipe is run")
            score_file(ctx, recipe, data, protocol, output)
            return
    data, output = _required(recipe, data, output, protocol)
    allow_fetching(fetch)
    from ..main import registry_of
    from ..terminal import TerminalProgress

    ctx.with_resource(output_folder(output, prepare_folder))
    registry, progress = registry_of(ctx), TerminalProgress()
    with progress.stage(f"loading {recipe}"):
        from ...evaluation.task_runner import load_task_runner

        tasks = load_task_runner(registry, runner, address, runner_sets or [])
        chosen = candidate(
            recipe_file(recipe), overrides(sets, device, runtime), registry, ctx.with_resource(opened_cache(no_cache))
        )
    connected = partial(connect, ctx, tasks, runner, progress)
    if protocol is not None:
        score_recipe(ctx, chosen, data, protocol, output=output, tasks=tasks, connected=connected)
        return
    config = config_of(by, folds=folds, repeats=repeats, seed=chosen.recipe.seed, unaffected=unaffected, small=leave_out_small)
    _cross_validate(chosen, data, output, config, tasks=tasks, connected=connected, include_images=include_images)


def _cross_validate(
    chosen: Candidate,
    data: Path,
    output: Path,
    config: EvaluationConfig,
    *,
    tasks: TaskRunner,
    connected: Callable[[], None],
    include_images: bool,
) -> None:
    """Evaluate a recipe and write the report."""
    from ..terminal import TerminalProgress, if_interrupted, out

    progress = TerminalProgress()
    with progress.stage(f"reading {data}"):
        from ...evaluation.evaluate import evaluate as evaluate_recipes
        from ...evaluation.predictions import write_predictions
        from ...output.report.confusion_matrix import matrix_csv
        from ...output.report.page import report_html
        from ...output.report.terminal import print_evaluation

        dataset = dataset_at(data)
    connected()
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


def _required(recipe: Path, data: Path | None, output: Path | None, protocol: str | None) -> tuple[Path, Path]:
    """The images and the output folder, which every recipe needs."""
    if data is not None and output is not None:
        return data, output
    from ...errors import DysfwError

    missing = "DATA" if data is None else "-o DIR"
    if is_predictions_file(recipe):
        raise DysfwError(
            f"{recipe} looks like a predictions file, which is scored by a protocol",
            hint="add --protocol field, or DATA and --protocol frequent-rare",
        )
    what = f"the protocol {protocol} ranks its images" if protocol else "it is cross-validated on them"
    raise DysfwError(
        f"{missing} is missing: {recipe} is a recipe, and {what}",
        hint="dysfw evaluate RECIPE DATA -o DIR; a predictions file is a .csv, .csv.gz, .parquet or .xlsx",
    )
