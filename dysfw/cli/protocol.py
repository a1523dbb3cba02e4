"""What commands do with ``--protocol``: score a recipe, or the predictions of any model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .evaluation import command_line, dataset_at, new_folder, output_folder, print_findings, shown_if_unwritten, write_all

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..evaluation.evaluate import Candidate
    from ..evaluation.protocol.protocol import EvaluationProtocol, ProtocolPlan
    from ..evaluation.protocol.result import ProtocolResult
    from ..evaluation.protocol.scores import Float64
    from ..evaluation.task_runner import TaskRunner
    from ..registry.registry import Registry

ProtocolOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Rank galleries of conditions by a protocol, such as frequent-rare or field, instead of cross-validation.",
        show_default=False,
    ),
]
OF_FOLDS = ("by", "folds", "repeats", "unaffected", "leave_out_small", "include_images")
OF_RECIPES = ("runner", "address", "runner_sets", "sets", "device", "runtime", "fetch", "no_cache")


def is_predictions_file(path: Path) -> bool:
    """Return whether a file's name is that of a table of predictions, and not of a recipe."""
    return path.name.lower().removesuffix(".gz").endswith((".csv", ".tsv", ".xlsx", ".parquet"))


def refuse_options(ctx: typer.Context, names: tuple[str, ...], reason: str) -> None:
    """Refuse options that would have no effect.

    Args:
        ctx: The command.
        names: Names of its parameters.
        reason: Why they have none.

    Raises:
        DysfwError: One of them is on the command line.
    """
    from ..errors import DysfwError

    given = [name for name in names if getattr(ctx.get_parameter_source(name), "name", "") == "COMMANDLINE"]
    if given:
        option = next(one.opts[0] for one in ctx.command.params if one.name == given[0])
        raise DysfwError(f"{option} has no effect here: {reason}", hint="leave it out")


def load_plan(registry: Registry, name: str, data: Path | None) -> tuple[EvaluationProtocol, ProtocolPlan]:
    """Apply a protocol, and print what it leaves out.

    Args:
        registry: What all plugins register.
        name: Name of the protocol.
        data: A folder or a manifest; None for the protocol's own data set.

    Raises:
        DysfwError: The protocol or the data cannot be used.
    """
    from ..evaluation.protocol.load import load_protocol, plan_of

    protocol = load_protocol(registry, name)
    plan = plan_of(protocol, name, None if data is None else dataset_at(data))
    print_findings(plan.findings)
    return protocol, plan


def score_file(ctx: typer.Context, path: Path, data: Path | None, name: str, output: Path | None) -> None:
    """Score a predictions file, print the scores, and write them if there is an output folder.

    Args:
        ctx: The command.
        path: The predictions.
        data: The data set; None for the protocol's own.
        name: Name of the protocol.
        output: A new or empty folder, if results are written.

    Raises:
        DysfwError: The file, the data or the protocol cannot be used.
    """
    from .main import registry_of
    from .terminal import TerminalProgress

    if output:
        ctx.with_resource(output_folder(output, new_folder))
    registry, progress = registry_of(ctx), TerminalProgress()
    with progress.stage(f"reading {path}"):
        from ..data.findings import finding_of
        from ..evaluation.protocol.evaluate import Origin, result_of
        from ..evaluation.protocol.predictions_file import read_predictions
        from ..util.files import sha256_of

        protocol, plan = load_plan(registry, name, data)
        predictions, remarks = read_predictions(path, plan)
    print_findings(findings := [finding_of(one) for one in remarks])
    origin = Origin(name, path.name, command_line(), predictions_sha256=sha256_of(path), findings=findings)
    with progress.stage("computing scores and intervals"):
        result = result_of(protocol, plan, predictions, origin)
    _deliver(result, output)


def score_recipe(
    ctx: typer.Context,
    candidate: Candidate,
    data: Path,
    name: str,
    *,
    output: Path,
    tasks: TaskRunner,
    connected: Callable[[], None],
) -> None:
    """Predict the tests of a protocol with a recipe, score and write them.

    Args:
        ctx: The command.
        candidate: The recipe.
        data: The images.
        name: Name of the protocol.
        output: The prepared output folder.
        tasks: Fits the galleries.
        connected: Connects it.

    Raises:
        DysfwError: The recipe, the data or the protocol cannot be used.
    """
    from ..evaluation.protocol.evaluate import Origin, result_of
    from ..evaluation.protocol.recipe_predictions import predict_plan
    from ..evaluation.stopwatch import Stopwatch
    from ..output.terminal import print_failure
    from .main import registry_of
    from .stage_cache import kept_in
    from .terminal import TerminalProgress, err, if_interrupted

    progress, stopwatch = TerminalProgress(), Stopwatch()
    with progress.stage(f"reading {data}"):
        protocol, plan = load_plan(registry_of(ctx), name, data)
    connected()
    stopwatch.start()
    with if_interrupted(lambda: f"no report was written; {kept_in(candidate.cache, galleries='gallery')}"):
        made = predict_plan(candidate, plan, progress, tasks)
        stopwatch.stage("predictions")
        print_findings(made.findings)
        origin = Origin(
            name, candidate.recipe.name, command_line(), candidate, guessed=made.guessed, findings=made.findings,
            seconds=stopwatch.seconds,
        )  # fmt: skip
        with progress.stage("computing scores and intervals"):
            result = result_of(protocol, plan, made.predictions, origin)
    _deliver(result, output, (plan, made.predictions))
    for failure in made.failures:
        print_failure(err(), failure)
    if made.failures:
        raise typer.Exit(1)


def _deliver(
    result: ProtocolResult, output: Path | None, predictions: tuple[ProtocolPlan, list[Float64]] | None = None
) -> None:
    """Write what was requested, and print the scores, also if they cannot be written."""
    from ..output.protocol import conditions_csv, print_protocol
    from ..output.report.protocol_page import protocol_html
    from .terminal import out

    report = output and output / "report.html"
    if output:
        from ..evaluation.protocol.predictions_file import write_predictions

        metrics = result.model_dump_json(by_alias=True, indent=1) + "\n"
        texts = {"metrics.json": metrics, "conditions.csv": conditions_csv(result), "report.html": protocol_html(result)}
        with shown_if_unwritten(lambda: print_protocol(out(), result, None)):
            if predictions:
                write_predictions(output / "predictions.parquet", *predictions)
            write_all(output, texts)
    print_protocol(out(), result, report)
