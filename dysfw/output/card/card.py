"""A result as a piece of HTML that runs nothing: for notebooks, and for the page of ``dysfw serve``.

Photographs are in it only where that is asked for: a notebook is a file that is passed on.
"""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from jinja2 import Environment
from PIL import Image as Pillow

from ... import RESEARCH_USE
from ...data.conditions import Condition
from ...explain.explanation import Explanation
from ...explain.saliency_map import SaliencyMap
from ...inference.pipeline import Pipeline
from ...types import BasePrediction, Failure, PatientPrediction, Prediction, UInt8
from ..explanation import agreement_text
from ..templating import environment_of
from ..terminal import reliability_text, set_text

FOLDER = Path(__file__).parent / "templates"
CONTEXT = 0.35  # of the face's height is shown around it, where the photograph has it
PICTURE = 800  # px of its longer side at most
FAINT = 0.08  # of the strongest cell of all maps; weaker ones are not drawn


def style() -> str:
    """The style sheet that cards need. All its rules are within the class ``dysfw``."""
    return (FOLDER / "card.css").read_text("utf-8")


def card(
    result: BasePrediction,
    pipeline: Pipeline,
    explanation: Explanation | None,
    *,
    top: int,
    name: str,
    show_image: bool = False,
) -> str:
    """top: how many conditions are shown, beside the one that is explained. name: unique on the page, of letters, digits and
    dashes. photograph: show what was judged of it, for which its pixels must have been kept."""
    manifest = pipeline.manifest
    return _render(
        "card.html",
        name=name,
        result=result,
        title=result.patient if isinstance(result, PatientPrediction) else _source(result),
        face=_face(result, explanation, show_image=show_image) if isinstance(result, Prediction) else None,
        together=result if isinstance(result, PatientPrediction) else None,
        rows=list(_rows(result, pipeline, explanation, top)),
        hidden=len(result.labels) - min(top, len(result.labels)),
        given=len(result.images) + len(result.failures) if isinstance(result, PatientPrediction) else 1,
        doubt=reliability_text(result) if result.reasons else "",
        trusted=reliability_text(result) if result.reliable else "",
        set_words=set_text(result),
        agreement=agreement_text(result, explanation) if explanation else "",
        warnings=[n.message for n in result.notices if n not in result.reasons and n not in pipeline.notices],
        about=manifest.about if manifest else "",
        origin=_origin(pipeline),
        research_use=RESEARCH_USE,
    )


def failure_card(failure: Failure, name: str) -> str:
    return _render("failure.html", name=name, failure=failure, research_use=RESEARCH_USE)


@dataclass(frozen=True, slots=True)
class _Bar:
    """A region, with what it adds to the condition's probability (None where nobody asked) and its own vote."""

    region: str
    added: float | None
    vote: float
    start: float
    width: float


@dataclass(frozen=True, slots=True)
class _Row:
    rank: int
    label: str
    condition: Condition
    probability: float
    in_set: bool
    before: float
    bars: tuple[_Bar, ...]
    asked: bool


def _rows(result: BasePrediction, pipeline: Pipeline, explanation: Explanation | None, top: int) -> Iterator[_Row]:
    known = pipeline.manifest.conditions if pipeline.manifest else {}
    shown, ranking = result.ranking[:top], result.ranking
    asked = explanation.condition if explanation else ranking[0]
    shown += [] if asked in shown else [asked]
    added = explanation.contributions.values if explanation else None
    largest = float(np.nanmax(np.abs(added[:, shown]))) if added is not None else 1.0
    for k in shown:
        bars = []
        for r in np.flatnonzero(result.present):
            value = float(added[r, k]) if added is not None else None
            share = (value or 0) / (largest or 1)
            bars.append(
                _Bar(
                    result.regions[r],
                    value,
                    float(result.region_probabilities[r, k]),
                    50 + 50 * min(share, 0.0),
                    50 * abs(share),
                )
            )
        yield _Row(
            rank=ranking.index(k) + 1,
            label=result.labels[k],
            condition=known.get(result.labels[k], Condition()),
            probability=float(result.probabilities[k]),
            in_set=k in result.prediction_set.members,
            before=float(explanation.contributions.base_values[k]) if explanation else 0.0,
            bars=tuple(sorted(bars, key=lambda bar: -bar.vote if bar.added is None else -bar.added)),
            asked=k == asked,
        )


@dataclass(frozen=True, slots=True)
class _Outline:
    region: str
    points: str
    number: int


@dataclass(frozen=True, slots=True)
class _Heat:
    """A map. transform: of its cells, of side 1, to the photograph. cells: column, row, strength -1 to 1."""

    region: str
    transform: str
    cells: tuple[tuple[int, int, float], ...]


