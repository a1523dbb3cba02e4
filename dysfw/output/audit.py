"""An audit for people at a terminal: the verdict first."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ..audit.result import AuditResult, Verdict
from ..stats.estimate import Estimate
from ..util.text import count, listed, printable

COLOURS: dict[Verdict, str] = {"pass": "green", "caution": "yellow", "fail": "red"}
CLEAR = 0.05


def print_audit(console: Console, result: AuditResult) -> None:
    """Verdict and reason, how well each group of clues tells the condition, conditions that can be told, the clues, advice."""
    console.print(f"[bold {COLOURS[result.verdict]}]{result.verdict}[/]  {escape(printable(result.reason))}")
    console.print(_summary(result), style="dim")
    console.print()
    console.print(_groups(result))
    told = [found for found in result.classes if found.p < CLEAR]
    if told:
        console.print()
        console.print(_classes(result))
    if result.features:
        console.print("\n[bold]what gives it away[/]")
        for feature in result.features:
            console.print(f"  {escape(printable(feature.label))}  {escape(feature.words)}  [dim]AUROC {feature.auroc:.2f}[/]")
    if result.advice:
        console.print("\n[bold]what to do[/]")
        for sentence in result.advice:
            console.print(f"  - {escape(printable(sentence))}")


def _summary(result: AuditResult) -> str:
    patients = "patients unknown" if result.patients is None else count(result.patients, "patient")
    importance = [f"{number} {code}" for code, number in result.excluded.items()]
    excluded = f"; not read: {listed(importance)}" if importance else ""
    harmonised = "harmonised, " if result.harmonised else ""
    return (
        f"{harmonised}{count(result.images, 'photograph')}, {patients}, {count(len(result.labels), 'condition')}; "
        f"{count(result.permutations, 'permutation')}{excluded}"
    )


def _groups(result: AuditResult) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("told from")
    for name in ("features", "accuracy", "balanced accuracy", "p"):
        table.add_column(name, justify="right")
    for group in result.groups:
        cells = (str(group.features), _shown(group.accuracy), _shown(group.balanced_accuracy), f"{group.p:.3f}")
        table.add_row(group.name, *cells, style="bold" if group.p < CLEAR else "")
    table.add_row("nothing", "", f"{result.majority:.2f}", f"{result.chance:.2f}", "", style="dim")
    return table


def _classes(result: AuditResult) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("condition that can be told")
    for name in ("photographs", "AUROC", "p"):
        table.add_column(name, justify="right")
    for found in sorted(result.classes, key=lambda c: -c.auroc.value):
        if found.p < CLEAR:
            table.add_row(escape(printable(found.label)), str(found.images), _shown(found.auroc), f"{found.p:.3f}")
    return table


def _shown(figure: Estimate) -> str:
    interval = "" if figure.low is None or figure.high is None else f" ({figure.low:.2f}–{figure.high:.2f})"
    return f"{figure.value:.2f}{interval}"
