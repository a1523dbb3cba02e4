"""A prediction for people at a terminal."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ..data.conditions import Condition
from ..inference.notices import box_text
from ..types import BasePrediction, Failure, Notice, PatientPrediction, Prediction
from ..util.text import count, listed, printable

BAR = 20  # characters
UNLIKE = "out_of_distribution"  # of such a face nothing is promised


def print_prediction(
    console: Console, result: BasePrediction, top: int, ignored: tuple[Notice, ...], conditions: Mapping[str, Condition]
) -> None:
    """The face or photographs that were taken, the ranking with each region's own softmax, what to believe (ahead of the
    ranking where that is nothing), and the warnings, but for ``ignored`` and what already stands there as a reason.
    conditions: what is known of those behind the labels."""
    if isinstance(result, Prediction):
        _print_face(console, result)
    elif isinstance(result, PatientPrediction):
        _print_images(console, result)
    if result.reasons:
        console.print(escape(reliability_text(result)), style="bold red")
    console.print(_ranking(result, top))
    hidden = len(result.labels) - top
    if hidden > 0:
        console.print(f"and {hidden} more; --top {len(result.labels)} shows all", style="dim")
    for label in (result.labels[k] for k in result.ranking[:top]):
        if known := str(conditions.get(label, "")):
            console.print(f"{escape(label)}: {escape(known)}", style="dim")
    if result.neighbors:
        console.print(escape(neighbors_text(result)))
    if said := set_text(result):
        console.print(escape(said))
    if result.reliable:
        console.print(reliability_text(result))
    for notice in result.notices:
        if notice not in ignored and notice not in result.reasons:
            hint = "; --all-faces judges each" if notice.code == "several_faces" else ""
            console.print(f"[yellow]warning[/] {escape(notice.message)}{hint}")
    console.print()


def _print_face(console: Console, result: Prediction) -> None:
    subject, face = result.subject, result.subject.face
    image, pose = subject.image, subject.segmentation.pose
    console.print(f"[bold]{escape(printable(image.source))}[/]  {image.width} × {image.height} px")
    turned = f", yaw {pose.yaw:+.0f}° pitch {pose.pitch:+.0f}° roll {pose.roll:+.0f}°" if pose else ""
    console.print(f"face {subject.index + 1} of {subject.faces} at {box_text(face)}, score {face.score:.2f}{turned}")


def _print_images(console: Console, result: PatientPrediction) -> None:
    given = len(result.images) + len(result.failures)
    number = f"{len(result.counted)} of {count(given, 'photograph')} together"
    console.print(f"[bold]{escape(printable(result.patient))}[/]  {number}")
    for one, why in zip(result.images, result.left_out, strict=True):
        if why:
            console.print(f"[yellow]left out[/] {escape(printable(one.subject.image.source))}: {escape(printable(why))}")


def neighbors_text(result: BasePrediction) -> str:
    """ "most like: down/003.jpg (down-syndrome) 0.71, …": the known cases, by id."""
    return f"most like: {listed(f'{printable(m.case)} ({m.label}) {m.similarity:.2f}' for m in result.neighbors)}"


def reliability_text(result: BasePrediction) -> str:
    """ "reliable: yes" or "reliable: no, because …"; nothing where it was not assessed."""
    if result.reasons:
        return f"reliable: no, because {'; '.join(notice.message for notice in result.reasons)}"
    return "reliable: yes" if result.reliable else ""


def set_text(result: BasePrediction) -> str:
    """ "90 % set: a, b", the more probable first; nothing where there is none, or where the face is none of those that the set
    was made for."""
    own = result.prediction_set
    if own is None or any(notice.code == UNLIKE for notice in result.reasons):
        return ""
    name, number = f"{100 * own.coverage:g} % set", len(result.labels)
    if len(own.always) == number:
        return f"{name}: all {number} conditions, each of too few patients to leave it out"
    if len(own.members) == number:
        return f"{name}: all {number} conditions"
    members = listed([result.labels[k] for k in result.ranking if k in own.members and k not in own.always])
    always = listed([result.labels[k] for k in own.always])
    return f"{name}: {members}" + (f"; and, of too few patients to leave them out, {always}" if own.always else "")


def _ranking(result: BasePrediction, top: int) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1))
    table.add_column("", justify="right")
    table.add_column("condition", no_wrap=True)
    table.add_column("all", justify="right")
    table.add_column("", width=BAR, no_wrap=True)
    for region in result.regions:
        table.add_column(region, justify="right", header_style="dim", style="dim", no_wrap=True)
    for rank, k in enumerate(result.ranking[:top], 1):
        probability = float(result.probabilities[k])
        bar = "█" * round(BAR * probability)
        region_probabilities = [
            f"{vote[k]:.2f}" if vote[k] == vote[k] else "–" for vote in result.region_probabilities
        ]  # NaN: absent
        table.add_row(str(rank), escape(result.labels[k]), f"{probability:.3f}", f"[cyan]{bar}[/]", *region_probabilities)
    return table


def print_failure(console: Console, failure: Failure) -> None:
    console.print(
        f"[bold red]failed[/] {escape(printable(failure.source))}: {escape(failure.message)} [dim]({failure.code})[/]"
    )
