"""Audits of records on the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.markup import escape

from ..audit.permutation_null import ALPHA
from ..audit.record_result import RecordAudit
from ..audit.result_part import Verdict
from ..stats.estimate import Estimate
from ..util.text import count, printable
from .fitted_table import Column, FittedTable

MAX_ROWS = 10  # conditions and terms that are printed
COLOURS: Mapping[Verdict, str] = {"pass": "green", "caution": "yellow", "fail": "red"}
RECORD_GROUPS: Mapping[str, str] = {
    "excluded": "excluded signs, among those assessed in others",
    "assessed": "assessed signs, status hidden",
    "signs": "signs with their status, for comparison",
}


def print_record_audit(console: Console, result: RecordAudit) -> None:
    """Print an audit of records: verdict and reason, groups, conditions, properties, terms, advice.

    Args:
        console: Where to print.
        result: The audit of the records.
    """
    colour, reason = COLOURS[result.verdict], escape(printable(result.reason))
    console.print(f"[bold]records of the patients:[/] [bold {colour}]{result.verdict}[/]  {reason}")
    words = (
        f"{result.records:,} of {count(result.patients, 'patient')} with a record; tested with {result.units:,}, one of each"
    )
    console.print(f"{words} publication and condition", style="dim")
    if result.groups:
        console.print()
        console.print(_groups(result))
    if result.classes:
        console.print()
        console.print(_classes(result))
    features = [f"{one.label}  {one.words}, AUROC {one.auroc.value:.2f}" for one in result.features]
    _print_list(console, "leaking properties of records", features)
    terms = [f"{one.label}  {one.term}: {one.patients} of {one.of}" for one in result.terms]
    _print_list(console, "terms of one condition only", terms)
    _print_list(console, "advice on records", [f"- {sentence}" for sentence in result.advice])


def _groups(result: RecordAudit) -> FittedTable:
    table = FittedTable(
        Column("nearest record by", role="id"),
        Column("records", role="more", right=True),
        Column("balanced accuracy", right=True),
        Column("p", right=True),
    )
    for group in result.groups:
        p, style = ("", "dim") if group.p is None else (f"{group.p:.3f}", "bold" if group.p < ALPHA else "")
        table.add(RECORD_GROUPS[group.name], f"{group.records:,}", shown(group.balanced_accuracy), p, style=style)
    table.add("chance", "", f"{result.chance:.2f}", "", style="dim")
    return table


def _classes(result: RecordAudit) -> FittedTable:
    table = FittedTable(
        Column("condition that excluded signs lead to", role="id"),
        Column("patients", role="more", right=True),
        Column("share", right=True),
        Column("p", right=True),
    )
    for one in result.classes[:MAX_ROWS]:
        table.add(one.label, f"{one.patients:,}", shown(one.named), f"{one.p:.3f}")
    if len(result.classes) > MAX_ROWS:
        table.add(f"and {len(result.classes) - MAX_ROWS:,} more; for all: --json or -o DIR", "", "", "", style="dim")
    return table


def _print_list(console: Console, title: str, lines: Sequence[str]) -> None:
    if not lines:
        return
    console.print(f"\n[bold]{title}[/]")
    for line in lines[:MAX_ROWS]:
        console.print(f"  {escape(printable(line))}")
    if len(lines) > MAX_ROWS:
        console.print(f"  and {len(lines) - MAX_ROWS:,} more; for all: --json or -o DIR", style="dim")


def shown(estimate: Estimate) -> str:
    """Format an estimate: "0.62 (0.57–0.67)"; without an interval "0.62"."""
    interval = "" if estimate.low is None or estimate.high is None else f" ({estimate.low:.2f}–{estimate.high:.2f})"
    return f"{estimate.value:.2f}{interval}"
