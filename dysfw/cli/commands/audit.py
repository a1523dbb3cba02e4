"""``dysfw audit``: could a model cheat on these data?"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ..options import recipe_file


def audit(
    ctx: typer.Context,
    data: Annotated[
        Path, typer.Argument(metavar="DATA", help="A folder with one folder for each class, or a manifest.", show_default=False)
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="DIR", help="Write audit.json into this folder; new or empty.", show_default=False
        ),
    ] = None,
    recipe: Annotated[
        Path | None, typer.Option(help="Whose detector finds the faces; else mtcnn.", metavar="RECIPE", show_default=False)
    ] = None,
    permutations: Annotated[int, typer.Option(min=99, max=100_000, help="How often labels are permuted.")] = 999,
    seed: Annotated[int, typer.Option(min=0, help="Of permutations, folds and resamples.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Ask whether the condition can be told from things that are not the face: file, colours, border, background, framing.

    The verdict is pass, caution or fail. Exit code 0 whatever the verdict; 1: some photographs could not be read, and the audit
    is of the others.
    """
    from ...audit.audit import audit as audit_dataset
    from ...audit.collect import collect, detector_of
    from ...audit.shortcut_features import describe
    from ...data.dataset import refuse_too_small
    from ...data.read import read_dataset
    from ...output.audit import print_audit
    from ...output.terminal import print_failure
    from ...recipe.check import load_recipe
    from ...types import Failure
    from ..evaluation import new_folder, write_all
    from ..main import registry_of
    from ..terminal import TerminalProgress, err, out

    if output:
        new_folder(output)
    registry, progress = registry_of(ctx), TerminalProgress()
    detector = detector_of(load_recipe(recipe_file(recipe), registry) if recipe else None, registry)
    dataset = read_dataset(data)
    rows, samples, failures = [], [], []
    seen = progress.track(collect((item.path for item in dataset.samples), detector), "looking", len(dataset.samples), "images")
    for item, result in zip(dataset.samples, seen, strict=True):
        if isinstance(result, Failure):
            failures.append(result)
            print_failure(err(), result)
        else:
            samples.append(item)
            rows.append(describe(result))
    refuse_too_small(samples, data)
    found = audit_dataset(rows, samples, failures=failures, permutations=permutations, seed=seed, progress=progress)
    text = found.model_dump_json(by_alias=True, indent=2)
    if as_json:
        sys.stdout.write(text + "\n")
    else:
        print_audit(out(), found)
    if output:
        write_all(output, {"audit.json": text + "\n"})
    if failures:
        raise typer.Exit(1)
