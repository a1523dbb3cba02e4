"""``dysfw data check|manifest|match|splits``: look at a data set, and write a manifest or the splits of a protocol."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ..options import command_group
from .match import match

if TYPE_CHECKING:
    from ...data.draft import Draft
    from ...data.inventory import Inventory
    from ...output.fitted_table import FittedTable

app = command_group("Check a data set before training, write a manifest, match controls, and write the splits of a protocol.")
PREVIEW = 5  # rows
MAX_CONDITIONS = 40  # conditions that are printed; of more, those with the most images


@app.command()
def check(
    data: Annotated[
        str,
        typer.Argument(metavar="DATA", help="A folder with one subfolder per condition, or a manifest.", show_default=False),
    ],
    form: Annotated[Literal["text", "json"], typer.Option("--format", help="For people or for programs.")] = "text",
) -> None:
    """Show what a data set holds, and which images training would use.

    What is wrong with the data is shown, too; nothing is changed. Exit code 0: the data can be used; 1: some images or folders
    cannot be read, each with its reason, and the others can be used; 2: the data cannot be used to train.
    """
    from ...errors import DysfwError
    from ..evaluation import print_findings
    from ..terminal import TerminalProgress, err, out

    progress = TerminalProgress()
    try:
        with progress.stage(f"reading {data}"):
            from ...data.findings import UNLISTED
            from ...data.inventory import take_inventory
            from ...data.read import read_dataset
            from ...output.terminal import print_failure

            dataset = read_dataset(Path(data))
        inventory = take_inventory(dataset, progress)
    except DysfwError as error:
        if form == "json":
            problems = [line.strip() for line in error.message.splitlines()]
            _print_json({"origin": data, "usable": False, "problems": problems, "hint": error.hint})
        raise
    if form == "json":
        _print_json(_as_json(inventory))
    else:
        _print_inventory(inventory)
        print_findings(inventory.findings)
        for failure in inventory.failures:
            print_failure(err(), failure)
        out().print(_conclusion(inventory), markup=False)
    if inventory.problems:
        raise DysfwError(inventory.problems[0])
    if inventory.failures or any(finding.code == UNLISTED for finding in inventory.findings):
        raise typer.Exit(1)


@app.command()
def manifest(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="A folder with images, in subfolders or not.", show_default=False)
    ],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="MANIFEST", help="manifest.csv or manifest.xlsx to write.", show_default=False),
    ],
    patient_from: Annotated[
        str | None,
        typer.Option(
            metavar="REGEX",
            help="Where names within DIR state the patient: a regular expression with the patient in brackets, such as "
            "'(P[0-9]+)'; or the word folder, if each patient has one. Groups named label, source and split are used, too.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Write a manifest of a folder, to complete in a spreadsheet.

    All images in the folder and its subfolders are listed. The label is the name of the first subfolder, and empty
    without one. The first rows are shown.
    """
    from ...data.draft import check_manifest_path, draft_manifest, write_manifest
    from ...util.paths import local_path
    from ...util.text import count
    from ..evaluation import print_findings
    from ..terminal import err, out

    check_manifest_path(output)
    draft = draft_manifest(local_path(str(folder)), patient_from)
    write_manifest(draft, output)
    print_findings(draft.findings)
    labels = {row.label for row in draft.rows} - {""}
    patients = {row.patient for row in draft.rows} - {None}
    parts = (count(len(draft.rows), "image"), count(len(labels), "condition"), count(len(patients), "patient"))
    out().print(f"{output}: {', '.join(parts)}", markup=False)
    out().print(_preview(draft))
    err().print(f"Check the rows, complete them if needed, then run: dysfw data check {output}", markup=False)


app.command()(match)


