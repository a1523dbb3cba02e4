"""Short reports on the terminal, with the audit's verdict before any score."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.markup import escape

from ...audit.record_result import RecordAudit
from ...audit.result import AuditResult
from ...audit.result_part import Verdict
from ...evaluation.comparison_result import Comparison
from ...evaluation.result import DataSummary, EvaluatedModel, Evaluation, Protocol
from ...stats.estimate import Estimate
from ...util.text import count, printable
from ..fitted_table import Column, FittedTable
from . import sentences
from .baseline_comparison import BaselineVerdict, baseline_verdicts, overall_baseline_verdict
from .formatting import interval, number, share, signed
from .measure_glossary import describe, lowered
from .sorting import compared_measure, in_order, ranked

COLOURS: dict[Verdict, str] = {"pass": "green", "caution": "yellow", "fail": "bold red"}
KEY_MEASURES = ("balanced_accuracy", "accuracy", "top_3", "top_5", "auroc_macro", "auroc_affected", "ece")


def print_evaluation(console: Console, evaluation: Evaluation, report: Path | None) -> None:
    """Print an evaluation.

    Args:
        console: Where to print.
        evaluation: The evaluation.
        report: Path of the HTML report, printed last; None if it could not be written.
    """
    e = evaluation
    audit = sentences.decisive_audit(e.audit, e.audit_harmonised)
    _print_head(console, audit, e.audit.record, e.protocol.claim)
    _print_warnings(console, sentences.warnings_of(e.data, e.protocol, e.weights), e.data, e.protocol)
    for verdict in baseline_verdicts(e):
        _print_baseline_verdict(console, verdict)
    console.print(_scores(e))
    compared = compared_measure(model.difference for model in e.models)
    regions, fusions = ([one for one in e.models if one.kind == kind] for kind in ("region", "fusion"))
    for one in e.models:
        if one.kind == "input":
            console.print(_compared(one, compared), markup=False)
    if len(regions) > 1:  # with a single region there is nothing to choose or to fuse
        _print_best(console, regions, "region", compared)
        _print_best(console, fusions, "fusion", compared)
    console.print(escape(_sets_words(e)))
    if e.patients and "balanced_accuracy" in e.patients.difference:
        score = _estimate(e.patients.measures["balanced_accuracy"])
        difference = _difference(e.patients.difference["balanced_accuracy"])
        words = f"patients from all their images: balanced accuracy {score}, difference to single images {difference}"
        console.print(words, markup=False)
    console.print(f"rejected as unreliable: {share(e.rejection.rejected.value, 1)} of the images")
    if report:
        console.print(f"report {escape(printable(str(report)))}", soft_wrap=True)


def print_comparison(console: Console, comparison: Comparison, report: Path | None) -> None:
    """Print a comparison of recipes.

    Args:
        console: Where to print.
        comparison: The comparison.
        report: Path of the HTML report, printed last; None if it could not be written.
    """
    c = comparison
    _print_head(console, c.audit, c.audit.record, c.protocol.claim)
    weights = [one for evaluation in c.evaluations.values() for one in evaluation.weights]
    _print_warnings(console, sentences.warnings_of(c.data, c.protocol, weights), c.data, c.protocol)
    if verdict := overall_baseline_verdict(c.evaluations):
        _print_baseline_verdict(console, verdict)
    measure = compared_measure(entry.difference for entry in c.entries)
    first = c.entries[0]
    table = FittedTable(
        Column("recipe", role="id"),
        Column(lowered(describe(measure).title), right=True),
        Column(f"difference to {printable(first.name)}", role="more", right=True),
        Column("audit", role="more"),
    )
    for entry in ranked(c.entries, measure):
        difference = "" if entry is first else _difference(entry.difference.get(measure))
        audit_verdict = sentences.verdict_words(c.evaluations[entry.name])
        table.add(entry.name, _estimate(entry.measures.get(measure)), difference, audit_verdict)
    console.print(table)
    if report:
        console.print(f"report {escape(printable(str(report)))}", soft_wrap=True)


def _print_head(console: Console, audit: AuditResult, records: RecordAudit | None, claim: str) -> None:
    reason = f"{audit.reason} {sentences.meaning(audit)}"
    console.print(f"[bold]audit of the data:[/] [{COLOURS[audit.verdict]}]{audit.verdict}[/]. {escape(printable(reason))}")
    if records:
        verdict = f"[{COLOURS[records.verdict]}]{records.verdict}[/]"
        console.print(f"[bold]audit of the records:[/] {verdict}. {escape(printable(records.reason))}")
    console.print(f"[bold]what the scores show:[/] {escape(printable(claim))}")


def _print_baseline_verdict(console: Console, verdict: BaselineVerdict) -> None:
    console.print(escape(printable(verdict.words)), style=None if verdict.better else "yellow")


def _print_warnings(console: Console, warnings: list[str], data: DataSummary, protocol: Protocol) -> None:
    for warning in filter(None, [*warnings, sentences.exclusions(data)]):
        console.print(f"[yellow]warning:[/] {escape(warning)}")
    for finding in data.findings:
        console.print(f"  {finding.severity}: {escape(printable(finding.message))}")
    classes = count(len(data.per_label), "condition")
    console.print(f"{sentences.data_words(data)}, {classes}; {escape(sentences.protocol_words(protocol, data))}")


def _scores(e: Evaluation) -> FittedTable:
    baselines = [model for model in e.models if model.kind == "baseline"]
    compared = ("chance", *(printable(baseline.name) for baseline in baselines))
    table = FittedTable(
        Column(role="id"),
        Column(printable(e.name), right=True),
        *(Column(title, role="more", right=True) for title in compared),
    )
    for name, term in in_order(name for name in e.measures if name in KEY_MEASURES):
        chance = number(term.chance(len(e.labels))) if term.chance else number(None)
        others = [_value(baseline.measures.get(name)) for baseline in baselines]
        table.add(lowered(term.title), _estimate(e.measures[name]), chance, *others)
    return table


def _print_best(console: Console, models: list[EvaluatedModel], kind: str, measure: str) -> None:
    """Print the best of several models, and that the choice makes its score optimistic."""
    known = [one for one in models if measure in one.measures and number(one.measures[measure].value) != number(None)]
    if len(known) > 1:
        best = max(known, key=lambda one: one.measures[measure].value)
        note = "chosen on the same data, so the score is optimistic"
        console.print(f"best of {count(len(known), kind)} ({note}): {_compared(best, measure)}", markup=False)


def _sets_words(e: Evaluation) -> str:
    sets = e.prediction_sets
    return sentences.uninformative_sets(e) or (
        f"{share(sets.target_coverage)} prediction sets: coverage {share(sets.coverage.value, 1)}, "
        f"mean size {number(sets.size.value, 1)} of {count(len(e.labels), 'condition')}"
    )


def _compared(model: EvaluatedModel, measure: str) -> str:
    value, difference = _estimate(model.measures[measure]), _difference(model.difference.get(measure))
    name = printable(model.name)
    return f"{name}, {lowered(describe(measure).title)} {value}, difference to the recipe {difference}"


def _estimate(estimate: Estimate | None) -> str:
    return f"{_value(estimate)} {interval(estimate)}".rstrip()


def _difference(estimate: Estimate | None) -> str:
    return f"{signed(estimate.value if estimate else None)} {interval(estimate)}".rstrip()


def _value(estimate: Estimate | None) -> str:
    return number(estimate.value if estimate else None)
