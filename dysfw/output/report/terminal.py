"""The short form of a report, for a terminal: the verdict and the claim before any score."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ...audit.result import AuditResult, Verdict
from ...evaluation.comparison_result import Comparison
from ...evaluation.result import DataSummary, EvaluatedModel, Evaluation, Protocol
from ...stats.estimate import Estimate
from ...util.text import count, printable
from . import sentences as words
from .baseline_comparison import BaselineVerdict, baseline_verdicts, overall_baseline_verdict
from .formatting import interval, number, share, signed
from .measure_glossary import describe, lowered
from .sorting import compared_measure, in_order, ranked

TONE: dict[Verdict, str] = {"pass": "green", "caution": "yellow", "fail": "bold red"}
KEY = ("balanced_accuracy", "accuracy", "top_3", "top_5", "auroc_macro", "auroc_affected", "ece")


def print_evaluation(console: Console, evaluation: Evaluation, report: Path) -> None:
    """Verdict, claim, what the recipe adds, key figures, the best region and fusion, prediction sets, and where the report
    lies."""
    e = evaluation
    audit = words.governing(e.audit, e.audit_harmonised)
    _head(console, audit, e.protocol.claim)
    _warn(console, words.warnings_of(e.data, e.protocol, e.weights), e.data, e.protocol)
    for standing in baseline_verdicts(e):
        _say(console, standing)
    console.print(_key_figures(e))
    compared = compared_measure(model.difference for model in e.models)
    regions, fusions = ([one for one in e.models if one.kind == kind] for kind in ("region", "fusion"))
    if len(regions) > 1:  # of one there is nothing to choose or to fuse
        _best_of(console, regions, "region", compared)
        _best_of(console, fusions, "fusion", compared)
    console.print(escape(_sets_words(e)))
    if e.patients and "balanced_accuracy" in e.patients.difference:
        together = (
            f"{_estimate(e.patients.measures['balanced_accuracy'])}, {_difference(e.patients.difference['balanced_accuracy'])}"
        )
        console.print(f"patients by all of their photographs together: balanced accuracy {together} against one by one")
    console.print(f"called not reliable: {share(e.rejection.rejected.value, 1)} of the photographs")
    console.print(f"report {escape(printable(str(report)))}", soft_wrap=True)


def print_comparison(console: Console, comparison: Comparison, report: Path) -> None:
    """Verdict, claim, the leaderboard, and where the report lies."""
    c = comparison
    _head(console, c.audit, c.protocol.claim)
    weights = [one for evaluation in c.evaluations.values() for one in evaluation.weights]
    _warn(console, words.warnings_of(c.data, c.protocol, weights), c.data, c.protocol)
    if standing := overall_baseline_verdict(c.evaluations):
        _say(console, standing)
    measure = compared_measure(entry.difference for entry in c.entries)
    first = c.entries[0]
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("recipe")
    for title in (lowered(describe(measure).title), f"difference from {printable(first.name)}", "audit"):
        table.add_column(escape(title), justify="right")
    for entry in ranked(c.entries, measure):
        difference = "" if entry is first else _difference(entry.difference.get(measure))
        verdict = words.own_verdict(c.evaluations[entry.name])
        table.add_row(escape(printable(entry.name)), _estimate(entry.measures.get(measure)), difference, verdict)
    console.print(table)
    console.print(f"report {escape(printable(str(report)))}", soft_wrap=True)


def _head(console: Console, audit: AuditResult, claim: str) -> None:
    reason = f"{audit.reason} {words.meaning(audit)}"
    console.print(f"[bold]audit of the data:[/] [{TONE[audit.verdict]}]{audit.verdict}[/], {escape(printable(reason))}")
    console.print(f"[bold]what the scores may be said to show:[/] {escape(printable(claim))}")


def _say(console: Console, standing: BaselineVerdict) -> None:
    console.print(escape(printable(standing.words)), style=None if standing.shown else "yellow")


def _warn(console: Console, warnings: list[str], data: DataSummary, protocol: Protocol) -> None:
    for warning in filter(None, [*warnings, words.exclusions(data)]):
        console.print(f"[yellow]warning[/] {escape(warning)}")
    console.print(
        f"{words.people(data)}, {count(len(data.per_label), 'condition')}, {escape(words.protocol_words(protocol, data))}"
    )


def _key_figures(e: Evaluation) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    baselines = [model for model in e.models if model.kind == "baseline"]
    table.add_column("")
    for title in (e.name, "guessing", *(baseline.name for baseline in baselines)):
        table.add_column(escape(printable(title)), justify="right")
    for name, term in in_order(name for name in e.measures if name in KEY):
        guess = number(term.chance(len(e.labels))) if term.chance else number(None)
        others = [_value(baseline.measures.get(name)) for baseline in baselines]
        table.add_row(lowered(term.title), _estimate(e.measures[name]), guess, *others)
    return table


def _best_of(console: Console, models: list[EvaluatedModel], kind: str, measure: str) -> None:
    """The one with the greatest value, with what choosing it on the same data does to it."""
    known = [one for one in models if measure in one.measures and number(one.measures[measure].value) != number(None)]
    if len(known) > 1:
        best = max(known, key=lambda one: one.measures[measure].value)
        console.print(f"best of {count(len(known), kind)} on these data, so flattered: {_against(best, measure)}")


def _sets_words(e: Evaluation) -> str:
    sets = e.prediction_sets
    return words.idle_sets(e) or (
        f"prediction sets of {share(sets.target_coverage)}: hold the truth in {share(sets.coverage.value, 1)}, "
        f"{number(sets.size.value, 1)} conditions each"
    )


def _against(best: EvaluatedModel, measure: str) -> str:
    value, difference = _estimate(best.measures[measure]), _difference(best.difference.get(measure))
    return f"{escape(printable(best.name))}, {lowered(describe(measure).title)} {value}, difference {difference}"


def _estimate(estimate: Estimate | None) -> str:
    return escape(f"{_value(estimate)} {interval(estimate)}".rstrip())


def _difference(estimate: Estimate | None) -> str:
    return escape(f"{signed(estimate.value if estimate else None)} {interval(estimate)}".rstrip())


def _value(estimate: Estimate | None) -> str:
    return number(estimate.value if estimate else None)
