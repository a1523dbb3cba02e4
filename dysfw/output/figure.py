"""A result as a picture for a slide: the photographs with what was found in them, the ranking beside them, and the reasons."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from pathlib import Path
from textwrap import wrap
from typing import BinaryIO, Literal, cast

import matplotlib as mpl
import matplotlib.colors
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.patches import Polygon, Rectangle

from .. import RESEARCH_USE
from ..errors import DysfwError
from ..explain.explanation import Explanation
from ..explain.saliency_map import heat
from ..inference.pipeline import Pipeline
from ..types import BasePrediction, PatientPrediction, Prediction
from ..util.text import count, printable
from .terminal import reliability_text

ENDINGS = (".png", ".pdf", ".svg")
SIZE = (12.8, 7.2)  # inches: a 16:9 slide
DPI = 150  # 1,920 × 1,080 px
IN_SET, OUTSIDE, DOUBTED = "#3b6ea5", "#b4c5da", "#d9d9d9"
WARNING = "#b3261e"
COLOURS = mpl.colormaps["tab10"].colors  # type: ignore[attr-defined]
CONTEXT = 0.6  # of the face's height is shown around it, where the photograph has it
FOR, AGAINST = "#c2570c", "#1f6fb5"
MAX_ROWS = 10
MAX_IMAGES = 6  # of a patient
HEAT = 160  # points on each side at which maps are read
TITLE = 60  # characters of a photograph's title


def save_figure(
    target: Path | BinaryIO,
    result: BasePrediction,
    pipeline: Pipeline,
    top: int,
    *,
    explanation: Explanation | None = None,
    form: Literal["pdf"] | None = None,
) -> None:
    """Write the figure; a path's suffix decides the format (.png, .pdf, .svg), form that of a file. Raises DysfwError, and
    ValueError where the photographs' pixels were not kept."""
    figure = Figure(figsize=SIZE, dpi=DPI, layout="constrained")
    left, right = cast("Sequence[SubFigure]", figure.subfigures(1, 2, width_ratios=(5, 6)))
    _draw_images(left, result, explanation)
    parts = right.subplots(3 if explanation else 2, 1)
    shown = result.ranking[: min(top, MAX_ROWS)]
    _draw_ranking(parts[0], result, shown)
    if explanation:
        _draw_contributions(parts[1], result, explanation)
    _draw_votes(parts[-1], result, shown)
    if result.reasons:  # above the chart: at the foot it would be overlooked, and cut off first
        said = "\n".join(wrap(reliability_text(result), 66, max_lines=4, placeholder=" …"))
        right.suptitle(said, fontsize=13, fontweight="bold", color=WARNING)
    manifest = pipeline.manifest
    bundle = f" · bundle {manifest.name} {manifest.fingerprint[:8]}" if manifest else ""
    figure.suptitle(f"recipe {pipeline.recipe.name} {pipeline.recipe.fingerprint[:8]}{bundle}", fontsize=11, color="0.35")
    right.supxlabel(_footer(result), fontsize=10, color="0.35")
    try:
        figure.savefig(target, format=form)
    except (OSError, ValueError) as error:
        raise DysfwError(f"cannot write the figure {target}: {error}") from None


def _footer(result: BasePrediction) -> str:
    """That nothing speaks against it, three notices at most, and what it may not be used for."""
    others = [notice.message for notice in result.notices if notice not in result.reasons][:3]
    said = [reliability_text(result), *others] if result.reliable else others
    lines = [line for text in said for line in wrap(text, 95, max_lines=2, placeholder=" …")]
    return "\n".join([*lines, RESEARCH_USE])


def _draw_images(left: SubFigure, result: BasePrediction, explanation: Explanation | None) -> None:
    """The face, with what the condition hangs on where there are maps; of a patient those of the first photographs that
    count."""
    if isinstance(result, Prediction):
        axes = left.subplots()
        _draw_face(axes, result, 10)
        if explanation and explanation.maps:
            _draw_heat(axes, result, explanation)
    elif isinstance(result, PatientPrediction):
        drawn, given = result.counted[:MAX_IMAGES], len(result.images) + len(result.failures)
        columns = 1 if len(drawn) == 1 else 2
        cells = left.subplots(math.ceil(len(drawn) / columns), columns, squeeze=False).ravel()
        for axes, one in itertools.zip_longest(cells, drawn):
            if one is None:
                axes.set_axis_off()
            else:
                _draw_face(axes, one, 0)
        left.suptitle(f"{result.patient}: {len(result.counted)} of {count(given, 'photograph')}", fontsize=12)


