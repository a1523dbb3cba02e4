"""``dysfw phantom``: look at phantoms, write data sets of them, list what they can have."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Make phantoms: synthetic faces with known morphology. No person is shown, and no diagnosis follows from one.",
)

JsonOption = Annotated[bool, typer.Option("--json", help="The same for programs.")]
PROCESSORS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@app.command()
def sample(
    *,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="PNG", help="The picture to write; replaced where it exists.")
    ],
    conditions: Annotated[
        list[str] | None,
        typer.Argument(metavar="[CONDITION...]", help="Labels, or YAML files of your own; all labels where none is named."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Another seed, other phantoms.")] = 0,
    rows: Annotated[int, typer.Option(min=1, max=100, help="Rows of each condition.")] = 1,
    columns: Annotated[int, typer.Option(min=1, max=50, help="Photographs in a row.")] = 8,
    size: Annotated[int, typer.Option(min=64, max=2048, help="Side of a photograph, px.")] = 256,
    severity: Annotated[float, typer.Option(min=0, max=3, help="Factor on the severity of all terms.")] = 1.0,
    same_patient: Annotated[bool, typer.Option("--same-patient", help="Photographs of one patient in a row.")] = False,
) -> None:
    """Draw a contact sheet, with the label under each row."""
    from dysfw.plugin import TerminalProgress

    from .condition import find_condition, shipped_conditions
    from .sampling import Sheet, write_sheet

    refuse_other_endings(output)
    wanted = [find_condition(word, Path()) for word in conditions or shipped_conditions()]
    write_sheet(Sheet(tuple(wanted), seed, rows, columns, size, severity, same_patient), output, TerminalProgress())


def refuse_other_endings(output: Path) -> None:
    """Raise DysfwError before anything is drawn."""
    from dysfw.plugin import DysfwError

    if output.suffix.lower() != ".png":
        raise DysfwError(f"{output} does not end in .png", hint="contact sheets are PNG files")
    if not output.absolute().parent.is_dir():
        raise DysfwError(f"{output.absolute().parent} is not a folder", hint="create it first")


@app.command()
def dataset(
    spec: Annotated[str, typer.Argument(metavar="SPEC", help="A YAML file, or a shipped spec's name.", show_default=False)],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="DIR", help="The folder to write; it must not hold anything else."),
    ],
    workers: Annotated[
        int, typer.Option(min=1, max=1024, help="Processes; the data set is the same for any number.")
    ] = PROCESSORS,
) -> None:
    """Write a data set: photographs in a folder for each label, manifest.csv, and what is true of each in truth.parquet.

    DIR appears when everything is in it; until then DIR.unfinished holds what there is. The same command goes on after a stop.
    """
    from dysfw.plugin import TerminalProgress

    from .dataset import make_dataset
    from .spec import find_spec

    progress = TerminalProgress()
    if not make_dataset(find_spec(spec), output, workers, progress):
        progress.note(f"{output} holds this data set already")


@app.command()
def pairs(
    data: Annotated[Path, typer.Argument(metavar="DIR", help="A data set with a folder for each person.", show_default=False)],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="TXT", help="The file to write; replaced where it exists.")],
    folds: Annotated[int, typer.Option(min=2, max=100, help="Nobody is in two folds.")] = 10,
    per_fold: Annotated[int, typer.Option(min=1, max=100_000, help="Pairs of one person, and as many of two.")] = 300,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Another seed, other pairs.")] = 0,
) -> None:
    """Draw pairs of photographs of one person and of two, in the format of Labeled Faces in the Wild."""
    from .pairs import write_pairs

    write_pairs(data, output, folds, per_fold, seed)


@app.command()
def conditions(
    path: Annotated[
        Path | None,
        typer.Argument(metavar="[PATH]", help="Your own condition, or a folder of them, in place of the shipped."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List phantom conditions: what they imitate, with which terms, how often and how strongly."""
    from .condition import find_conditions, shipped_conditions
    from .listings import print_conditions

    print_conditions(find_conditions(path) if path else list(shipped_conditions().values()), as_json)


@app.command()
def terms(as_json: JsonOption = False) -> None:
    """List the HPO terms that a condition may name, each with the axis that it stands at the end of."""
    from .listings import print_terms

    print_terms(as_json)
