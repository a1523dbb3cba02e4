"""``dysfw run``: judge photographs."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..formats import Format, Method
from ..options import DeviceOption, FetchOption, RecipeArgument, SetOption, allow_fetching, overrides
from ..stage_cache import NoCacheOption, opened_cache

if TYPE_CHECKING:
    from ...explain.explanation import Explanation
    from ...inference.pipeline import Pipeline
    from ...types import BasePrediction


def run(
    ctx: typer.Context,
    recipe: RecipeArgument,
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE...", help="Photographs.", show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", help="Short for --format json.")] = False,
    form: Annotated[
        Format | None,
        typer.Option(
            "--format",
            help="For programs: JSON Lines, a table of rankings, a Phenopacket a line, or regions as COCO has them.",
            show_default=False,
        ),
    ] = None,
    patient: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="All photographs show one patient, called so: judge them together.", show_default=False
        ),
    ] = None,
    figure: Annotated[
        Path | None,
        typer.Option(help="Draw each face, or the patient, with the ranking: OUT.png, .pdf or .svg.", metavar="OUT"),
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Say what each region adds to the first condition's probability.")
    ] = False,
    why: Annotated[
        str | None,
        typer.Option(metavar="CONDITION", help="Explain this condition's probability, not the first's.", show_default=False),
    ] = None,
    maps: Annotated[
        Method | None,
        typer.Option(
            help="Explain too, in figure and JSON, which parts of each region it hangs on: by what is lost where they are "
            "hidden, or by the trunk's gradient.",
            show_default=False,
        ),
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="How many conditions to show.")] = 5,
    sets: SetOption = None,
    device: DeviceOption = None,
    all_faces: Annotated[bool, typer.Option("--all-faces", help="Judge every face that is found.")] = False,
    fetch: FetchOption = False,
    no_cache: NoCacheOption = False,
) -> None:
    """Ranked probabilities for each photograph, with each region's own opinion.

    Exit code 0: all judged; 1: some images failed, each with its reason, the rest is delivered; 2: the command or the recipe is
    wrong.
    """
    allow_fetching(fetch)
    from ... import RESEARCH_USE
    from ...inference.loading import open_pipeline
    from ...inference.patient import predict_patient
    from ...types import Failure, Prediction
    from ..main import registry_of
    from ..printing import printer
    from ..terminal import TerminalProgress, err, warn

    chosen = _format(form, as_json=as_json)
    _refuse(
        chosen,
        maps=maps is not None,
        figure=figure is not None,
        explain=explain or why is not None,
        patient=patient,
        all_faces=all_faces,
    )
    figures = _figure_names(figure, images)
    cache = ctx.with_resource(opened_cache(no_cache))
    pipeline = open_pipeline(recipe, registry_of(ctx), overrides(sets, device), cache)
    printed = printer(chosen, pipeline, top)
    if pipeline.manifest and pipeline.manifest.about:
        err().print(f"bundle {pipeline.manifest.name}: {pipeline.manifest.about}", markup=False)
    for notice in pipeline.notices:
        warn(notice.message)
    reasons = _explainer(pipeline, wanted=explain or maps is not None, why=why, maps=maps)
    results = pipeline.predict(images, all_faces=all_faces, pixels=figure is not None or maps is not None)
    if chosen == "text":
        err().print(RESEARCH_USE, style="dim")
    elif len(images) > 1:
        results = TerminalProgress().track(results, "judging", len(images), "images")
    failures: list[Failure] = []
    patient_predictions: list[Prediction] = []
    for result in results:
        if isinstance(result, Failure):
            failures.append(result)
            printed.fail(result)
            continue
        if patient is None or printed.single:
            told = reasons(result)
            printed.add(result, told)
            if figures and patient is None:
                _draw(next(figures), result, pipeline, top, told)
        if patient is not None:
            patient_predictions.append(result if figures else replace(result, subject=replace(result.subject, pixels=None)))
    if patient is not None and patient_predictions and pipeline.classifier:
        together = predict_patient(pipeline.classifier, patient, patient_predictions, failures)
        told = reasons(together)
        printed.add(together, told)
        if figures:
            _draw(next(figures), together, pipeline, top, told)
    printed.end()
    if failures:
        raise typer.Exit(1)


def _draw(path: Path, result: BasePrediction, pipeline: Pipeline, top: int, told: Explanation | None) -> None:
    from ...output.figure import save_figure
    from ..terminal import err

    save_figure(path, result, pipeline, top, explanation=told)
    err().print(f"figure: {path}")


def _format(form: Format | None, *, as_json: bool) -> Format:
    from ...errors import DysfwError

    if as_json and form not in {None, "json"}:
        raise DysfwError(f"--json and --format {form} ask for two formats", hint="leave one of them out")
    return form or ("json" if as_json else "text")


def _refuse(form: Format, *, maps: bool, figure: bool, explain: bool, patient: str | None, all_faces: bool) -> None:
    """Raise DysfwError for what does not go together."""
    from ...errors import DysfwError

    if maps and form != "json" and not figure:
        raise DysfwError("--maps needs --figure or --json to show them in", hint="add one of them, or leave --maps out")
    if maps and form != "json" and patient is not None:
        raise DysfwError(
            "--maps are of single photographs, which --patient shows with --json alone", hint="add --json, or leave one out"
        )
    if explain and form not in {"text", "json"}:
        raise DysfwError(f"--format {form} has no place for explanations", hint="take --json, or leave --explain out")
    if patient is not None and all_faces:
        raise DysfwError("--patient takes one face of each photograph, --all-faces every one", hint="leave one of them out")
    if patient is not None and (
        not patient.strip() or not patient.isprintable() or patient.startswith("-") or Path(patient).is_file()
    ):
        raise DysfwError(
            f"--patient {patient}: this is no name for a patient", hint="--patient NAME, for example --patient P-017"
        )


def _explainer(
    pipeline: Pipeline, *, wanted: bool, why: str | None, maps: Method | None
) -> Callable[[BasePrediction], Explanation | None]:
    """What says why a result is as it is; nothing where nobody asks. Raises DysfwError for an unknown condition."""
    from ...explain.explanation import condition_called, explain

    if maps == "gradient":
        from ...explain.gradient import refuse_without_module

        refuse_without_module(pipeline.embedder)
    if why is not None and pipeline.classifier:
        why = condition_called(why, pipeline.classifier.labels, "--why")

    def told(result: BasePrediction) -> Explanation | None:
        return explain(pipeline, result, label=why, maps=maps) if wanted or why is not None else None

    return told


def _figure_names(wanted: Path | None, images: list[Path]) -> Iterator[Path] | None:
    """OUT.png for the first face, OUT-2.png for the second …; refused before any work where OUT cannot be written."""
    if wanted is None:
        return None
    from ...errors import DysfwError

    if wanted.suffix.lower() not in (".png", ".pdf", ".svg"):
        raise DysfwError(f"--figure {wanted}: the name must end in .png, .pdf or .svg")
    if not wanted.parent.is_dir():
        raise DysfwError(f"--figure {wanted}: {wanted.parent} is not a folder", hint="create it first")
    taken = {image.resolve() for image in images}
    if wanted.resolve() in taken:
        raise DysfwError(f"--figure {wanted} is one of the photographs; it would be overwritten")
    return (name for name in _numbered(wanted) if name.resolve() not in taken)


def _numbered(wanted: Path) -> Iterator[Path]:
    return (wanted if n == 1 else wanted.with_stem(f"{wanted.stem}-{n}") for n in itertools.count(1))