def _draw_face(axes: Axes, result: Prediction, legend: int) -> None:
    """legend: the size of its letters; 0 leaves it out."""
    subject = result.subject
    axes.imshow(subject.decoded_image.pixels)
    x0, y0, x1, y1 = (float(v) for v in subject.face.box)
    axes.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor="white", linewidth=1.5, linestyle="--"))
    polygons = {region.name: region.polygon for region in subject.segmentation.regions}
    for number, name in enumerate(result.regions):
        if name in polygons:
            colour = COLOURS[number % len(COLOURS)]
            axes.add_patch(Polygon(polygons[name], fill=False, edgecolor=colour, linewidth=2, label=name))
    x, y = subject.face.landmarks.T
    axes.scatter(x, y, s=22, color="white", edgecolor="black", linewidth=0.8, zorder=3)
    around = CONTEXT * max(x1 - x0, y1 - y0)
    axes.set_xlim(max(0, x0 - around), min(subject.image.width, x1 + around))
    axes.set_ylim(min(subject.image.height, y1 + around), max(0, y0 - around))
    axes.set_axis_off()
    if legend:
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.01), ncol=4, frameon=False, fontsize=legend)
    name, most = printable(Path(subject.image.source).name), TITLE if legend else TITLE // 2
    name = name if len(name) <= most else f"…{name[-most:]}"
    title = f"{name}, face {subject.index + 1} of {subject.faces}" if legend else name
    axes.set_title(title, fontsize=12 if legend else 9, parse_math=False)


def _draw_heat(axes: Axes, result: Prediction, explanation: Explanation) -> None:
    """Orange where hiding a part makes the condition less probable, blue where it makes it more probable."""
    (left, right), (lower, upper) = axes.get_xlim(), axes.get_ylim()
    x, y = np.linspace(left, right, HEAT), np.linspace(upper, lower, HEAT)
    found = heat(explanation.maps, explanation.condition, np.stack(np.meshgrid(x, y), axis=-1))
    strongest = float(np.abs(found).max()) or 1.0
    strength = np.abs(found)[:, :, None] / strongest
    colours = np.where(found[:, :, None] > 0, mpl.colors.to_rgb(FOR), mpl.colors.to_rgb(AGAINST))
    axes.imshow(
        np.concatenate([colours, 0.55 * strength], axis=2), extent=(left, right, lower, upper), interpolation="bilinear"
    )
    said = f"orange: {result.labels[explanation.condition]} hangs on it (up to {strongest:.2f}); blue: it speaks against that"
    axes.set_title("\n".join([axes.get_title(), *wrap(said, 64)]), fontsize=10, parse_math=False)


def _draw_ranking(axes: Axes, result: BasePrediction, shown: list[int]) -> None:
    probabilities = [float(result.probabilities[k]) for k in shown]
    members = result.prediction_set.members
    colours = [DOUBTED if result.reasons else IN_SET if k in members else OUTSIDE for k in shown]
    bars = axes.barh(range(len(shown)), probabilities, color=colours)
    if not result.reasons:
        axes.set_title(f"dark: in the {100 * result.prediction_set.coverage:g} % set", fontsize=11, color="0.35")
    axes.bar_label(bars, [f"{p:.2f}" for p in probabilities], padding=4, fontsize=11)
    axes.set_yticks(range(len(shown)), [result.labels[k] for k in shown], fontsize=11)
    axes.invert_yaxis()
    axes.set_xlim(0, 1.08)
    axes.set_xlabel("probability, all regions fused")
    axes.spines[["top", "right"]].set_visible(False)


def _draw_contributions(axes: Axes, result: BasePrediction, explanation: Explanation) -> None:
    """What each region adds to the probability of the condition that is asked about."""
    k, ordered = explanation.condition, explanation.ordered(result)
    values = [value for _, value in ordered]
    bars = axes.barh(range(len(ordered)), values, color=[FOR if value > 0 else AGAINST for value in values])
    axes.bar_label(bars, [f"{value:+.3f}" for value in values], padding=4, fontsize=9)
    axes.set_yticks(range(len(ordered)), [name for name, _ in ordered], fontsize=10)
    axes.invert_yaxis()
    axes.margins(x=0.18)
    axes.axvline(0, color="0.35", linewidth=0.8)
    before = float(explanation.contributions.base_values[k])
    said = f"added to {result.labels[k]}: {before:.3f} before any region, {float(result.probabilities[k]):.3f} with all"
    axes.set_title("\n".join(wrap(said, 48)), fontsize=10, color="0.35", parse_math=False)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)


def _draw_votes(axes: Axes, result: BasePrediction, shown: list[int]) -> None:
    """Each region's own softmax, a column for each region."""
    region_probabilities = result.region_probabilities[:, shown].T
    axes.imshow(region_probabilities, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for row, column in np.ndindex(region_probabilities.shape):
        value = region_probabilities[row, column]
        text = "–" if np.isnan(value) else f"{value:.2f}"
        axes.text(column, row, text, ha="center", va="center", fontsize=10, color="white" if value > 0.55 else "black")
    axes.set_xticks(range(len(result.regions)), result.regions, rotation=20, fontsize=10)
    axes.set_yticks(range(len(shown)), [result.labels[k] for k in shown], fontsize=10)
    axes.set_title("each region by itself", fontsize=11, color="0.35")
    axes.tick_params(length=0)
    for number, tick in enumerate(axes.get_xticklabels()):
        tick.set_color(COLOURS[number % len(COLOURS)])
