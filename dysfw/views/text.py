"""A prediction for people at a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ..engine.notices import box_text
from ..text import printable
from ..types import Failure, Notice, Prediction

BAR = 20  # characters


def print_prediction(console: Console, result: Prediction, top: int, ignored: tuple[Notice, ...]) -> None:
    """The face that was taken, the ranking with each region's own softmax, and the warnings, but for ``ignored``."""
    subject, face = result.subject, result.subject.face
    image = subject.image
    console.print(f"[bold]{escape(printable(image.source))}[/]  {image.width} × {image.height} px")
    pose = subject.segmentation.pose
    turned = f", yaw {pose.yaw:+.0f}° pitch {pose.pitch:+.0f}° roll {pose.roll:+.0f}°" if pose else ""
    console.print(f"face {subject.index + 1} of {subject.faces} at {box_text(face)}, score {face.score:.2f}{turned}")
    console.print(_ranking(result, top))
    hidden = len(result.labels) - top
    if hidden > 0:
        console.print(f"and {hidden} more; --top {len(result.labels)} shows all", style="dim")
    if result.reliable is False:
        reasons = "; ".join(notice.message for notice in result.notices if notice.code == "random_weights")
        console.print(f"[bold red]reliable: no[/], {escape(reasons)}")
    for notice in result.notices:
        if notice not in ignored:
            console.print(f"[yellow]warning[/] {escape(notice.message)}")
    console.print()


def _ranking(result: Prediction, top: int) -> Table:
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
        votes = [f"{vote[k]:.2f}" if vote[k] == vote[k] else "–" for vote in result.votes]  # NaN: absent
        table.add_row(str(rank), escape(result.labels[k]), f"{probability:.3f}", f"[cyan]{bar}[/]", *votes)
    return table


def print_failure(console: Console, failure: Failure) -> None:
    console.print(
        f"[bold red]failed[/] {escape(printable(failure.source))}: {escape(failure.message)} [dim]({failure.code})[/]"
    )
