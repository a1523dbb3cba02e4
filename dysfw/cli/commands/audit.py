"""``dysfw audit``: look for shortcuts in a data set."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ..options import recipe_file


def audit(
    ctx: typer.Context,
    data: Annotated[
        Path,
        typer.Argument(metavar="DATA", help="A folder with one subfolder per condition, or a manifest.", show_default=False),
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="DIR", help="Folder for audit.json; must be new or empty.", show_default=False),
    ] = None,
    recipe: Annotated[
        Path | None,
        typer.Option(help="Recipe whose detector finds the faces; without it mtcnn.", metavar="RECIPE", show_default=False),
    ] = None,
    permutations: Annotated[int, typer.Option(min=99, max=100_000, help="Number of label permutations.")] = 999,
    seed: Annotated[int, typer.Option(min=0, help="Random seed.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Test whether file, colours, border, background or framing reveal the condition.

    A model could then predict the condition without looking at the face. The verdict is pass, caution or fail. If patients have
    records, a second verdict says whether the records leak the condition by how they were made.

    The exit code is 0 for every verdict, and 1 if some images could not be read; the audit then covers the others.
    """
    from ..evaluation import new_folder, output_folder, print_findings, write_all
    from ..main import registry_of
    from ..terminal import TerminalProgress, err, if_interrupted, out

    if output:
        ctx.with_resource(output_folder(output, new_folder))
    registry, progress = registry_of(ctx), TerminalProgress()
    with progress.stage(f"loading the detector of {recipe}" if recipe else "loading the detector"):
        from ...audit.audit import audit as audit_dataset
        from ...audit.collect import collect, detector_of
        from ...audit.shortcut_features import describe
        from ...data.checks import unreadable_findings
        from ...data.dataset import refuse_too_small
        from ...data.notices import notice_findings
        from ...data.read import read_dataset
        from ...inference.notices import several_faces
        from ...output.audit import print_audit
        from ...output.terminal import print_failure
        from ...recipe.check import load_recipe
        from ...types import Failure

        detector = detector_of(load_recipe(recipe_file(recipe), registry) if recipe else None, registry)
    with progress.stage(f"reading {data}"):
        dataset = read_dataset(data)
    rows, samples, failures, notices = [], [], [], []
    paths = (sample.path for sample in dataset.samples)
    results = progress.track(collect(paths, detector), "extracting features", len(dataset.samples), "images")
    with if_interrupted(lambda: "nothing was written, and nothing is kept: the same command starts again"):
        for sample, result in zip(dataset.samples, results, strict=True):
            if isinstance(result, Failure):
                failures.append(result)
                print_failure(err(), result)
            else:
                samples.append(sample)
                rows.append(describe(result))
                several = (several_faces(result.faces),) if result.faces > 1 else ()
                notices.append((dataset.name_of(sample), (*several, *result.image.notices)))
        seen = [*notice_findings(notices), *dataset.findings]
        print_findings(seen)
        refuse_too_small(samples, data)
        findings = [*unreadable_findings(failures, dataset), *seen]
        report = audit_dataset(
            rows, samples, failures=failures, findings=findings, permutations=permutations, seed=seed, progress=progress
        )
    text = report.model_dump_json(by_alias=True, indent=2)
    if as_json:
        sys.stdout.write(text + "\n")
    else:
        print_audit(out(), report)
    if output:
        write_all(output, {"audit.json": text + "\n"})
    if failures:
        raise typer.Exit(1)
