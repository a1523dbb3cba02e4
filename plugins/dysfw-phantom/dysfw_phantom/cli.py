"""The ``dysfw phantom`` commands: contact sheets, data sets, pairs, and lists of conditions and terms."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from dysfw.plugin import usable_processors

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Create phantoms: synthetic faces with known morphology. They show no real person and have no diagnostic meaning.",
)

RENDERER = ("numba", "pyarrow")  # packages of the extra `draw`
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def sample(
    *,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="PNG", help="PNG file to write. An existing file is overwritten.")
    ],
    conditions: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[CONDITION...]",
            help="Labels of shipped conditions or paths of YAML files. Default: all shipped conditions.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Random seed.")] = 0,
    rows: Annotated[int, typer.Option(min=1, max=100, help="Rows per condition.")] = 1,
    columns: Annotated[int, typer.Option(min=1, max=50, help="Images per row.")] = 8,
    size: Annotated[int, typer.Option(min=64, max=2048, help="Side of an image, px.")] = 256,
    severity: Annotated[float, typer.Option(min=0, max=3, help="Factor on the severity of all terms.")] = 1.0,
    same_patient: Annotated[bool, typer.Option("--same-patient", help="Show the same patient in all images of a row.")] = False,
) -> None:
    """Render a contact sheet with the label below each row."""
    from dysfw.plugin import TerminalProgress, out

    check_sheet_path(output)
    refuse_without_renderer()
    progress = TerminalProgress()
    with progress.stage("loading the face model"):
        from .condition import find_condition, shipped_conditions
        from .sampling import SheetConfig, write_sheet

        selected = [find_condition(word, Path()) for word in conditions or shipped_conditions()]
    write_sheet(SheetConfig(tuple(selected), seed, rows, columns, size, severity, same_patient), output, progress)
    out().print(str(output), markup=False, soft_wrap=True)


def check_sheet_path(output: Path) -> None:
    """Check the path of a contact sheet before rendering.

    Args:
        output: The file to write.

    Raises:
        DysfwError: The file is not a PNG file, or its folder does not exist.
    """
    from dysfw.plugin import DysfwError, refuse_unwritable

    if output.suffix.lower() != ".png":
        raise DysfwError(f"{output} does not end in .png", hint="contact sheets are PNG files; choose a name such as sheet.png")
    refuse_unwritable(output)


def refuse_without_renderer() -> None:
    """Check that what draws phantoms is installed.

    Raises:
        DysfwError: A package is missing.
    """
    from dysfw.plugin import DysfwError, install_command, listed

    if missing := [name for name in RENDERER if find_spec(name) is None]:
        raise DysfwError(f"drawing phantoms needs {listed(missing)}", hint=install_command("dysfw-phantom", "draw"))


@app.command()
def dataset(
    spec: Annotated[
        str, typer.Argument(metavar="SPEC", help="Name of a shipped spec or path of a YAML file.", show_default=False)
    ],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="DIR", help="Folder to create. It must not contain anything else."),
    ],
    workers: Annotated[
        int, typer.Option(min=1, max=1024, help="Number of processes. The data set is identical for every number.")
    ] = usable_processors(),
    composite_consent: Annotated[
        bool,
        typer.Option(
            "--composite-consent", help="Let all phantoms agree to composites: a column of manifest.csv for train --composites."
        ),
    ] = False,
) -> None:
    """Create a data set: a folder of images for each label, manifest.csv, and the ground truth in truth.parquet.

    DIR appears when it is complete. Until then, DIR.unfinished contains the finished part. After an interruption, run the same
    command again to resume.
    """
    from dysfw.plugin import TerminalProgress, if_interrupted, out

    refuse_without_renderer()
    progress = TerminalProgress()
    with progress.stage("loading the face model"):
        from .consent import add_consent
        from .dataset import describe, make_dataset
        from .frozen import compare, frozen_specs
        from .spec import find_spec

        found = find_spec(spec)
    with if_interrupted(lambda: f"finished images are kept in {output}.unfinished; the same command resumes"):
        made = make_dataset(found, output, workers, progress)
    for left_out in found.left_out:
        progress.note(f"left out: {left_out}")
    if not made:
        progress.note(f"{output} already contains this data set")
    if spec in frozen_specs():
        progress.note(compare(spec, output, progress))
    if composite_consent:
        add_consent(output)
    out().print(f"{output}: {describe(output)}", markup=False, soft_wrap=True)


@app.command()
def pairs(
    data: Annotated[Path, typer.Argument(metavar="DIR", help="Data set with a folder for each person.", show_default=False)],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="TXT", help="Text file to write. An existing file is overwritten.")
    ],
    folds: Annotated[int, typer.Option(min=2, max=100, help="Number of folds. No person is in two folds.")] = 10,
    per_fold: Annotated[
        int, typer.Option(min=1, max=100_000, help="Number of matched pairs, and of mismatched pairs, per fold.")
    ] = 300,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Random seed.")] = 0,
) -> None:
    """Draw pairs of images of the same and of different people, in the format of Labeled Faces in the Wild."""
    from dysfw.plugin import count, out

    from .pairs import write_pairs

    write_pairs(data, output, folds, per_fold, seed)
    out().print(f"{output}: {count(2 * folds * per_fold, 'pair')}", markup=False, soft_wrap=True)


@app.command()
def conditions(
    path: Annotated[
        Path | None,
        typer.Argument(
            metavar="[PATH]", help="YAML file of a condition, or a folder of them. Default: the shipped conditions."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List phantom conditions with the frequency and severity of their terms."""
    from .condition import find_conditions, shipped_conditions
    from .listings import print_conditions

    print_conditions(find_conditions(path) if path else list(shipped_conditions().values()), as_json)


@app.command()
def condition(
    disease: Annotated[str, typer.Argument(metavar="OMIM", help="OMIM id, such as OMIM:147920.", show_default=False)],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="YAML", help="File to write. Default: print to the terminal.")
    ] = None,
) -> None:
    """Draft a condition from HPO's annotations of a disease: its facial signs with their frequencies, for you to edit."""
    from dysfw.plugin import DysfwError, atomic_write, out, refuse_existing

    from .published.condition import draft_yaml, find_disease

    if output is None:
        typer.echo(draft_yaml(find_disease(disease)), nl=False)
        return
    refuse_existing(output, file=True)
    text = draft_yaml(find_disease(disease))
    try:
        with atomic_write(output) as unfinished:
            unfinished.write_text(text, "utf-8")
    except OSError as error:
        raise DysfwError(f"cannot write {output}: {error.strerror or error}") from None
    out().print(str(output), markup=False, soft_wrap=True)


@app.command()
def terms(as_json: JsonOption = False) -> None:
    """List the HPO terms that a condition can use, with their axes."""
    from .listings import print_terms

    print_terms(as_json)