@app.command()
def splits(
    ctx: typer.Context,
    data: Annotated[
        Path | None,
        typer.Argument(
            metavar="DATA",
            help="A folder with one subfolder per condition, or a manifest; without it the protocol's own data set.",
            show_default=False,
        ),
    ] = None,
    *,
    protocol: Annotated[
        str, typer.Option(metavar="NAME", help="The protocol, such as frequent-rare or field.", show_default=False)
    ],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="splits.csv to write.", show_default=False)],
) -> None:
    """Write the galleries, tests and training images of a protocol.

    The columns are setting, split, role (training, gallery or test), path and label. The candidates of a split are the
    conditions of its gallery. To predict the tests with software of your own, you need no more. Train only on the images whose
    role is training; they belong to no split to predict. No image is opened.
    """
    from ...errors import DysfwError
    from ...evaluation.protocol.predictions_file import write_splits
    from ...util.atomic import refuse_existing
    from ...util.text import count
    from ..main import registry_of
    from ..protocol import load_plan
    from ..terminal import out

    if output.suffix.lower() != ".csv":
        raise DysfwError(f"-o {output}: the name must end in .csv")
    refuse_existing(output, file=True)
    _, plan = load_plan(registry_of(ctx), protocol, data)
    write_splits(output, plan)
    tested = {row for split in plan.splits for row in split.test_rows.tolist()}
    parts = (
        count(len(plan.splits), "split"),
        count(len(plan.labels), "condition"),
        f"{count(len(tested), 'image')} to predict",
        f"{len(plan.training_rows):,} to train on",
    )
    out().print(f"{output}: {', '.join(parts)}", markup=False)


def _preview(draft: Draft) -> FittedTable:
    from ...output.fitted_table import Column, FittedTable

    table = FittedTable(Column("image", role="id"), Column("label"), Column("patient"))
    last = len(draft.rows) - 1
    for n in dict.fromkeys(k * last // (PREVIEW - 1) for k in range(PREVIEW)):  # from all parts of the folder
        table.add(draft.names[n], draft.rows[n].label, draft.rows[n].patient or "")
    return table


def _print_json(content: dict[str, object]) -> None:
    from ...data.inventory import SCHEMA

    sys.stdout.write(json.dumps({"schema": SCHEMA} | content, indent=2) + "\n")


def _as_json(inventory: Inventory) -> dict[str, object]:
    from dataclasses import asdict

    content = asdict(inventory)
    failures = [{key: one[key] for key in ("source", "code", "message")} for one in content["failures"]]
    return content | {"usable": not inventory.problems, "failures": failures}


def _print_inventory(inventory: Inventory) -> None:
    from ...output.fitted_table import Column, FittedTable
    from ...util.text import count
    from ..terminal import out

    patients = "patients unknown" if inventory.patients is None else count(inventory.patients, "patient")
    parts = (count(inventory.images, "image"), patients, count(len(inventory.labels), "condition"))
    out().print(f"{inventory.origin}: {', '.join(parts)}", markup=False)
    if inventory.width and inventory.height:
        formats = ", ".join(f"{number} {title}" for title, number in inventory.formats.items())
        smallest, middle, largest = zip(inventory.width, inventory.height, strict=True)
        sizes = f"width × height from {_px(smallest)} to {_px(largest)} px, median {_px(middle)}"
        out().print(f"{formats}; {inventory.size / 1e6:,.1f} MB; {sizes}", markup=False)
    if inventory.sources:
        out().print("sources: " + ", ".join(f"{name} {n}" for name, n in inventory.sources.items()), markup=False)
    has_split = any(counts.train is not None for counts in inventory.labels.values())
    names = ("images", "used", "patients", *(("train", "test") if has_split else ()))
    table = FittedTable(Column("condition", role="id"), *(Column(name, right=True) for name in names))
    conditions = [*inventory.labels.items()]
    if len(conditions) > MAX_CONDITIONS:
        conditions = sorted(conditions, key=lambda item: -item[1].images)[:MAX_CONDITIONS]
    for label, counts in conditions:
        known = "–" if counts.patients is None else str(counts.patients)
        table.add(
            label, str(counts.images), str(counts.used), known, *((str(counts.train), str(counts.test)) if has_split else ())
        )
    out().print(table)
    if len(inventory.labels) > MAX_CONDITIONS:
        out().print(
            f"and {len(inventory.labels) - MAX_CONDITIONS:,} more conditions with fewer images; for all: --format json",
            style="dim",
        )


def _px(size: tuple[int, int]) -> str:
    return f"{size[0]} × {size[1]}"


def _conclusion(inventory: Inventory) -> str:
    used = f"{inventory.used} of {inventory.images} images"
    return f"training would use {used}, as far as a face is found in them" if not inventory.problems else f"usable: {used}"
