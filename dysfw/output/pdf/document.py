"""The parts of a document, in their order."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from reportlab.platypus import Flowable

from ... import RESEARCH_USE, __version__
from ...explain.explanation import Explanation
from ...inference.pipeline import Pipeline
from ...types import BasePrediction, PatientPrediction, Prediction
from ..terminal import neighbors_text, reliability_text
from .bundle import performance
from .comparison import ComparisonImage
from .page import document, numbered_canvas, width_between_margins
from .photos import comparison_photos, photos
from .ranking import prediction_set, ranking
from .record import record_parts
from .save import Paper
from .text import ALARM, BODY, CAUTION, MISSING, NOTE, SMALL, TITLE, Text
from .why import why


def pdf_bytes(
    result: BasePrediction,
    pipeline: Pipeline,
    top: int,
    explanation: Explanation,
    *,
    paper: Paper,
    comparisons: Sequence[ComparisonImage],
) -> bytes:
    """Write a result as a PDF.

    Args:
        result: The prediction, with the pixels of its images.
        pipeline: The pipeline that made it.
        top: Maximum number of conditions in the ranking.
        explanation: Its explanation.
        paper: Size of the pages.
        comparisons: Images that are shown beside the patient's.

    Returns:
        The file.

    Raises:
        ValueError: The pixels of the images were not kept.
    """
    text, file, width = Text(), io.BytesIO(), width_between_margins(paper)
    conditions = pipeline.manifest.conditions if pipeline.manifest else {}
    k = explanation.condition
    story = [
        *_heading(result, pipeline, text),
        *_reliability(result, text),
        *photos(result, explanation, width, text),
        *comparison_photos(comparisons, width, text),
        *ranking(result, conditions, top, width, text),
        *prediction_set(result, conditions, text),
        *record_parts(result, k, conditions, width, text),
        *why(result, explanation, conditions, width, text),
        *performance(pipeline.manifest, result.labels[k], text),
        *_warnings(result, pipeline, text),
    ]
    footer = [text.plain(line) for line in _footer(pipeline)]
    title = text.plain(f"Ranking of conditions: {_subject(result)}", 300)
    if text.replaced:
        story.append(text.paragraph(f"{MISSING} stands for a character that the font of this file lacks.", SMALL))
    document(file, paper, title).build(story, canvasmaker=numbered_canvas(footer))
    return file.getvalue()


def _subject(result: BasePrediction) -> str:
    """The patient; of a single photo the name of its file, without the folder, which may name a person."""
    if isinstance(result, PatientPrediction):
        return result.patient
    assert isinstance(result, Prediction)  # noqa: S101  # the only other class
    return Path(result.face_embedding.image.source).name


def _heading(result: BasePrediction, pipeline: Pipeline, text: Text) -> list[Flowable]:
    """What this is, of whom, when, and what the author of the bundle wants its users to know."""
    what = "from the face and the record" if result.evidence else "from the face"
    kind = "patient" if isinstance(result, PatientPrediction) else "photo"
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    parts = [
        text.paragraph(f"Conditions ranked {what}", TITLE),
        text.paragraph(_subject(result), BODY, start=kind, limit=300),
        text.paragraph(now, BODY, start="date"),
        text.paragraph(RESEARCH_USE, NOTE),
    ]
    if pipeline.manifest and pipeline.manifest.about.strip():
        parts.append(text.paragraph(pipeline.manifest.about, CAUTION, start="About the bundle:"))
    shown_as_reasons = {notice.message for notice in result.reasons}
    return [*parts, *(text.paragraph(one.message, ALARM) for one in pipeline.notices if one.message not in shown_as_reasons)]


def _reliability(result: BasePrediction, text: Text) -> list[Flowable]:
    """Reasons not to rely on the result, each in a frame of its own."""
    if result.reasons:
        return [text.paragraph(one.message, ALARM, start="Do not rely on this result:") for one in result.reasons]
    checked = reliability_text(result)
    return [text.paragraph(f"{checked[0].upper()}{checked[1:]}. This does not mean that the ranking is right.", BODY)]


def _warnings(result: BasePrediction, pipeline: Pipeline, text: Text) -> list[Flowable]:
    """Warnings that are no reasons, similar gallery cases, and images that were left out."""
    shown = {notice.message for notice in (*result.reasons, *pipeline.notices)}
    lines = list(dict.fromkeys(notice.message for notice in result.notices if notice.message not in shown))
    parts = [text.paragraph(line, BODY) for line in lines]
    parts = [*text.heading("Warnings"), *parts] if parts else []
    if result.neighbors:
        parts += [*text.heading("Gallery"), text.paragraph(neighbors_text(result), BODY)]
    if isinstance(result, PatientPrediction):
        unused = [
            (Path(one.face_embedding.image.source).name, reason)
            for one, reason in zip(result.images, result.left_out, strict=True)
            if reason
        ] + [(Path(one.source).name, one.message) for one in result.failures]
        parts += text.heading("Images left out") if unused else []
        parts += [text.paragraph(reason, BODY, start=f"{name}:") for name, reason in unused]
    return parts


def _footer(pipeline: Pipeline) -> list[str]:
    """What predicted: version, recipe and bundle with their fingerprints."""
    recipe, manifest = pipeline.recipe, pipeline.manifest
    bundle = f" · bundle {manifest.name} {manifest.fingerprint[:12]}" if manifest else ""
    return [f"For research use only. dysfw {__version__}", f"recipe {recipe.name} {recipe.fingerprint[:12]}{bundle}"]
