"""Audit results on the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape

from ..audit.permutation_null import ALPHA
from ..audit.result import AuditResult
from ..util.text import count, listed, printable
from .fitted_table import Column, FittedTable
from .record_audit import COLOURS, print_record_audit, shown

MAX_CLASSES = 20  # predictable conditions that are printed


def print_audit(console: Console, result: AuditResult) -> None:
    """Print an audit: verdict and reason, feature groups, predictable conditions, leaking features, advice; then the records.

    Args:
        console: Where to print.
        result: The audit.
    """
    console.print(f"[bold {COLOURS[result.verdict]}]{result.verdict}[/]  {escape(printable(result.reason))}")
    console.print(_summary(result), style="dim")
    console.print()
    console.print(_groups(result))
    if any(one.p < ALPHA for one in result.classes):
        console.print()
        console.print(_classes(result))
    if result.features:
        console.print("\n[bold]leaking features[/]")
        for feature in result.features:
            console.print(f"  {escape(printable(feature.label))}  {escape(feature.words)}  [dim]AUROC {feature.auroc:.2f}[/]")
    if result.advice:
        console.print("\n[bold]advice[/]")
        for sentence in result.advice:
            console.print(f"  - {escape(printable(sentence))}")
    if result.record:
        console.print()
        print_record_audit(console, result.record)


def _summary(result: AuditResult) -> str:
    patients = "patients unknown" if result.patients is None else count(result.patients, "patient")
    unreadable = [f"{number} {code}" for code, number in result.excluded.items()]
    excluded = f"; not read: {listed(unreadable)}" if unreadable else ""
    harmonised = "harmonised, " if result.harmonised else ""
    return (
        f"{harmonised}{count(result.images, 'image')}, {patients}, {count(len(result.labels), 'condition')}; "
        f"{count(result.permutations, 'permutation')}{excluded}"
    )


def _groups(result: AuditResult) -> FittedTable:
    table = FittedTable(
        Column("predicted from", role="id"),
        Column("features", role="more", right=True),
        Column("accuracy", role="more", right=True),
        Column("balanced accuracy", right=True),
        Column("p", right=True),
    )
    for group in result.groups:
        cells = (str(group.features), shown(group.accuracy), shown(group.balanced_accuracy), f"{group.p:.3f}")
        table.add(group.name, *cells, style="bold" if group.p < ALPHA else "")
    table.add("chance", "", f"{result.majority:.2f}", f"{result.chance:.2f}", "", style="dim")
    return table


def _classes(result: AuditResult) -> FittedTable:
    table = FittedTable(
        Column("predictable condition", role="id"),
        Column("images", role="more", right=True),
        Column("AUROC", right=True),
        Column("p", right=True),
    )
    significant = sorted((one for one in result.classes if one.p < ALPHA), key=lambda one: -one.auroc.value)
    for one in significant[:MAX_CLASSES]:
        table.add(one.label, str(one.images), shown(one.auroc), f"{one.p:.3f}")
    if len(significant) > MAX_CLASSES:
        table.add(f"and {len(significant) - MAX_CLASSES:,} more; for all: --json or -o DIR", "", "", "", style="dim")
    return table
