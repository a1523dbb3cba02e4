"""``dysfw batch``: predict many images into one table."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from ..options import DeviceOption, FetchOption, RecipeArgument, RuntimeOption, SetOption, allow_fetching, overrides
from ..runner import AddressOption, RunnerOption, RunnerSetOption
from ..stage_cache import NoCacheOption, opened_cache


def batch(
    ctx: typer.Context,
    recipe: RecipeArgument,
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="A folder, a quoted pattern, a manifest with a column path, or an address such as s3://bucket/folder.",
            show_default=False,
        ),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="OUT.parquet", help="Table to write.", show_default=False)],
    all_faces: Annotated[bool, typer.Option("--all-faces", help="Predict for every face found, one row each.")] = False,
    region_probabilities: Annotated[
        bool, typer.Option("--region-probabilities", help="Add the probabilities of each region.")
    ] = False,
    shard: Annotated[
        str | None,
        typer.Option(
            metavar="I/N", help="Process only the I-th of N parts of the images, divided by name.", show_default=False
        ),
    ] = None,
    runner: RunnerOption = "local",
    address: AddressOption = None,
    runner_sets: RunnerSetOption = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Discard earlier work on this table and start over.")] = False,
    sets: SetOption = None,
    device: DeviceOption = None,
    runtime: RuntimeOption = None,
    fetch: FetchOption = False,
    no_cache: NoCacheOption = False,
) -> None:
    """Predict hundreds of thousands of images into one table: one row each, failures with their reasons.

    After an interruption, the same command resumes. Exit code 0: all images were predicted; 1: some failed, each with its
    reason in its row; 2: the command or the recipe is wrong, or the work cannot be resumed.
    """
    allow_fetching(fetch)
    from ... import RESEARCH_USE
    from ...util.text import count
    from ..main import plugins_of, registry_of
    from ..terminal import TerminalProgress, err, if_interrupted, out, warn

    _refuse_output(output)
    progress = TerminalProgress()
    with progress.stage(f"loading {recipe}"):
        from ...batch.run import Batch
        from ...batch.runner import BatchTask, fingerprints_of, load_runner
        from ...batch.shard import shard_of
        from ...batch.source import Listing
        from ...batch.work_directory import counted
        from ...inference.loading import open_pipeline

        part, registry = shard_of(shard), registry_of(ctx)
        batch_runner = load_runner(registry, runner, address, runner_sets or [])
        cache = ctx.with_resource(opened_cache(no_cache))
        pipeline = open_pipeline(recipe, registry, overrides(sets, device, runtime), cache)
    for notice in pipeline.notices:
        warn(notice.message)
    if pipeline.recipe.evidence:
        warn("predictions here are from faces alone: records of patients are read by run, evaluate and Python")
    err().print(RESEARCH_USE, style="dim")
    task = BatchTask(
        recipe=recipe.absolute(),
        overrides=tuple(overrides(sets, device, runtime)),
        plugins=plugins_of(ctx),
        all_faces=all_faces,
        region_probabilities=region_probabilities,
        fingerprints=fingerprints_of(pipeline),
    )
    work = Batch(task, pipeline, Listing(source), part, batch_runner, progress, warn)
    with if_interrupted(lambda: _kept(output)):
        result = work.run(output, fresh=fresh)
    out().print(f"{output}: {count(result.rows, 'row')}", markup=False)
    if result.failed:
        err().print(counted(result.failed), markup=False)
        raise typer.Exit(1)


def _kept(output: Path) -> str:
    """What is left of an interrupted batch."""
    if output.exists():
        return f"{output} is complete"
    if output.with_name(f"{output.name}.unfinished").is_dir():
        return f"finished parts are kept in {output}.unfinished; the same command resumes"
    return "nothing was written"


def _refuse_output(output: Path) -> None:
    """Check the output before any work."""
    from importlib.util import find_spec

    from ...errors import DysfwError
    from ...util.atomic import refuse_unwritable
    from ...util.install import install_command

    if output.suffix.lower() != ".parquet":
        raise DysfwError(f"-o {output}: the name must end in .parquet")
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:/", str(output)):  # a single letter is a Windows drive
        raise DysfwError(f"-o {output}: the table must be a local file", hint="write a local file, and upload it afterwards")
    if output.is_dir():
        raise DysfwError(f"-o {output} is a folder", hint="name a file in it")
    if not output.exists():  # a finished table is only read
        refuse_unwritable(output)
    if not find_spec("pyarrow"):
        raise DysfwError("a batch writes Parquet, which needs pyarrow", hint=install_command("dysfw", "parquet"))
