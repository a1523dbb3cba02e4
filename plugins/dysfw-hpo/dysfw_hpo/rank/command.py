"""``dysfw rank``: rank every annotated disease by a patient's signs and face."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from dysfw.plugin import (
    AgeOption,
    AncestryOption,
    DeviceOption,
    DysfwError,
    ExcludedTermOption,
    FetchOption,
    NoCacheOption,
    RecordOption,
    RuntimeOption,
    SetOption,
    SexOption,
    TerminalProgress,
    TermOption,
    listed,
    opened_cache,
    record_of,
    warn,
)  # fmt: skip

if TYPE_CHECKING:
    from dysfw.plugin import InterpretedRecord, PatientRecord

    from .catalog import Catalog
    from .face import RecipeResult
    from .panel import Panel
    from .patient import RankedPatient
    from .prior import Prior

Format = Literal["text", "json", "tsv", "genes", "phenopacket"]
DEFAULT_TOP = 10  # diseases for people, and in Phenopackets
SHORT: tuple[Format, ...] = ("text", "phenopacket")
EXPLAINED: tuple[Format, ...] = ("text", "json")  # formats with a place for explanations
# What a message on a record ends with; if signs are typed, none is left out, since the command stops.
LEFT_OUT = re.compile(r"(, and| and|;|, so that)? (it is|is|the excluded term is) left out(?=[;:.]|$)")
EXAMPLE = "for example: dysfw rank --term 'Long philtrum' --term HP:0000664"


def rank(
    ctx: typer.Context,
    recipe: Annotated[
        Path | None,
        typer.Argument(
            metavar="RECIPE",
            help="A recipe file or a bundle folder: the face counts too.",
            show_default=False,
            readable=False,
        ),
    ] = None,
    images: Annotated[
        list[Path] | None,
        typer.Argument(metavar="IMAGE", help="Images of the patient's face.", show_default=False, readable=False),
    ] = None,
    term: TermOption = None,
    excluded_term: ExcludedTermOption = None,
    age: AgeOption = None,
    sex: SexOption = None,
    ancestry: AncestryOption = None,
    record: RecordOption = None,
    top: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Number of diseases. Without it: 10 in text and Phenopackets, all in JSON and tables.",
            show_default=False,
        ),
    ] = None,
    genes: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|SYMBOLS",
            help="Show diseases of these genes only: symbols or NCBI ids with commas between, or a file with them.",
            show_default=False,
        ),
    ] = None,
    prior: Annotated[
        str | None,
        typer.Option(
            metavar="uniform|FILE",
            help="Show posterior probabilities too, for this prior: a file has a disease's id and its prior on each line.",
            show_default=False,
        ),
    ] = None,
    explain: Annotated[
        str | None,
        typer.Option(
            metavar="DISEASE",
            help="Show the record sign by sign for this disease (id or name), and its frequent signs that are not mentioned.",
            show_default=False,
        ),
    ] = None,
    form: Annotated[
        Format | None,
        typer.Option(
            "--format",
            help="Format for programs: JSON, a table of diseases, a table of genes for variant tools, or a Phenopacket.",
            show_default=False,
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Short for --format json.")] = False,
    sets: SetOption = None,
    device: DeviceOption = None,
    runtime: RuntimeOption = None,
    fetch: FetchOption = False,
    no_cache: NoCacheOption = False,
) -> None:
    """Rank every annotated disease by how well it explains a patient's signs and, with a recipe, the face.

    Numbers are likelihood ratios: how much more probable the signs are with the disease than in a patient of whom nothing is
    known. They are no probabilities; those need --prior.

    Exit code 0: everything was used; 1: an image could not be used, and the rest was; 2: the command or the record is wrong.
    """
    from .patient import rank_patient
    from .problems import Problems
    from .warnings import nothing_to_rank, of_unused

    problems, explained = Problems(), None
    with problems.collected():
        chosen = _format(form, as_json=as_json, explain=explain is not None)
    with problems.collected():
        _check_images(recipe, images)
    with TerminalProgress().stage("loading the ontology"):
        catalog = _catalog()
    with problems.collected():
        given = record_of(term, excluded_term, age, sex, ancestry, record)
        interpreted = _interpret(catalog, record_of(term, excluded_term, None, None, None, None), given)
    with problems.collected():
        panel = _panel(genes, catalog)
    with problems.collected():
        chosen_prior = _prior(prior, catalog)
    with problems.collected():
        explained = None if explain is None else catalog.find(explain)
    problems.stop()
    if not interpreted.signs and recipe is None:
        raise DysfwError(nothing_to_rank(given, with_images=False), hint=EXAMPLE)
    of_recipe = None
    if recipe is not None:
        words = (sets, device, runtime)
        of_recipe = _apply_recipe(ctx, recipe, images or [], given, catalog, words, chosen, fetch=fetch, no_cache=no_cache)
        if not of_recipe.parts and not interpreted.signs:  # each reason was printed
            raise typer.Exit(1)
    options = {"genes": _name(genes), "prior": _name(prior), "top": top, "explain": explain}
    result = rank_patient(
        catalog, given, interpreted, of_recipe, panel=panel, prior=chosen_prior, explained=explained, top=_top(top, chosen),
        options={name: str(value) for name, value in options.items() if value is not None},
    )  # fmt: skip
    if result.unused:
        warn(of_unused(result.unused))
    _write(chosen, result)
    if of_recipe and of_recipe.failures:
        raise typer.Exit(1)


def _format(form: Format | None, *, as_json: bool, explain: bool) -> Format:
    if as_json and form not in {None, "json"}:
        raise DysfwError(f"--json and --format {form} are two formats", hint="leave one of them out")
    chosen = form or ("json" if as_json else "text")
    if explain and chosen not in EXPLAINED:
        raise DysfwError(f"--format {chosen} has no place for explanations", hint="use --json, or leave --explain out")
    return chosen


def _check_images(recipe: Path | None, images: Sequence[Path] | None) -> None:
    if recipe is not None and not images:
        raise DysfwError(
            f"no image follows {recipe}: a recipe ranks by the face",
            hint="write the recipe before the images of the patient: dysfw rank RECIPE IMAGE…; or leave both out",
        )


def _name(value: str | None) -> str | None:
    """The value of an option as results state it: of a file its name, since folders are named after people too."""
    return Path(value).name if value is not None and Path(value).is_file() else value


def _top(top: int | None, form: Format) -> int | None:
    return DEFAULT_TOP if top is None and form in SHORT else top


def _catalog() -> Catalog:
    from ..data import load_hpo
    from ..profiles import load_profiles
    from .catalog import Catalog

    return Catalog(load_hpo(), load_profiles())


def _panel(genes: str | None, catalog: Catalog) -> Panel | None:
    if genes is None:
        return None
    from .panel import find_panel

    panel = find_panel(genes, catalog.data.diseases)
    if panel.message:
        warn(panel.message)
    return panel


def _prior(prior: str | None, catalog: Catalog) -> Prior | None:
    if prior is None:
        return None
    from .prior import find_prior

    return find_prior(prior, catalog)


def _interpret(catalog: Catalog, typed: PatientRecord, given: PatientRecord) -> InterpretedRecord:
    """Find the signs. What was typed must be right; of a file, what is not known is left out."""
    from ..record_signs import RecordReader

    found = RecordReader(catalog.data).read(typed).problems
    wrong = [LEFT_OUT.sub("", problem.message) for problem in found if not problem.used]
    if wrong:
        raise DysfwError("\n".join(wrong), hint="correct the options; nothing was ranked")
    interpreted = RecordReader(catalog.data).read(given)
    for problem in interpreted.problems:
        warn(problem.message)
    return interpreted


def _apply_recipe(
    ctx: typer.Context,
    source: Path,
    images: Sequence[Path],
    record: PatientRecord,
    catalog: Catalog,
    words: tuple[list[str] | None, str | None, str | None],
    form: Format,
    *,
    fetch: bool,
    no_cache: bool,
) -> RecipeResult:
    """Predict from the patient's images, one face of each."""
    from dysfw.plugin import allow_fetching, local_path, open_pipeline, overrides, registry_of

    from .face import apply_recipe, known_phantoms
    from .warnings import of_phantoms

    progress = TerminalProgress()
    allow_fetching(fetch, progress)
    cache = ctx.with_resource(opened_cache(no_cache))
    with progress.stage(f"loading {source}"):
        pipeline = open_pipeline(source, registry_of(ctx), overrides(*words), cache)
    phantoms = known_phantoms(pipeline, catalog)
    if phantoms and form == "phenopacket":
        raise DysfwError(
            f"{source} was trained on phantoms, which only imitate diseases ({listed(phantoms, 3)}): no candidate of a "
            "Phenopacket may rest on them",
            hint="leave the recipe out, or choose another format",
        )
    if phantoms:
        warn(of_phantoms(str(source), phantoms))
    paths = [local_path(str(image)) for image in images]
    results = progress.track(pipeline.predict(paths), "predicting", len(paths), "images")
    found = apply_recipe(pipeline, results, record, catalog)
    for failure in found.failures:
        warn(f"{failure.source}: {failure.message}; the image is left out")
    for notice in found.notices:
        warn(notice.message)
    return found


def _write(form: Format, result: RankedPatient) -> None:
    match form:
        case "text":
            from dysfw.plugin import out

            from .text import print_result

            print_result(out(), result)
        case "json":
            from .to_json import to_json

            _print_json(to_json(result))
        case "phenopacket":
            from .phenopacket import phenopacket

            _print_json(phenopacket(result))
        case "tsv":
            from .tables import write_diseases

            write_diseases(sys.stdout, result)
        case "genes":
            from .tables import write_genes

            write_genes(sys.stdout, result)


def _print_json(value: object) -> None:
    """One JSON value on a line; in ASCII if the stream is not UTF-8."""
    ascii_only = (getattr(sys.stdout, "encoding", None) or "utf-8").lower() != "utf-8"
    sys.stdout.write(json.dumps(value, ensure_ascii=ascii_only, allow_nan=False) + "\n")
