"""``dysfw data match``: choose controls that are like the cases."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..options import DeviceOption, FetchOption, RuntimeOption, SetOption, allow_fetching, overrides, recipe_file
from ..stage_cache import NoCacheOption, kept_in, opened_cache

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...cache.store import StageCache
    from ...data.findings import Finding
    from ...data.match_candidates import Candidates
    from ...data.match_outcome import MatchOutcome
    from ...inference.pipeline import Pipeline
    from ...training.match_quality import ReadImages
    from ...types import Failure


def match(  # the options of a command
    ctx: typer.Context,
    cases: Annotated[
        Path, typer.Argument(metavar="CASES", help="The patients: a folder or a manifest, as for `train`.", show_default=False)
    ],
    controls: Annotated[
        Path,
        typer.Argument(metavar="CONTROLS", help="Those to choose from, with another label: the same.", show_default=False),
    ],
    *,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="MANIFEST", help="manifest.csv or manifest.xlsx to write.", show_default=False),
    ],
    on: Annotated[
        str, typer.Option(metavar="LIST", help="What must be alike: some of age, sex, ancestry, yaw, sharpness.")
    ] = "age,sex",
    ratio: Annotated[int, typer.Option(min=1, max=20, help="The most controls that a case gets.")] = 3,
    caliper: Annotated[
        float,
        typer.Option(min=0, help="The most by which age, yaw and sharpness may differ, in standard deviations; inf: no limit."),
    ] = 0.2,
    recipe: Annotated[
        Path | None,
        typer.Option(metavar="RECIPE", help="Recipe that measures yaw and sharpness.", show_default=False),
    ] = None,
    keep_unmatched: Annotated[bool, typer.Option("--keep-unmatched", help="Keep cases without a control.")] = False,
    before: Annotated[
        Path | None,
        typer.Option(metavar="MANIFEST", help="Also list all cases and controls here, to audit them.", show_default=False),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    sets: SetOption = None,
    device: DeviceOption = None,
    runtime: RuntimeOption = None,
    fetch: FetchOption = False,
    no_cache: NoCacheOption = False,
) -> None:
    """Choose controls that are like the cases in age, sex and more.

    A table shows the balance before and after. Sex and ancestry must agree, the others may differ by the caliper. Each case
    gets up to RATIO controls with all their images; the sum of all differences is the least that is possible. A person is
    never both. The records come from the columns age, sex and ancestry of the manifests.

    Exit code 1: some images cannot be used, and the manifest has the others; 2: nobody could be matched, or the data cannot be
    used.
    """
    allow_fetching(fetch)
    from ...data.draft import check_manifest_path
    from ..terminal import TerminalProgress, if_interrupted

    variables = _variables(on, recipe)
    for path in filter(None, (output, before)):
        check_manifest_path(path)
    if before and before.absolute() == output.absolute():
        raise _same_file(output)
    cache = ctx.with_resource(opened_cache(no_cache)) if recipe else None
    pipeline = _pipeline(ctx, recipe, overrides(sets, device, runtime), cache) if recipe else None
    with if_interrupted(lambda: f"no manifest was written; {kept_in(cache)}"):
        from ...data.match_outcome import match_patients
        from ...data.match_patients import patients_of

        candidates, read = _read(cases, controls, pipeline, cache)
        with TerminalProgress().stage("matching"):
            outcome = match_patients(
                patients_of(candidates.cases, read.quality), patients_of(candidates.controls, read.quality), variables,
                ratio=ratio, caliper=caliper, keep_unmatched=keep_unmatched,
            )  # fmt: skip
    written = output if outcome.matched_controls else None
    findings = (*candidates.findings, *_write(outcome, candidates, written, before, keep_unmatched=keep_unmatched))
    settings: dict[str, object] = {"on": variables, "ratio": ratio, "caliper": caliper if caliper < float("inf") else None}
    _report(outcome, findings, read.failures, written, settings, as_json=as_json)
    if written and not as_json:
        _next_steps(candidates, output, before, recipe)
    _end(outcome, failed=bool(read.failures))


def _variables(on: str, recipe: Path | None) -> list[str]:
    """The variables of ``--on``, each once."""
    from ...data.match_patients import VARIABLES
    from ...errors import DysfwError
    from ...util.text import closest, listed

    names = list(dict.fromkeys(word.strip().casefold() for word in on.split(",") if word.strip()))
    unknown = [name for name in names if name not in VARIABLES]
    if unknown or not names:
        what = f"unknown {listed(map(repr, unknown))}{closest(unknown[0], VARIABLES)}" if unknown else "nothing to match on"
        raise DysfwError(f"--on {on}: {what}", hint=f"name some of {listed(VARIABLES)}, with commas between them")
    measured = [name for name in names if name in ("yaw", "sharpness")]
    if measured and recipe is None:
        raise DysfwError(
            f"--on {on}: {listed(measured)} can only be measured by a recipe",
            hint="add --recipe RECIPE, such as recipes/dlib.yaml; or leave yaw and sharpness out",
        )
    return names


def _same_file(output: Path) -> Exception:
    from ...errors import DysfwError

    return DysfwError(f"-o and --before are the same file, {output}", hint="name two files")


def _pipeline(ctx: typer.Context, recipe: Path, changes: list[str], cache: StageCache | None) -> Pipeline:
    """The part of a recipe that embeds."""
    from ...inference.build import build
    from ...inference.pipeline import Pipeline
    from ...recipe.check import load_recipe
    from ..main import registry_of
    from ..terminal import TerminalProgress

    registry = registry_of(ctx)
    with TerminalProgress().stage(f"loading {recipe}"):
        loaded = load_recipe(recipe_file(recipe), registry, changes)
        return Pipeline(loaded, build(loaded), cache=cache)


def _read(cases: Path, controls: Path, pipeline: Pipeline | None, cache: StageCache | None) -> tuple[Candidates, ReadImages]:
    """Read both data sets and all of their images, and leave out who cannot be matched."""
    from ...data.match_candidates import both, find_candidates
    from ...training.match_quality import read_images
    from ...training.preparation import SignatureObserver
    from ..evaluation import dataset_at
    from ..terminal import TerminalProgress

    progress = TerminalProgress()
    with progress.stage(f"reading {cases} and {controls}"):
        affected = dataset_at(cases)
        joined, findings = both(affected, dataset_at(controls))
    read = read_images(joined, pipeline, SignatureObserver(cache), progress)
    return find_candidates(joined, len(affected.samples), read.signatures, read.unreadable, findings), read


def _write(
    outcome: MatchOutcome, candidates: Candidates, output: Path | None, before: Path | None, *, keep_unmatched: bool
) -> list[Finding]:
    """Write the manifests, that of the matched patients if there are any, and say what they lack."""
    from ...data.match_candidates import without_splits
    from ...data.match_manifest import write_matched

    findings: list[Finding] = []
    if output:
        samples, findings_of_splits = without_splits(outcome.samples(keep_unmatched=keep_unmatched))
        write_matched(output, samples, outcome.matched_to)
        findings += findings_of_splits
    if before:
        write_matched(before, without_splits((*candidates.cases, *candidates.controls))[0], {})
    return findings


def _report(
    outcome: MatchOutcome,
    findings: Sequence[Finding],
    failures: Sequence[Failure],
    written: Path | None,
    settings: dict[str, object],
    *,
    as_json: bool,
) -> None:
    from ...output.matching import matching_json, print_matching
    from ...output.terminal import print_failure
    from ..evaluation import print_findings
    from ..terminal import err, out

    print_findings(findings)
    for failure in failures:
        print_failure(err(), failure)
    if as_json:
        manifest = str(written) if written else None
        content = matching_json(outcome, settings=settings, findings=findings, failures=failures, manifest=manifest)
        sys.stdout.write(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    else:
        print_matching(out(), outcome)


def _next_steps(candidates: Candidates, output: Path, before: Path | None, recipe: Path | None) -> None:
    """Say how to audit, and what the next commands cannot know."""
    from ...util.text import listed
    from ...util.unaffected import find_unaffected
    from ..terminal import err

    words = ["--recipe", str(recipe)] if recipe else []
    first = shlex.join(["dysfw", "audit", str(before), *words]) if before else "add --before MANIFEST, then audit that"
    lines = [f"before matching: {first}", f"after matching:  {shlex.join(['dysfw', 'audit', str(output), *words])}"]
    labels = sorted({sample.label for sample in candidates.controls})
    if not find_unaffected(labels):
        named = shlex.join(["--unaffected", labels[0]])
        lines.append(f"label of the controls: {listed(labels, 5)}; `dysfw evaluate` needs {named} to know them")
    for line in lines:
        err().print(line, markup=False, highlight=False)


def _end(outcome: MatchOutcome, *, failed: bool) -> None:
    from ...errors import DysfwError

    if not outcome.matched_controls:
        raise DysfwError(
            "no case could be matched, so no manifest was written",
            hint="the table says how the groups differ: use a wider --caliper, leave a variable out of --on, or find more "
            "controls",
        )
    if failed:
        raise typer.Exit(1)
