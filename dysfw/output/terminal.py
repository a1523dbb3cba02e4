"""Predictions for the terminal."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console
from rich.markup import escape
from rich.text import Text

from ..data.conditions import Condition
from ..inference.notices import box_text
from ..types import BasePrediction, Failure, Notice, PatientPrediction, Prediction
from ..util.probability import probability_text
from ..util.text import count, listed, printable
from .evidence import print_evidence, ratio_text
from .fitted_table import Column, FittedTable

BAR_WIDTH = 20  # characters
OUT_OF_DISTRIBUTION = "out_of_distribution"  # prediction sets do not hold for such a face


def print_prediction(
    console: Console, result: BasePrediction, top: int, ignored: tuple[Notice, ...], conditions: Mapping[str, Condition]
) -> None:
    """Print a prediction: the image or images, the ranking, similar cases, the prediction set, reliability and warnings.

    If the prediction is not reliable, this comes before the ranking.

    Args:
        console: Where to print.
        result: The prediction.
        top: Maximum number of conditions in the ranking.
        ignored: Warnings that are not printed.
        conditions: Names and identifiers of conditions, by label.
    """
    if isinstance(result, Prediction):
        _print_face(console, result)
    elif isinstance(result, PatientPrediction):
        _print_images(console, result)
    if result.reasons:
        console.print(escape(reliability_text(result)), style="bold red")
    console.print(_ranking(result, top))
    hidden = len(result.labels) - top
    if hidden > 0:
        console.print(f"and {hidden:,} more; --top {len(result.labels)} shows all", style="dim")
    for label in (result.labels[k] for k in result.ranking[:top]):
        if condition := str(conditions.get(label, "")):
            console.print(f"{escape(label)}: {escape(condition)}", style="dim")
    print_evidence(console, result)
    if result.neighbors:
        console.print(escape(neighbors_text(result)))
    if prediction_set := set_text(result):
        console.print(escape(prediction_set))
    if result.reliable:
        console.print(reliability_text(result))
    for notice in result.notices:
        if notice not in ignored and notice not in result.reasons:
            hint = "; --all-faces predicts all of them" if notice.code == "several_faces" else ""
            console.print(f"[yellow]warning:[/] {escape(notice.message)}{hint}")
    console.print()


def _print_face(console: Console, result: Prediction) -> None:
    face_embedding, face = result.face_embedding, result.face_embedding.face
    image, pose = face_embedding.image, face_embedding.segmentation.pose
    console.print(f"[bold]{escape(printable(image.source))}[/]  {image.width} × {image.height} px")
    angles = f", yaw {pose.yaw:+.0f}° pitch {pose.pitch:+.0f}° roll {pose.roll:+.0f}°" if pose else ""
    console.print(
        f"face {face_embedding.index + 1} of {face_embedding.faces} at {box_text(face)}, score {face.score:.2f}{angles}"
    )


def _print_images(console: Console, result: PatientPrediction) -> None:
    number = len(result.images) + len(result.failures)
    used = f"{len(result.counted)} of {count(number, 'photo')} used"
    console.print(f"[bold]{escape(printable(result.patient))}[/]  {used}")
    for image, reason in zip(result.images, result.left_out, strict=True):
        if reason:
            source = escape(printable(image.face_embedding.image.source))
            console.print(f"[yellow]left out[/] {source}: {escape(printable(reason))}")


def neighbors_text(result: BasePrediction) -> str:
    """Describe the most similar gallery cases.

    Args:
        result: A prediction with neighbors.

    Returns:
        Text such as "most similar gallery cases: down/003.jpg (down-syndrome) 0.71, …".
    """
    cases = (f"{printable(n.case)} ({n.label}) {n.similarity:.2f}" for n in result.neighbors)
    return f"most similar gallery cases: {listed(cases)}"


def reliability_text(result: BasePrediction) -> str:
    """Describe the reliability of a prediction.

    Args:
        result: The prediction.

    Returns:
        "no problem found with this image", or "not reliable: " and the reasons.
    """
    if result.reasons:
        return f"not reliable: {'; '.join(notice.message for notice in result.reasons)}"
    return f"no problem found with {'these images' if isinstance(result, PatientPrediction) else 'this image'}"


def set_holds(result: BasePrediction) -> bool:
    """Whether the prediction set holds: not if the face is out of distribution.

    Args:
        result: The prediction.
    """
    return all(notice.code != OUT_OF_DISTRIBUTION for notice in result.reasons)


def set_text(result: BasePrediction) -> str:
    """Describe the prediction set.

    Args:
        result: The prediction.

    Returns:
        Text such as "90 % prediction set: a, b", the more probable first; "" if the face is out of distribution, because the
        set does not hold for it.
    """
    if not set_holds(result):
        return ""
    prediction_set, number = result.prediction_set, len(result.labels)
    name = f"{100 * prediction_set.coverage:g} % prediction set"
    if len(prediction_set.always) == number:
        return f"{name}: all {number} conditions (too few patients to exclude any)"
    if len(prediction_set.members) == number:
        included = f" ({len(prediction_set.always)} always included: too few patients to exclude them)"
        return f"{name}: all {number} conditions{included if prediction_set.always else ''}"
    members = [k for k in result.ranking if k in prediction_set.members and k not in prediction_set.always]
    text = f"{name}: {listed(result.labels[k] for k in members)}"
    always = listed(result.labels[k] for k in prediction_set.always)
    return f"{text} (always included, too few patients to exclude: {always})" if prediction_set.always else text


def _ranking(result: BasePrediction, top: int) -> FittedTable:
    """The ranking with the probabilities of each region beside it, or below it if the terminal is too narrow."""
    regions = (Column(region, role="more", right=True, style="dim") for region in result.regions)
    face = result.face_probabilities
    apart = (
        [] if face is None else [Column(name, right=True) for name in ("face alone", *(one.name for one in result.evidence))]
    )
    name = "fused" if face is None else "both"
    table = FittedTable(
        Column(role="id", right=True), Column("condition"), Column(name, right=True), Column(role="bar"), *apart, *regions
    )
    for rank, k in enumerate(result.ranking[:top], 1):
        probability = float(result.probabilities[k])
        bar = Text("█" * round(BAR_WIDTH * probability), "cyan")
        ratios = [ratio_text(float(one.log_likelihood[k])) for one in result.evidence]
        of_record = [] if face is None else [probability_text(float(face[k])), *ratios]
        table.add(str(rank), result.labels[k], probability_text(probability), bar, *of_record, *_by_region(result, k))
    return table


def _by_region(result: BasePrediction, k: int) -> list[str]:
    return [probability_text(float(p), 2) for p in result.region_probabilities[:, k]]


def print_failure(console: Console, failure: Failure) -> None:
    """Print why an image could not be used.

    Args:
        console: Where to print.
        failure: The failure.
    """
    console.print(
        f"[bold red]failed[/] {escape(printable(failure.source))}: {escape(failure.message)} [dim]({failure.code})[/]"
    )
