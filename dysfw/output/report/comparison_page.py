"""Several recipes on identical folds as one page of HTML that loads nothing and runs nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ...audit.predict import ALL
from ...audit.result import AuditResult
from ...evaluation.comparison_result import Comparison, Entry
from ...stats.estimate import Estimate
from . import sentences as words
from .baseline_comparison import WITHOUT_FACE, lead, overall_baseline_verdict
from .figures import Curve, Row, forest, top_curves
from .measure_glossary import describe, glossary, lowered
from .page import as_yaml, shared
from .render import render
from .sorting import compared_measure, in_order, ranked

CONTENTS = (
    ("board", "Leaderboard"), ("top", "Ranking"), ("recipes", "Recipes"), ("conditions", "Conditions"), ("data", "Data"),
    ("audit", "Audit"), ("origin", "Repeat it"), ("glossary", "Measures"), ("limits", "Limits"),
)  # fmt: skip
BOARD = ("balanced_accuracy", "accuracy", "top_3", "auroc_macro", "log_loss", "ece")
NO_VALUE = "–"


def comparison_html(comparison: Comparison) -> str:
    """The page."""
    c = comparison
    compared = compared_measure(entry.difference for entry in c.entries)
    measures = {name for entry in c.entries for name in entry.measures}
    weights = [one for evaluation in c.evaluations.values() for one in evaluation.weights]
    return render(
        "comparison.html",
        **shared(c.data, c.protocol, c.audit, None, weights),
        title=f"Comparison of {len(c.entries)} recipes", c=c, contents=CONTENTS, created=c.created, versions=c.versions,
        research_use=c.research_use, entries=ranked(c.entries, compared), first=c.entries[0],
        board=[(name, term) for name, term in in_order(measures) if name in BOARD],
        compared=describe(compared), compared_name=compared,
        verdicts={name: words.own_verdict(evaluation) for name, evaluation in c.evaluations.items()},
        audits=_audits(c), without_face=WITHOUT_FACE, baseline_verdicts=list(filter(None, [overall_baseline_verdict(c.evaluations)])),
        leads={name: above for name, evaluation in c.evaluations.items() if (above := lead(evaluation, WITHOUT_FACE))},
        reports={entry.name: f"{quote(own_folder(n, entry.name))}/report.html" for n, entry in enumerate(c.entries, 1)},
        drawings=_drawings(c, compared), recipe_rows=recipe_differences(c.entries), sensitivity=_sensitivity(c),
        recipes={entry.name: as_yaml(entry.recipe) for entry in c.entries},
        terms=glossary({"sensitivity", *(measures & set(BOARD))}),
    )  # fmt: skip


def own_folder(number: int, name: str) -> str:
    """The folder beside the page that holds a recipe's own report. number: from 1, in the order of the entries."""
    return f"{number}-" + "".join(c if c.isalnum() or c in "-_." else "-" for c in name)[:60]


@dataclass(frozen=True, slots=True)
class Audited:
    """One recipe's photographs as they are and, where it harmonises them, as it judged them."""

    name: str
    before: AuditResult
    after: AuditResult | None

    @staticmethod
    def told(audit: AuditResult) -> Estimate | None:
        """The balanced accuracy from all clues together."""
        return next((group.balanced_accuracy for group in audit.groups if group.name == ALL), None)


def _audits(c: Comparison) -> list[Audited]:
    """Of every recipe, where any harmonises."""
    audits = [Audited(e.name, c.evaluations[e.name].audit, c.evaluations[e.name].audit_harmonised) for e in c.entries]
    return audits if any(one.after for one in audits) else []


def recipe_differences(entries: Sequence[Entry]) -> list[tuple[str, list[str]]]:
    """What the recipes do not have in common: each key ("fusion.use") with every recipe's value, in the order of entries."""
    flat = [dict(_flat(entry.recipe)) for entry in entries]
    keys = dict.fromkeys(key for recipe in flat for key in recipe if key != "name")
    rows = [(key, [recipe.get(key, NO_VALUE) for recipe in flat]) for key in keys]
    return [(key, values) for key, values in rows if len(set(values)) > 1]


def _flat(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(inner, f"{path}.{key}" if path else str(key))
    else:
        yield path, NO_VALUE if value is None else str(value)


def _sensitivity(c: Comparison) -> list[tuple[str, int, list[Any]]]:
    """Each condition with its photographs and every recipe's sensitivity to it, in the order of entries."""
    scores = [{one.label: one for one in c.evaluations[entry.name].classes} for entry in c.entries]
    rows = []
    for label in c.labels:
        found = [by_label.get(label) for by_label in scores]
        images = c.data.per_label.get(label, (0, None))[0]
        rows.append((label, images, [one.measures.get("sensitivity") if one else None for one in found]))
    return rows


def _drawings(c: Comparison, compared: str) -> dict[str, Any]:
    first, title = c.entries[0], describe(compared).title
    others = [entry for entry in ranked(c.entries, compared) if entry is not first]
    drawings = {
        "top": top_curves(
            "top-n", "Top-n curves, macro", [Curve(entry.name, entry.top_macro) for entry in c.entries], len(c.labels)
        )
    }
    if others:
        drawings["forest"] = forest(
            "forest", f"Differences in {lowered(title)} from {first.name}",
            [Row(entry.name, entry.difference.get(compared)) for entry in others],
            f"difference in {lowered(title)}", first.name,
        )  # fmt: skip
    return drawings