@dataclass(frozen=True, slots=True)
class _Face:
    """view: x, y, width and height of what is shown, px of the photograph. picture: that part, as an address that holds it;
    "" where it is not to be shown."""

    index: int
    found: int
    width: int
    height: int
    view: tuple[int, int, int, int]
    picture: str
    box: tuple[float, float, float, float]
    stroke: float
    outlines: tuple[_Outline, ...]
    heats: tuple[_Heat, ...]
    asked: str
    turned: str


def _face(result: Prediction, explanation: Explanation | None, *, show_image: bool) -> _Face:
    subject, image = result.subject, result.subject.image
    x0, y0, x1, y1 = (float(v) for v in subject.face.box)
    around = CONTEXT * max(x1 - x0, y1 - y0)
    left, upper = int(max(0, min(x0 - around, image.width - 1))), int(max(0, min(y0 - around, image.height - 1)))
    right, lower = math.ceil(min(image.width, x1 + around)), math.ceil(min(image.height, y1 + around))
    view = (left, upper, max(1, right - left), max(1, lower - upper))
    polygons = {region.name: region.polygon for region in subject.segmentation.regions}
    outlines = [
        _Outline(name, " ".join(f"{x:.1f},{y:.1f}" for x, y in polygons[name]), number)
        for number, name in enumerate(result.regions)
        if name in polygons
    ]
    pose = subject.segmentation.pose
    return _Face(
        index=subject.index,
        found=subject.faces,
        width=image.width,
        height=image.height,
        view=view,
        picture=_picture(subject.decoded_image.pixels, view) if show_image else "",
        box=(x0, y0, x1 - x0, y1 - y0),
        stroke=max(view[2:]) / 300,
        outlines=tuple(outlines),
        heats=tuple(_heats(explanation)) if explanation else (),
        asked=result.labels[explanation.condition] if explanation else "",
        turned=f"yaw {pose.yaw:+.0f}°, pitch {pose.pitch:+.0f}°, roll {pose.roll:+.0f}°" if pose else "",
    )


def _picture(pixels: UInt8, view: tuple[int, int, int, int]) -> str:
    """The part of the photograph as the recipe saw it: upright, and in sRGB, which a browser may do otherwise or not at all."""
    x, y, width, height = view
    shown = Pillow.fromarray(np.ascontiguousarray(pixels[y : y + height, x : x + width]))
    shown.thumbnail((PICTURE, PICTURE))
    written = io.BytesIO()
    shown.save(written, "JPEG", quality=88)
    return f"data:image/jpeg;base64,{base64.b64encode(written.getvalue()).decode()}"


def _heats(explanation: Explanation) -> Iterator[_Heat]:
    k = explanation.condition
    strongest = max((float(np.abs(one.importance[k]).max()) for one in explanation.maps), default=0.0) or 1.0
    for one in explanation.maps:
        strength = one.importance[k] / strongest
        drawn = np.argwhere(np.abs(strength) > FAINT)
        cells = tuple((int(x), int(y), round(float(strength[y, x]), 2)) for y, x in drawn)
        yield _Heat(one.region, _matrix(one), cells)


def _matrix(one: SaliencyMap) -> str:
    """SVG's matrix(a b c d e f) from cells to the photograph."""
    (a, c, e), (b, d, f) = np.asarray(one.to_image, float)[:2]
    side = len(one.pixels) / one.cells
    return f"matrix({a * side:.5f} {b * side:.5f} {c * side:.5f} {d * side:.5f} {e:.3f} {f:.3f})"


def _source(result: BasePrediction) -> str:
    return Path(result.subject.image.source).name if isinstance(result, Prediction) else ""


def _origin(pipeline: Pipeline) -> str:
    recipe, manifest = pipeline.recipe, pipeline.manifest
    bundle = f", bundle {manifest.name} {manifest.fingerprint[:12]}" if manifest else ""
    return f"recipe {recipe.name} {recipe.fingerprint[:12]}{bundle}"


def _render(template: str, **values: object) -> str:
    return _environment().get_template(template).render(values)


@cache
def _environment() -> Environment:
    environment = environment_of("dysfw.output.card")
    environment.filters["left_out"] = _left_out
    return environment


def _left_out(result: PatientPrediction) -> Sequence[tuple[str, str]]:
    pairs = zip(result.images, result.left_out, strict=True)
    own = [(Path(one.subject.image.source).name, why) for one, why in pairs if why]
    return own + [(Path(one.source).name, one.message) for one in result.failures]
