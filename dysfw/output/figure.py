"""A prediction as a figure for a slide."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from textwrap import wrap
from typing import BinaryIO, Literal, cast

import matplotlib as mpl
import matplotlib.colors
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.patches import Polygon, Rectangle

from .. import RESEARCH_USE, __version__
from ..errors import DysfwError
from ..explain.explanation import Explanation
from ..explain.saliency_map import heat
from ..inference.pipeline import Pipeline
from ..types import BasePrediction, PatientPrediction, Prediction
from ..util.atomic import atomic_write
from ..util.probability import probability_text
from ..util.text import count, printable
from .evidence import evidence_text
from .terminal import reliability_text, set_text

FORMATS = (".png", ".pdf", ".svg")
SIZE = (12.8, 7.2)  # inches: a 16:9 slide
DPI = 150  # 1,920 × 1,080 px
IN_SET, NOT_IN_SET, UNRELIABLE = "#3b6ea5", "#b4c5da", "#d9d9d9"
WARNING = "#b3261e"
COLOURS = mpl.colormaps["tab10"].colors  # type: ignore[attr-defined]
CONTEXT = 0.6  # margin shown around the face, as a fraction of its longer side
SUPPORTS, OPPOSES = "#c2570c", "#1f6fb5"
MAX_ROWS = 10
CROWDED = 6  # rows; of more, each has less room
MAX_NAME = 36  # characters of a line of a condition's name
MAX_IMAGES = 6  # of a patient
MAX_WARNINGS = 3  # that are not reasons
HEAT_POINTS = 160  # on each side
MAX_TITLE = 60  # characters of an image's title


def save_figure(
    target: Path | BinaryIO,
    result: BasePrediction,
    pipeline: Pipeline,
    top: int,
    *,
    explanation: Explanation | None = None,
    form: Literal["pdf"] | None = None,
) -> None:
    """Write a figure with the image, the ranking, the probabilities of each region and the reliability.

    Args:
        target: Path or open file. The suffix of a path sets the format: .png, .pdf or .svg.
        result: The prediction, with the pixels of its images.
        pipeline: The pipeline that made it.
        top: Maximum number of conditions.
        explanation: Explanation to draw, if any.
        form: Format for an open file.

    Raises:
        DysfwError: The figure cannot be written.
        ValueError: The pixels of the images were not kept.
    """
    figure = Figure(figsize=SIZE, dpi=DPI, layout="constrained")
    left, right = cast("Sequence[SubFigure]", figure.subfigures(1, 2, width_ratios=(5, 6)))
    _draw_images(left, result, explanation)
    parts = right.subplots(3 if explanation else 2, 1)
    shown = result.ranking[: min(top, MAX_ROWS)]
    names = _names(result, pipeline, shown)
    _draw_ranking(parts[0], result, shown, names)
    if explanation:
        _draw_contributions(parts[1], result, explanation)
    _draw_region_probabilities(parts[-1], result, shown, names)
    if result.reasons:  # above the charts, where it is not overlooked or cut off
        warning = "\n".join(_lines(reliability_text(result), 66, 6))
        right.suptitle(warning, fontsize=13, fontweight="bold", color=WARNING, parse_math=False)
    figure.suptitle(_header(pipeline), fontsize=11, color="0.35", parse_math=False)
    known = _known_conditions(result, pipeline, shown)
    left.supxlabel(known, x=0.01, ha="left", fontsize=8, color="0.35", parse_math=False)
    right.supxlabel(_footer(result), fontsize=10, color="0.35", parse_math=False)
    try:
        if isinstance(target, Path):
            with atomic_write(target) as unfinished:
                figure.savefig(unfinished, format=form or target.suffix[1:])
        else:
            figure.savefig(target, format=form)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DysfwError(f"cannot write the figure {target}: {reason}", hint="choose another path") from None


def _header(pipeline: Pipeline) -> str:
    """What predicted, when, and what the author of the bundle wants its users to know."""
    recipe, manifest = pipeline.recipe, pipeline.manifest
    parts = [f"recipe {recipe.name} {recipe.fingerprint[:8]}"]
    parts += [f"bundle {manifest.name} {manifest.fingerprint[:8]}"] if manifest else []
    line = " · ".join([*parts, f"dysfw {__version__}", datetime.now(UTC).date().isoformat()])
    about = " ".join(manifest.about.split()) if manifest else ""
    return "\n".join([printable(line), *_lines(about, 150, 2)])


def _lines(text: str, width: int, most: int) -> list[str]:
    """A text in at most so many lines; labels, which are full of hyphens, stay whole."""
    return wrap(printable(text), width, max_lines=most, placeholder=" …", break_on_hyphens=False)


def _known_conditions(result: BasePrediction, pipeline: Pipeline, shown: list[int]) -> str:
    """Names and identifiers of the conditions in the ranking, a line each, as far as they are known."""
    known = pipeline.manifest.conditions if pipeline.manifest else {}
    named = [f"{label}: {known[label]}" for label in (result.labels[k] for k in shown) if str(known.get(label, ""))]
    return "\n".join(line for text in named for line in _lines(text, 92, 2))


def _footer(result: BasePrediction) -> str:
    """The prediction set, reliability if there is no problem, the first warnings, and the notice on research use."""
    others = [notice.message for notice in result.notices if notice not in result.reasons]
    first = result.ranking[0]
    record = [f"record, for {result.labels[first]}: {evidence_text(one, first)}" for one in result.evidence]
    texts = [set_text(result), *record, *([reliability_text(result)] if result.reliable else []), *others[:MAX_WARNINGS]]
    if len(others) > MAX_WARNINGS:
        texts.append(f"and {count(len(others) - MAX_WARNINGS, 'more warning')}")
    lines = [line for text in texts for line in _lines(text, 85, 3)]
    return "\n".join([*lines, RESEARCH_USE])


def _draw_images(left: SubFigure, result: BasePrediction, explanation: Explanation | None) -> None:
    """The face with its saliency maps, if any; of a patient the first images that are used."""
    if isinstance(result, Prediction):
        axes = left.subplots()
        _draw_face(axes, result, 10)
        if explanation and explanation.maps:
            _draw_heat(axes, result, explanation)
    elif isinstance(result, PatientPrediction):
        shown, number = result.counted[:MAX_IMAGES], len(result.images) + len(result.failures)
        columns = 1 if len(shown) == 1 else 2
        cells = left.subplots(math.ceil(len(shown) / columns), columns, squeeze=False).ravel()
        for axes, one in itertools.zip_longest(cells, shown):
            if one is None:
                axes.set_axis_off()
            else:
                _draw_face(axes, one, 0)
        left.suptitle(f"{result.patient}: {len(result.counted)} of {count(number, 'photo')}", fontsize=12, parse_math=False)


def _draw_face(axes: Axes, result: Prediction, legend: int) -> None:
    """``legend`` is the font size of the legend; 0 leaves it out."""
    face_embedding = result.face_embedding
    axes.imshow(face_embedding.decoded_image.pixels)
    x0, y0, x1, y1 = (float(v) for v in face_embedding.face.box)
    axes.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor="white", linewidth=1.5, linestyle="--"))
    polygons = {region.name: region.polygon for region in face_embedding.segmentation.regions}
    for number, name in enumerate(result.regions):
        if name in polygons:
            colour = COLOURS[number % len(COLOURS)]
            axes.add_patch(Polygon(polygons[name], fill=False, edgecolor=colour, linewidth=2, label=name))
    x, y = face_embedding.face.landmarks.T
    axes.scatter(x, y, s=22, color="white", edgecolor="black", linewidth=0.8, zorder=3)
    around = CONTEXT * max(x1 - x0, y1 - y0)
    axes.set_xlim(max(0, x0 - around), min(face_embedding.image.width, x1 + around))
    axes.set_ylim(min(face_embedding.image.height, y1 + around), max(0, y0 - around))
    axes.set_axis_off()
    if legend and axes.get_legend_handles_labels()[0]:
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.01), ncol=4, frameon=False, fontsize=legend)
    name, length = printable(Path(face_embedding.image.source).name), MAX_TITLE if legend else MAX_TITLE // 2
    name = name if len(name) <= length else f"…{name[-length:]}"
    title = f"{name}, face {face_embedding.index + 1} of {face_embedding.faces}" if legend else name
    axes.set_title(title, fontsize=12 if legend else 9, parse_math=False)


def _draw_heat(axes: Axes, result: Prediction, explanation: Explanation) -> None:
    """Orange where hiding the image makes the condition less probable, blue where it makes it more probable."""
    (left, right), (lower, upper) = axes.get_xlim(), axes.get_ylim()
    x, y = np.linspace(left, right, HEAT_POINTS), np.linspace(upper, lower, HEAT_POINTS)
    values = heat(explanation.maps, explanation.condition, np.stack(np.meshgrid(x, y), axis=-1))
    strongest = float(np.abs(values).max()) or 1.0
    strength = np.abs(values)[:, :, None] / strongest
    colours = np.where(values[:, :, None] > 0, mpl.colors.to_rgb(SUPPORTS), mpl.colors.to_rgb(OPPOSES))
    axes.imshow(
        np.concatenate([colours, 0.55 * strength], axis=2), extent=(left, right, lower, upper), interpolation="bilinear"
    )
    caption = f"orange supports {result.labels[explanation.condition]} (up to {strongest:.2f}), blue opposes it"
    axes.set_title("\n".join([axes.get_title(), *wrap(caption, 64)]), fontsize=10, parse_math=False)


def _names(result: BasePrediction, pipeline: Pipeline, shown: list[int]) -> list[str]:
    """Names of conditions, in at most two lines each; the label where none is known."""
    known = pipeline.manifest.conditions if pipeline.manifest else {}
    labels = [result.labels[k] for k in shown]
    named = [known[label].name or label if label in known else label for label in labels]
    lines = 2 if len(shown) <= CROWDED else 1
    return ["\n".join(_lines(name, MAX_NAME, lines)) for name in named]


def _draw_ranking(axes: Axes, result: BasePrediction, shown: list[int], names: list[str]) -> None:
    size = 11 if len(shown) <= CROWDED else 9
    probabilities = [float(result.probabilities[k]) for k in shown]
    members = result.prediction_set.members
    colours = [UNRELIABLE if result.reasons else IN_SET if k in members else NOT_IN_SET for k in shown]
    bars = axes.barh(range(len(shown)), probabilities, color=colours)
    if not result.reasons:
        axes.set_title(f"dark: in the {100 * result.prediction_set.coverage:g} % prediction set", fontsize=11, color="0.35")
    axes.bar_label(bars, [probability_text(p) for p in probabilities], padding=4, fontsize=size)  # may reach beyond the axis
    axes.set_yticks(range(len(shown)), names, fontsize=size, parse_math=False)
    axes.invert_yaxis()
    axes.set_xlim(0, 1)
    axes.set_xticks(np.linspace(0, 1, 6))
    axes.set_xlabel("probability, face and record" if result.evidence else "probability, all regions fused")
    axes.spines[["top", "right"]].set_visible(False)


def _draw_contributions(axes: Axes, result: BasePrediction, explanation: Explanation) -> None:
    """Contribution of each region to the probability of the explained condition."""
    k, ordered = explanation.condition, explanation.ordered(result)
    values = [value for _, value in ordered]
    bars = axes.barh(range(len(ordered)), values, color=[SUPPORTS if value > 0 else OPPOSES for value in values])
    axes.bar_label(bars, [f"{value:+.3f}" for value in values], padding=4, fontsize=9)
    axes.set_yticks(range(len(ordered)), [name for name, _ in ordered], fontsize=10)
    axes.invert_yaxis()
    axes.margins(x=0.18)
    axes.axvline(0, color="0.35", linewidth=0.8)
    base_value, probability = float(explanation.contributions.base_values[k]), float(result.probabilities[k])
    texts = probability_text(base_value), probability_text(probability)
    title = f"contributions to {result.labels[k]}: base value {texts[0]}, all regions {texts[1]}"
    axes.set_title("\n".join(wrap(title, 48)), fontsize=10, color="0.35", parse_math=False)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)


def _draw_region_probabilities(axes: Axes, result: BasePrediction, shown: list[int], names: list[str]) -> None:
    """Probabilities of each region's head, a column for each region."""
    region_probabilities = result.region_probabilities[:, shown].T
    axes.imshow(region_probabilities, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for row, column in np.ndindex(region_probabilities.shape):
        value = region_probabilities[row, column]
        text = probability_text(float(value), 2)
        axes.text(column, row, text, ha="center", va="center", fontsize=10, color="white" if value > 0.55 else "black")
    axes.set_xticks(range(len(result.regions)), result.regions, rotation=20, fontsize=10)
    axes.set_yticks(range(len(shown)), names, fontsize=10 if len(shown) <= CROWDED else 8, parse_math=False)
    axes.set_title("probabilities of each region", fontsize=11, color="0.35")
    axes.tick_params(length=0)
    for number, tick in enumerate(axes.get_xticklabels()):
        tick.set_color(COLOURS[number % len(COLOURS)])
