"""``dysfw run``: predict conditions from images."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from ..formats import Format, Method, Paper
from ..options import DeviceOption, FetchOption, RecipeArgument, RuntimeOption, SetOption, allow_fetching, overrides
from ..record import AgeOption, AncestryOption, ExcludedTermOption, RecordOption, SexOption, TermOption, record_of
from ..stage_cache import NoCacheOption, opened_cache

if TYPE_CHECKING:
    from ...explain.explanation import Explanation
    from ...inference.pipeline import Pipeline
    from ...output.writers import Writer
    from ...types import BasePrediction, Failure, PatientRecord, Prediction

P = TypeVar("P", bound="BasePrediction")
DEFAULT_TOP = 5  # conditions in rankings for people


def run(
    ctx: typer.Context,
    recipe: RecipeArgument,
    images: Annotated[
        list[Path], typer.Argument(metavar="IMAGE...", help="Images of faces.", show_default=False, readable=False)
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Short for --format json.")] = False,
    form: Annotated[
        Format | None,
        typer.Option(
            "--format",
            help="Format for programs: JSON Lines, a table of rankings, one Phenopacket a line, or regions in COCO format.",
            show_default=False,
        ),
    ] = None,
    patient: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="All images show one patient: predict for this patient.", show_default=False),
    ] = None,
    figure: Annotated[
        Path | None,
        typer.Option(help="Draw each face, or the patient, with the ranking: OUT.png, .pdf or .svg.", metavar="OUT"),
    ] = None,
    pdf: Annotated[
        Path | None,
        typer.Option(help="Write each face, or the patient, as a document for paper: OUT.pdf.", metavar="OUT"),
    ] = None,
    paper: Annotated[Paper, typer.Option(help="Size of the pages of --pdf.", case_sensitive=False)] = "a4",
    explain: Annotated[
        bool, typer.Option("--explain", help="Show how each region contributes to the first condition's probability.")
    ] = False,
    why: Annotated[
        str | None,
        typer.Option(metavar="CONDITION", help="Explain this condition instead of the first.", show_default=False),
    ] = None,
    maps: Annotated[
        Method | None,
        typer.Option(
            help="Add saliency maps to figure, PDF and JSON: what is lost if a part of a region is hidden, or the gradient of "
            "the backbone.",
            show_default=False,
        ),
    ] = None,
    top: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Number of conditions in rankings. Without it: 5 in text, figures, PDFs and Phenopackets, all in JSON and "
            "tables.",
            show_default=False,
        ),
    ] = None,
    sets: SetOption = None,
    device: DeviceOption = None,
    runtime: RuntimeOption = None,
    all_faces: Annotated[bool, typer.Option("--all-faces", help="Predict for every face found.")] = False,
    term: TermOption = None,
    excluded_term: ExcludedTermOption = None,
    age: AgeOption = None,
    sex: SexOption = None,
    ancestry: AncestryOption = None,
    record: RecordOption = None,
    fetch: FetchOption = False,
    no_cache: NoCacheOption = False,
) -> None:
    """Rank conditions by probability for each image, with the probabilities of each facial region.

    If the recipe has evidence, the patient's signs, age and sex are combined with the face.

    Exit code 0: all images were predicted; 1: some failed, each with its reason, and the rest was delivered; 2: the command or
    the recipe is wrong.
    """
    allow_fetching(fetch)
    from ... import RESEARCH_USE
    from ...errors import DysfwError
    from ..main import registry_of
    from ..terminal import TerminalProgress, err, warn

    chosen = _format(form, as_json=as_json)
    explained = explain or why is not None
    _check_options(
        chosen, maps=maps is not None, figure=bool(figure or pdf), explain=explained, patient=patient, all_faces=all_faces
    )
    if top is not None and chosen == "coco" and not (figure or pdf):
        raise DysfwError("--top: --format coco has no ranking", hint="leave --top out, or choose another format")
    images = _image_files(images)
    patient_record = record_of(term, excluded_term, age, sex, ancestry, record)
    if patient_record:
        _refuse_several_patients(images, patient=patient, all_faces=all_faces)
    figures, documents = _drawn_names("--figure", figure, images), _drawn_names("--pdf", pdf, images)
    if figure and pdf and figure.resolve() == pdf.resolve():
        raise DysfwError(
            f"--figure and --pdf are both {pdf}; one would overwrite the other", hint="choose another name for one"
        )
    cache = ctx.with_resource(opened_cache(no_cache))
    progress = TerminalProgress()
    with progress.stage(f"loading {recipe}"):
        from ...inference.loading import open_pipeline

        pipeline = open_pipeline(recipe, registry_of(ctx), overrides(sets, device, runtime), cache)
    shown = _Shown(pipeline, _writer(chosen, pipeline, top), figures, documents, paper, top or DEFAULT_TOP, patient_record)
    if pipeline.manifest and pipeline.manifest.about:
        err().print(f"bundle {pipeline.manifest.name}: {pipeline.manifest.about}", markup=False)
    for notice in pipeline.notices:
        warn(notice.message)
    if patient_record:
        _check_record(pipeline, record_of(term, excluded_term, None, None, None, None))
    explainer = _explainer(pipeline, enabled=explained or maps is not None, why=why, maps=maps)
    results: Iterable[Prediction | Failure] = pipeline.predict(
        images, all_faces=all_faces, pixels=shown.drawn or maps is not None
    )
    if chosen == "text":
        err().print(RESEARCH_USE, style="dim")
    elif len(images) > 1 and not sys.stdout.isatty():  # else the results themselves are seen to arrive
        results = progress.track(results, "predicting", len(images), "images")
    failed = _show_images(results, shown, explainer) if patient is None else _show_patient(patient, results, shown, explainer)
    shown.writer.end()
    if failed:
        raise typer.Exit(1)


Explainer = Callable[["BasePrediction"], "Explanation | None"]


@dataclass(frozen=True, slots=True)
class _Shown:
    """Where results go: a writer, and the names of figures and PDFs to draw, if any; and the record they are combined with."""

    pipeline: Pipeline
    writer: Writer
    figures: Iterator[Path] | None
    documents: Iterator[Path] | None
    paper: Paper
    top: int
    record: PatientRecord

    @property
    def drawn(self) -> bool:
        """Whether results are drawn, which needs their pixels."""
        return self.figures is not None or self.documents is not None

    def add(self, result: BasePrediction, explanation: Explanation | None, *, drawn: bool = True) -> None:
        from ..terminal import warn

        self.writer.add(result, explanation)
        if remark := self.writer.remark():
            warn(remark)
        if self.figures and drawn:
            from ...output.figure import save_figure
            from ..terminal import err

            path = next(self.figures)
            save_figure(path, result, self.pipeline, self.top, explanation=explanation)
            err().print(f"figure: {path}", markup=False)
        if self.documents and drawn:
            from ...output.pdf import save_pdf
            from ..terminal import err

            path = next(self.documents)
            save_pdf(path, result, self.pipeline, top=self.top, explanation=explanation, paper=self.paper)
            err().print(f"PDF: {path}", markup=False)

    def with_record(self, result: P) -> P:
        """Combine with the record. What a format has no place to say of it is a warning."""
        from ..terminal import warn

        combined = self.pipeline.with_record(result, self.record)
        if not self.writer.writes_warnings:
            for notice in combined.notices:
                if notice not in result.notices:
                    warn(notice.message)
        return combined

    def fail(self, failure: Failure) -> None:
        from ...output.terminal import print_failure
        from ..terminal import err

        if self.writer.writes_failures:
            self.writer.fail(failure)
        else:
            print_failure(err(), failure)


def _show_images(results: Iterable[Prediction | Failure], shown: _Shown, explainer: Explainer) -> bool:
    """Whether any image failed."""
    from ...types import Failure

    failed = False
    for result in results:
        if isinstance(result, Failure):
            failed = True
            shown.fail(result)
        else:
            combined = shown.with_record(result)
            shown.add(combined, explainer(combined))
    return failed


def _show_patient(name: str, results: Iterable[Prediction | Failure], shown: _Shown, explainer: Explainer) -> bool:
    """Whether any image failed."""
    from ...inference.patient import predict_patient
    from ...types import Failure

    kept: list[Prediction | Failure] = []
    for result in results:
        if isinstance(result, Failure):
            shown.fail(result)
            kept.append(result)
            continue
        if shown.writer.writes_images_of_patient:
            shown.add(result, explainer(result), drawn=False)
        kept.append(result if shown.drawn else replace(result, face_embedding=replace(result.face_embedding, pixels=None)))
    assert shown.pipeline.classifier  # noqa: S101  # or it could not predict
    patient = predict_patient(shown.pipeline.classifier, name, kept)
    if patient:
        patient = shown.with_record(patient)
        shown.add(patient, explainer(patient))
    return any(isinstance(one, Failure) for one in kept)


def _refuse_several_patients(images: list[Path], *, patient: str | None, all_faces: bool) -> None:
    """Raise DysfwError if a record might be combined with faces of other people."""
    from ...errors import DysfwError

    if all_faces:
        raise DysfwError(
            "a record belongs to one patient, and --all-faces predicts everyone in the image", hint="leave one out"
        )
    if len(images) > 1 and patient is None:
        raise DysfwError(
            f"a record belongs to one patient, and there are {len(images)} images",
            hint="add --patient NAME if all images show this patient; for several patients write a manifest with their records",
        )


def _check_record(pipeline: Pipeline, typed: PatientRecord) -> None:
    """Refuse, before any work, typed signs that are not known, and any record if the recipe reads none."""
    from ...errors import DysfwError

    problems = [problem.message for problem in pipeline.evidence.interpret(typed).problems if not problem.used]
    if problems:
        raise DysfwError("\n".join(problems), hint="correct the options; nothing was predicted")


def _writer(form: Format, pipeline: Pipeline, top: int | None) -> Writer:
    from ...output.writers import writer_for
    from ..terminal import out

    if form != "text":
        return writer_for(form, sys.stdout, pipeline, top)
    from ...output.writers import TerminalWriter

    return TerminalWriter(out(), pipeline, top or DEFAULT_TOP)


def _format(form: Format | None, *, as_json: bool) -> Format:
    from ...errors import DysfwError

    if as_json and form not in {None, "json"}:
        raise DysfwError(f"--json and --format {form} are two formats", hint="leave one of them out")
    return form or ("json" if as_json else "text")


def _check_options(form: Format, *, maps: bool, figure: bool, explain: bool, patient: str | None, all_faces: bool) -> None:
    """Raise DysfwError for options that do not go together."""
    from ...errors import DysfwError

    if maps and form != "json" and not figure:
        raise DysfwError("--maps needs --figure, --pdf or --json to show them in", hint="add one of them, or leave --maps out")
    if maps and form != "json" and patient is not None:
        raise DysfwError(
            "--maps are drawn for single images, which --patient shows only with --json", hint="add --json, or leave one out"
        )
    if explain and form not in {"text", "json"}:
        raise DysfwError(f"--format {form} has no place for explanations", hint="use --json, or leave --explain out")
    if patient is not None and all_faces:
        raise DysfwError("--patient uses one face of each image, --all-faces every face", hint="leave one of them out")
    if patient is not None and (
        not patient.strip() or not patient.isprintable() or patient.startswith("-") or Path(patient).is_file()
    ):
        raise DysfwError(f"--patient {patient}: not a patient's name", hint="--patient NAME, for example --patient P-017")


def _explainer(pipeline: Pipeline, *, enabled: bool, why: str | None, maps: Method | None) -> Explainer:
    """Explains results, or does nothing if not enabled. Raises DysfwError for an unknown condition."""
    from ...explain.explanation import condition_called, explain

    if maps == "gradient":
        from ...explain.gradient import refuse_without_module

        refuse_without_module(pipeline.embedder)
    label = condition_called(why, pipeline.classifier.labels, "--why") if why is not None and pipeline.classifier else why
    return lambda result: explain(pipeline, result, label=label, maps=maps) if enabled else None


def _image_files(images: list[Path]) -> list[Path]:
    """The images as paths, without system files that a pattern of the shell adds; a file that was named alone is kept."""
    from ...decoding.folders import is_system_file
    from ...util.paths import local_path
    from ...util.text import count, listed
    from ..terminal import warn

    paths = [local_path(str(image)) for image in images]
    # A shell's pattern finds no name that begins with a dot, so such a file was meant.
    system = [
        path for path in paths if is_system_file(path.name) and (path.name.startswith("._") or not path.name.startswith("."))
    ]
    if not system or len(system) == len(paths):
        return paths
    warn(f"left out: {count(len(system), 'system file')} ({listed(map(str, system), 3)})")
    return [path for path in paths if path not in system]


def _drawn_names(option: str, figure: Path | None, images: list[Path]) -> Iterator[Path] | None:
    """OUT.png for the first face, OUT-2.png for the second and so on; checked before any work."""
    if figure is None:
        return None
    from ...errors import DysfwError
    from ...util.atomic import refuse_unwritable

    if option == "--pdf":
        from ...output.pdf import refuse_without_reportlab

        refuse_without_reportlab()
    allowed = (".pdf",) if option == "--pdf" else (".png", ".pdf", ".svg")
    if figure.suffix.lower() not in allowed:
        raise DysfwError(f"{option} {figure}: the name must end in {' or '.join(', '.join(allowed).rsplit(', ', 1))}")
    refuse_unwritable(figure)
    inputs = {image.resolve() for image in images}
    if figure.resolve() in inputs:
        raise DysfwError(f"{option} {figure} is one of the images; it would be overwritten")
    names = (figure if n == 1 else figure.with_stem(f"{figure.stem}-{n}") for n in itertools.count(1))
    return (name for name in names if name.resolve() not in inputs)
