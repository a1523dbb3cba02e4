"""``dysfw run``: judge photographs."""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..caching import NoCacheOption, opened_cache
from ..options import DeviceOption, FetchOption, RecipeArgument, SetOption, allow_fetching, overrides

if TYPE_CHECKING:
    from ...engine.pipeline import Pipeline
    from ...explain.explanation import Explanation
    from ...types import Failure, Prediction


def run(
    ctx: typer.Context,
    recipe: RecipeArgument,
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE...", help="Photographs.", show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", help="JSON Lines, one object for each face or failure.")] = False,
    figure: Annotated[
        Path | None, typer.Option(help="Draw each face with its ranking: OUT.png, .pdf or .svg.", metavar="OUT")
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Say what each region adds to the first condition's probability.")
    ] = False,
    why: Annotated[
        str | None,
        typer.Option(metavar="CONDITION", help="Explain this condition's probability, not the first's.", show_default=False),
    ] = None,
    maps: Annotated[
        bool, typer.Option("--maps", help="Explain in JSON too which parts of each region it hangs on; takes seconds.")
    ] = False,
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
    from ...engine.assemble import open_pipeline
    from ...types import Failure
    from ...views.explained import print_explanation
    from ...views.record import record
    from ...views.text import print_failure, print_prediction
    from ..main import registry_of
    from ..terminal import TerminalProgress, err, out, warn

    _refuse_maps(maps, as_json)
    figures = _figure_names(figure, images)
    cache = ctx.with_resource(opened_cache(no_cache))
    pipeline = open_pipeline(recipe, registry_of(ctx), overrides(sets, device), cache)
    if pipeline.manifest and pipeline.manifest.about:
        err().print(f"bundle {pipeline.manifest.name}: {pipeline.manifest.about}", markup=False)
    for notice in pipeline.notices:
        warn(notice.message)
    reasons = _explainer(pipeline, wanted=explain or maps, why=why, maps=maps)
    results = pipeline.predict(images, all_faces=all_faces, pixels=figure is not None or maps)
    if not as_json:
        err().print(RESEARCH_USE, style="dim")
    elif len(images) > 1:
        results = TerminalProgress().track(results, "judging", len(images), "images")
    failed, utf8 = False, (sys.stdout.encoding or "").lower() == "utf-8"
    console, conditions = out(), pipeline.manifest.conditions if pipeline.manifest else {}
    for result in results:
        failed = failed or isinstance(result, Failure)
        told = reasons(result)
        if as_json:
            sys.stdout.write(json.dumps(record(result, pipeline, told), ensure_ascii=not utf8) + "\n")
            sys.stdout.flush()
        elif isinstance(result, Failure):
            print_failure(err(), result)
        else:
            print_prediction(console, result, top, pipeline.notices, conditions)
            if told:
                print_explanation(console, result, told)
        if figures and not isinstance(result, Failure):
            from ...views.figure import save_figure

            path = next(figures)
            save_figure(path, result, pipeline, top)
            err().print(f"figure: {path}")
    if failed:
        raise typer.Exit(1)


def _refuse_maps(maps: bool, as_json: bool) -> None:
    from ...errors import DysfwError

    if maps and not as_json:
        raise DysfwError("--maps are numbers, for --json", hint="add --json, or leave --maps out")


def _explainer(
    pipeline: Pipeline, *, wanted: bool, why: str | None, maps: bool
) -> Callable[[Prediction | Failure], Explanation | None]:
    """What says why a result is as it is; nothing where nobody asks, and of failures. Raises DysfwError for an unknown
    condition."""
    from ...explain.explanation import condition_called, explain
    from ...types import Prediction

    if why is not None and pipeline.judge:
        why = condition_called(why, pipeline.judge.labels, "--why")

    def told(result: Prediction | Failure) -> Explanation | None:
        asked = wanted or why is not None
        return explain(pipeline, result, label=why, maps=maps) if asked and isinstance(result, Prediction) else None

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
