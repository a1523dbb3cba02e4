"""Predictions as HTML without scripts, for notebooks and for the page of ``dysfw serve``.

A card holds the image only on request, because notebooks are shared.
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
from ...util.probability import probability_text
from ..evidence import evidence_text
from ..explanation import agreement_text
from ..templating import environment_of
from ..terminal import reliability_text, set_text

FOLDER = Path(__file__).parent / "templates"
CONTEXT = 0.35  # margin shown around the face, as a fraction of its longer side
MAX_SIDE = 800  # of the embedded image, px
MIN_STRENGTH = 0.08  # of a drawn cell, as a fraction of the strongest cell of all maps


def style() -> str:
    """Return the style sheet of cards, whose rules apply only within the class ``dysfw``."""
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
    """Write the card of a prediction.

    Args:
        result: The prediction.
        pipeline: The pipeline that made it.
        explanation: Explanation of the prediction, if any.
        top: Maximum number of conditions, in addition to the explained one.
        name: Unique id on the page, of letters, digits and dashes.
        show_image: Whether to embed the image, whose pixels must have been kept.

    Returns:
        An HTML article, which needs ``style()``.

    Raises:
        ValueError: ``show_image`` is set, and the pixels were not kept.
    """
    manifest = pipeline.manifest
    return _render(
        "card.html",
        name=name,
        result=result,
        title=result.patient if isinstance(result, PatientPrediction) else _source(result),
        face=_face(result, explanation, show_image=show_image) if isinstance(result, Prediction) else None,
        patient=result if isinstance(result, PatientPrediction) else None,
        rows=list(_rows(result, pipeline, explanation, top)),
        hidden=len(result.labels) - min(top, len(result.labels)),
        number=len(result.images) + len(result.failures) if isinstance(result, PatientPrediction) else 1,
        reliable=result.reliable,
        reliability=reliability_text(result),
        prediction_set=set_text(result),
        agreement=agreement_text(result, explanation) if explanation else "",
        warnings=[n.message for n in result.notices if n not in result.reasons and n not in pipeline.notices],
        about=manifest.about if manifest else "",
        origin=_origin(pipeline),
        research_use=RESEARCH_USE,
    )


def failure_card(failure: Failure, name: str) -> str:
    """Write the card of an image that could not be used.

    Args:
        failure: The failure.
        name: Unique id on the page, of letters, digits and dashes.

    Returns:
        An HTML article, which needs ``style()``.
    """
    return _render("failure.html", name=name, failure=failure, research_use=RESEARCH_USE)


@dataclass(frozen=True, slots=True)
class _Bar:
    """A region's contribution (None without an explanation) and its own probability; start and width of the bar in percent.

    Evidence has no probability of its own.
    """

    region: str
    contribution: float | None
    probability: float | None
    start: float
    width: float


@dataclass(frozen=True, slots=True)
class _Row:
    rank: int
    label: str
    condition: Condition
    probability: float
    in_set: bool
    base_value: float
    bars: tuple[_Bar, ...]
    explained: bool
    record: tuple[str, ...]


def _rows(result: BasePrediction, pipeline: Pipeline, explanation: Explanation | None, top: int) -> Iterator[_Row]:
    conditions = pipeline.manifest.conditions if pipeline.manifest else {}
    shown, ranking = result.ranking[:top], result.ranking
    explained = explanation.condition if explanation else ranking[0]
    shown += [] if explained in shown else [explained]
    contributions = explanation.contributions.values if explanation else None
    of_evidence = explanation.contributions.evidence if explanation else None
    every = [part[:, shown] for part in (contributions, of_evidence) if part is not None and part.size]
    largest = max((float(np.nanmax(np.abs(part))) for part in every), default=1.0)

    def bar(name: str, value: float | None, probability: float | None) -> _Bar:
        share = (value or 0) / (largest or 1)
        return _Bar(name, value, probability, 50 + 50 * min(share, 0.0), 50 * abs(share))

    for k in shown:
        bars = [
            bar(result.regions[r], None if contributions is None else float(contributions[r, k]),
                float(result.region_probabilities[r, k]))
            for r in np.flatnonzero(result.present)
        ]  # fmt: skip
        if of_evidence is not None:
            bars += [bar(one.name, float(value[k]), None) for one, value in zip(result.evidence, of_evidence, strict=True)]
        yield _Row(
            rank=ranking.index(k) + 1,
            label=result.labels[k],
            condition=conditions.get(result.labels[k], Condition()),
            probability=float(result.probabilities[k]),
            in_set=k in result.prediction_set.members,
            base_value=float(explanation.contributions.base_values[k]) if explanation else 0.0,
            bars=tuple(
                sorted(bars, key=lambda one: -(one.contribution if one.contribution is not None else one.probability or 0))
            ),
            explained=k == explained,
            record=tuple(evidence_text(one, k) for one in result.evidence),
        )


@dataclass(frozen=True, slots=True)
class _Outline:
    region: str
    points: str
    number: int


@dataclass(frozen=True, slots=True)
class _Heat:
    """A saliency map: SVG transform from its cells, of side 1, to the image; cells as column, row and strength from -1 to 1."""

    region: str
    transform: str
    cells: tuple[tuple[int, int, float], ...]


@dataclass(frozen=True, slots=True)
class _Face:
    """The shown part of an image: view as x, y, width and height in px; image as a data URL, or "" if it is not shown."""

    index: int
    faces: int
    width: int
    height: int
    view: tuple[int, int, int, int]
    image: str
    box: tuple[float, float, float, float]
    stroke: float
    outlines: tuple[_Outline, ...]
    heats: tuple[_Heat, ...]
    explained: str
    pose: str


def _face(result: Prediction, explanation: Explanation | None, *, show_image: bool) -> _Face:
    face_embedding, image = result.face_embedding, result.face_embedding.image
    x0, y0, x1, y1 = (float(v) for v in face_embedding.face.box)
    around = CONTEXT * max(x1 - x0, y1 - y0)
    left, upper = int(max(0, min(x0 - around, image.width - 1))), int(max(0, min(y0 - around, image.height - 1)))
    right, lower = math.ceil(min(image.width, x1 + around)), math.ceil(min(image.height, y1 + around))
    view = (left, upper, max(1, right - left), max(1, lower - upper))
    polygons = {region.name: region.polygon for region in face_embedding.segmentation.regions}
    outlines = [
        _Outline(name, " ".join(f"{x:.1f},{y:.1f}" for x, y in polygons[name]), number)
        for number, name in enumerate(result.regions)
        if name in polygons
    ]
    pose = face_embedding.segmentation.pose
    return _Face(
        index=face_embedding.index,
        faces=face_embedding.faces,
        width=image.width,
        height=image.height,
        view=view,
        image=_data_url(face_embedding.decoded_image.pixels, view) if show_image else "",
        box=(x0, y0, x1 - x0, y1 - y0),
        stroke=max(view[2:]) / 300,
        outlines=tuple(outlines),
        heats=tuple(_heats(explanation)) if explanation else (),
        explained=result.labels[explanation.condition] if explanation else "",
        pose=f"yaw {pose.yaw:+.0f}°, pitch {pose.pitch:+.0f}°, roll {pose.roll:+.0f}°" if pose else "",
    )


def _data_url(pixels: UInt8, view: tuple[int, int, int, int]) -> str:
    """The shown part as the recipe saw it: upright and in sRGB, which not every browser does."""
    x, y, width, height = view
    part = Pillow.fromarray(np.ascontiguousarray(pixels[y : y + height, x : x + width]))
    part.thumbnail((MAX_SIDE, MAX_SIDE))
    buffer = io.BytesIO()
    part.save(buffer, "JPEG", quality=88)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def _heats(explanation: Explanation) -> Iterator[_Heat]:
    k = explanation.condition
    strongest = max((float(np.abs(m.importance[k]).max()) for m in explanation.maps), default=0.0) or 1.0
    for saliency_map in explanation.maps:
        strength = saliency_map.importance[k] / strongest
        drawn = np.argwhere(np.abs(strength) > MIN_STRENGTH)
        cells = tuple((int(x), int(y), round(float(strength[y, x]), 2)) for y, x in drawn)
        yield _Heat(saliency_map.region, _matrix(saliency_map), cells)


def _matrix(saliency_map: SaliencyMap) -> str:
    """The SVG transform matrix(a b c d e f) from cells to the image."""
    (a, c, e), (b, d, f) = np.asarray(saliency_map.to_image, float)[:2]
    side = len(saliency_map.pixels) / saliency_map.cells
    return f"matrix({a * side:.5f} {b * side:.5f} {c * side:.5f} {d * side:.5f} {e:.3f} {f:.3f})"


def _source(result: BasePrediction) -> str:
    return Path(result.face_embedding.image.source).name if isinstance(result, Prediction) else ""


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
    environment.filters["probability"] = probability_text
    return environment


def _left_out(result: PatientPrediction) -> Sequence[tuple[str, str]]:
    pairs = zip(result.images, result.left_out, strict=True)
    left_out = [(Path(image.face_embedding.image.source).name, reason) for image, reason in pairs if reason]
    return left_out + [(Path(failure.source).name, failure.message) for failure in result.failures]
