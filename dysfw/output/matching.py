"""Matched controls on the terminal and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict

from rich.console import Console

from ..data.balance import LIMIT, MIN_PATIENTS, BalanceRow, Contrast, Summary, unbalanced
from ..data.findings import Finding
from ..data.match_outcome import SCHEMA, MatchOutcome
from ..types import Failure
from ..util.text import count, listed
from .fitted_table import Column, FittedTable

MAX_UNMATCHED = 20  # cases without a control that are printed


def print_matching(console: Console, outcome: MatchOutcome) -> None:
    """Print who was matched, the balance before and after, and what remains unbalanced.

    Args:
        console: Where to print.
        outcome: The result.
    """
    console.print(_summary(outcome), markup=False)
    if len(sizes := Counter(len(found) for found in outcome.chosen if found)) > 1:
        parts = [f"{count(sizes[n], 'case')} with {n}" for n in sorted(sizes, reverse=True)]
        console.print(f"controls of a case: {listed(parts)}", style="dim", markup=False)
    for name, number in outcome.unknown.items():
        console.print(f"{count(number, 'control')} cannot be chosen: {name} unknown", style="dim", markup=False)
    console.print()
    console.print(_balance(outcome.rows))
    console.print(conclusion(outcome), markup=False)
    if outcome.unmatched:
        console.print()
        console.print(_unmatched(outcome))


def conclusion(outcome: MatchOutcome) -> str:
    """Say in a sentence what remains unbalanced, and what may help.

    Args:
        outcome: The result.
    """
    measured = [row for row in outcome.rows if row.after and row.after.balanced is not None]
    if not measured:
        return "No controls were chosen, so there is nothing to compare after matching."
    limit = f"|SMD| > {LIMIT:g}"
    if not (left := unbalanced(outcome.rows)):
        names = listed(row.name for row in measured)
        return f"Balanced in {names}: no {limit} after matching. What is not listed may still differ."
    uneven = len({len(found) for found in outcome.chosen if found}) > 1
    advice = "--ratio 1 gives each case one control" if uneven else "add what differs to --on, or lower --caliper"
    return f"* {limit}: {listed(left)} {'remains' if len(left) == 1 else 'remain'} unbalanced; {advice}."


def matching_json(
    outcome: MatchOutcome,
    *,
    settings: dict[str, object],
    findings: Sequence[Finding],
    failures: Sequence[Failure],
    manifest: str | None,
) -> dict[str, object]:
    """The result for programs. It holds no value of a single patient.

    Args:
        outcome: The result.
        settings: The options.
        findings: Of the data.
        failures: Images that cannot be used.
        manifest: The file that was written; None if none was.
    """
    return {
        "schema": SCHEMA,
        **settings,
        "manifest": manifest,
        "cases": {"patients": len(outcome.cases), "matched": len(outcome.matched_cases)},
        "controls": {
            "patients": len(outcome.controls), "matched": len(outcome.matched_controls), "unknown": outcome.unknown,
        },
        "balance": [asdict(row) for row in outcome.rows],
        "unbalanced": list(unbalanced(outcome.rows)),
        "unmatched": [asdict(one) for one in outcome.unmatched],
        "findings": [asdict(one) for one in findings],
        "failures": [{"source": one.source, "code": one.code, "message": one.message} for one in failures],
    }  # fmt: skip


def _summary(outcome: MatchOutcome) -> str:
    cases, controls = len(outcome.matched_cases), len(outcome.matched_controls)
    return (
        f"{cases:,} of {count(len(outcome.cases), 'case')} matched with {controls:,} of "
        f"{count(len(outcome.controls), 'control')}"
    )  # fmt: skip


def _balance(rows: Sequence[BalanceRow]) -> FittedTable:
    table = FittedTable(
        Column("patients", role="id"),
        Column("cases before", role="more", right=True),
        Column("controls before", role="more", right=True),
        Column("SMD before", right=True),
        Column("cases after", role="more", right=True),
        Column("controls after", role="more", right=True),
        Column("SMD after", right=True),
    )
    for row in rows:
        title = f"{row.name} ({row.unit})" if row.unit else row.name
        table.add(title, *_cells(row.before, row), *(_cells(row.after, row) if row.after else ("", "", "–")))
    return table


def _cells(contrast: Contrast, row: BalanceRow) -> tuple[str, str, str]:
    mark = "*" if contrast.balanced is False else ""
    smd = "–" if contrast.balanced is None else "∞" if contrast.smd is None else f"{contrast.smd:.2f}"
    return _shown(contrast.cases, row), _shown(contrast.controls, row), smd + mark


def _shown(one: Summary, row: BalanceRow) -> str:
    if one.mean is None or one.sd is None:
        return f"n < {MIN_PATIENTS}" if one.known else "–"
    if row.kind == "share":
        return f"{one.mean:.0%}"
    digits = 2 if row.unit == "octaves" else 1
    return f"{one.mean:.{digits}f} ± {one.sd:.{digits}f}"


def _unmatched(outcome: MatchOutcome) -> FittedTable:
    table = FittedTable(Column("without a control", role="id"), Column("why", role="more"), below="lines")
    for one in outcome.unmatched[:MAX_UNMATCHED]:
        table.add(one.patient, one.reason)
    if len(outcome.unmatched) > MAX_UNMATCHED:
        table.add(f"and {len(outcome.unmatched) - MAX_UNMATCHED:,} more; for all: --json", "", style="dim")
    return table
