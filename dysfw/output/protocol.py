"""Scores by a protocol on the terminal, and as a table of conditions."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from ..evaluation.protocol.result import ProtocolResult, TopScore
from ..stats.estimate import Estimate
from ..util.text import count, printable
from .fitted_table import Column, FittedTable

INDENT = "  "  # before the kinds of conditions of a setting
NO_KIND = "other"  # conditions for which a protocol has no word


def print_protocol(console: Console, result: ProtocolResult, report: Path | None) -> None:
    """Print the scores of each setting, beside chance.

    Args:
        console: Where to print.
        result: The result.
        report: Path of the HTML report, printed last; None if there is none.
    """
    console.print(f"[bold]{escape(printable(result.name))}[/] by the protocol {escape(printable(result.protocol))}, in %")
    table = FittedTable(
        Column("tests → candidates", role="id"),
        Column("top", right=True),
        Column("macro", right=True),
        Column("micro", role="more", right=True),
        Column("chance", right=True),
    )
    for setting in result.settings:
        _add(table, setting.title, setting.top)
        for one in setting.kinds:
            _add(table, f"{INDENT}{one.kind or NO_KIND}", one.top)
    console.print(table)
    for setting in result.settings:
        low, high = setting.candidates
        candidates = f"{low}" if low == high else f"{low} to {high}"
        kinds = "; ".join(f"{one.conditions:,} {one.kind or NO_KIND}" for one in setting.kinds)
        console.print(
            f"{setting.title}: {count(setting.images, 'image')} of {count(setting.patients, 'patient')}, "
            f"{count(setting.conditions, 'condition')}{f' ({kinds})' if kinds else ''} among {candidates}, "
            f"{count(setting.splits, 'split')}",
            style="dim", markup=False,
        )  # fmt: skip
    if result.guessed:
        console.print(f"{count(result.guessed, 'test image')} cannot be used, and count as guesses", markup=False)
    if result.recipe:
        console.print(
            "the images were not audited: `dysfw audit DATA` tests whether anything but the face reveals the condition"
        )
    if report:
        console.print(f"report {escape(printable(str(report)))}", soft_wrap=True)


def _add(table: FittedTable, title: str, top: Sequence[TopScore]) -> None:
    for place, each in enumerate(top):
        cells = str(each.n), _percent(each.macro), _percent(each.micro), f"{100 * each.chance:.1f}"
        table.add(title if place == 0 else "", *cells)


def _percent(estimate: Estimate) -> str:
    value = f"{100 * estimate.value:.1f}"
    if estimate.low is None or estimate.high is None:
        return value
    return f"{value} ({100 * estimate.low:.1f}–{100 * estimate.high:.1f})"


def conditions_csv(result: ProtocolResult) -> str:
    """Write the scores of each condition as CSV.

    Args:
        result: The result.

    Returns:
        A row for each setting and condition. A top-n that is meaningless, as there are no more candidates, is empty.
    """
    sizes = sorted({n for one in result.conditions for n in one.top})
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["setting", "condition", "kind", "splits", "patients", "images", *(f"top_{n}" for n in sizes)])
    for one in result.conditions:
        shares = ["" if n not in one.top else f"{one.top[n]:.6g}" for n in sizes]
        writer.writerow([one.setting, one.label, one.kind, one.splits, one.patients, one.images, *shares])
    return text.getvalue()
