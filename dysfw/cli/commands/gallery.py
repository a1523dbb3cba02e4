"""``dysfw gallery add|list|remove``: the gallery cases of a bundle."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..options import FetchOption, allow_fetching, command_group
from ..stage_cache import NoCacheOption, opened_cache

if TYPE_CHECKING:
    from ...bundle.contents import Manifest
    from ...data.dataset import Dataset
    from ...output.fitted_table import FittedTable
    from ...training.train import Trained

app = command_group("List, add and remove the gallery cases of a bundle, without training.")
BundleArgument = Annotated[Path, typer.Argument(metavar="BUNDLE", help="A bundle folder.", show_default=False)]
OutputOption = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FOLDER", help="Folder for the changed bundle; without it BUNDLE is changed."),
]


@app.command()
def add(
    ctx: typer.Context,
    bundle: BundleArgument,
    sources: Annotated[
        list[Path],
        typer.Argument(metavar="SOURCE...", help="Images, with --label; or one data set, as for `train`.", show_default=False),
    ],
    label: Annotated[str | None, typer.Option(help="Condition of the images; can be a new one.")] = None,
    patient: Annotated[str | None, typer.Option(help="Patient whom all the images show.")] = None,
    output: OutputOption = None,
    fetch: FetchOption = False,
    no_cache: NoCacheOption = False,
) -> None:
    """Add images to the gallery of a bundle.

    Heads, fusion and reliability are updated. A single image is enough for a new condition.

    Exit code 1: some images failed; the others were added.
    """
    allow_fetching(fetch)
    from ..main import registry_of
    from ..terminal import TerminalProgress

    registry, progress = registry_of(ctx), TerminalProgress()
    with progress.stage(f"loading {bundle}"):
        from ...training.gallery import add_cases, open_gallery

        dataset = _dataset(sources, label, patient)
        gallery = open_gallery(bundle, registry, ctx.with_resource(opened_cache(no_cache)))
    _report(add_cases(gallery, dataset, output or bundle, progress), output or bundle)


@app.command("list")
def list_cases(
    ctx: typer.Context,
    bundle: BundleArgument,
    cases: Annotated[bool, typer.Option("--cases", help="List every case with its id.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON Lines, one object per case.")] = False,
) -> None:
    """List the conditions with their numbers of cases, or every case."""
    from ...bundle.read import read_bundle
    from ...errors import DysfwError
    from ..main import registry_of
    from ..terminal import out

    manifest = read_bundle(bundle, registry_of(ctx)).manifest
    if not manifest.gallery_cases:
        raise DysfwError(f"the bundle {bundle} has no gallery", hint="train it with `head: {use: gallery}`")
    if as_json:
        for case in manifest.gallery_cases:
            typer.echo(json.dumps(case.model_dump(mode="json"), ensure_ascii=False))
    else:
        out().print(_cases(manifest) if cases else _by_condition(manifest))


@app.command()
def remove(
    ctx: typer.Context,
    bundle: BundleArgument,
    ids: Annotated[
        list[str] | None,
        typer.Argument(metavar="[CASE]...", help="Ids of cases, from `dysfw gallery list --cases`.", show_default=False),
    ] = None,
    label: Annotated[list[str] | None, typer.Option(help="Condition to remove with all its cases. Repeatable.")] = None,
    output: OutputOption = None,
) -> None:
    """Remove cases by id or by condition."""
    from ...errors import DysfwError
    from ..main import registry_of
    from ..terminal import TerminalProgress

    if not ids and not label:
        raise DysfwError(
            "give the ids of the cases to remove, or a condition with --label",
            hint="`dysfw gallery list BUNDLE --cases` lists the ids",
        )
    registry = registry_of(ctx)
    with TerminalProgress().stage(f"loading {bundle}"):
        from ...training.gallery import open_gallery, remove_cases

        gallery = open_gallery(bundle, registry)
    _report(remove_cases(gallery, ids or [], label or [], output or bundle), output or bundle)


def _dataset(sources: list[Path], label: str | None, patient: str | None) -> Dataset:
    from ...data.dataset import Dataset, Sample
    from ...errors import DysfwError
    from ...tables.read import is_table
    from ...util.paths import local_path
    from ..evaluation import dataset_at, print_findings

    sources = [local_path(str(source)) for source in sources]
    if label is None:
        if len(sources) > 1 or patient is not None or not (sources[0].is_dir() or is_table(sources[0])):
            raise DysfwError(
                "the condition of these images is missing",
                hint="add --label CONDITION, or give one data set: a folder with one subfolder per condition, or a manifest",
            )
        dataset = dataset_at(sources[0])
        print_findings(dataset.findings)
        return dataset
    if not label.strip():
        raise DysfwError("--label is empty")
    folders = [str(source) for source in sources if source.is_dir()]
    if folders:
        raise DysfwError(
            f"{folders[0]} is a folder; with --label, give image files", hint="omit --label to add a whole data set"
        )
    return Dataset(tuple(Sample(path, label.strip(), patient) for path in sources), sources[0])


def _cases(manifest: Manifest) -> FittedTable:
    from ...output.fitted_table import Column, FittedTable

    table = FittedTable(Column("case", role="id"), Column("condition"), Column("patient", role="more"), below="lines")
    for case in manifest.gallery_cases:
        table.add(case.id, case.label, case.patient or "–")
    return table


def _by_condition(manifest: Manifest) -> FittedTable:
    from ...output.fitted_table import Column, FittedTable

    images = Counter(case.label for case in manifest.gallery_cases)
    identified = {(case.label, case.patient or case.id) for case in manifest.gallery_cases}
    patients = Counter(label for label, _ in identified)
    table = FittedTable(
        Column("condition", role="id"),
        Column("cases", right=True),
        Column("patients", right=True),
        Column("name", role="more"),
        below="lines",
    )
    for label in manifest.labels:
        table.add(label, str(images[label]), str(patients[label]), str(manifest.conditions.get(label, "")))
    return table


def _report(changed: Trained, folder: Path) -> None:
    from ...output.terminal import print_failure
    from ..terminal import err, out

    for failure in changed.failures:
        print_failure(err(), failure)
    manifest = changed.manifest
    out().print(f"bundle {folder}: {manifest.changes[-1].partition(': ')[2]}", markup=False)
    out().print(f"gallery: {len(manifest.gallery_cases)} cases of {len(manifest.labels)} conditions", markup=False)
    if changed.failures:
        raise typer.Exit(1)
