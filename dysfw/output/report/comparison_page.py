"""HTML report of a comparison of recipes: a self-contained page, whose tables can be searched and sorted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ...audit.predict import ALL
from ...audit.result import AuditResult
from ...evaluation.comparison_result import Comparison, Entry
from ...stats.estimate import Estimate
from . import sentences
from .baseline_comparison import SHORTCUT_FEATURES, advantage, overall_baseline_verdict
from .figures import Curve, Row, forest, top_curves
from .measure_glossary import describe, glossary, lowered
from .page import as_yaml, shared_values
from .render import render, row_ids
from .sorting import compared_measure, in_order, ranked

CONTENTS = (
    ("verdict", "Verdict"), ("board", "Leaderboard"),
    ("top", "Ranking"), ("recipes", "Recipes"), ("conditions", "Conditions"), ("data", "Data"),
    ("audit", "Audit"), ("origin", "Reproducibility"), ("glossary", "Glossary"), ("limits", "Limitations"),
)  # fmt: skip
BOARD = ("balanced_accuracy", "accuracy", "top_3", "auroc_macro", "log_loss", "ece")
NO_VALUE = "–"


def comparison_html(comparison: Comparison) -> str:
    """Render a comparison.

    Args:
        comparison: The comparison.

    Returns:
        The HTML page.
    """
    c = comparison
    compared = compared_measure(entry.difference for entry in c.entries)
    measures = {name for entry in c.entries for name in entry.measures}
    weights = [one for evaluation in c.evaluations.values() for one in evaluation.weights]
    differences = {name: advantage(evaluation, SHORTCUT_FEATURES) for name, evaluation in c.evaluations.items()}
    return render(
        "comparison.html",
        **shared_values(c.data, c.protocol, c.audit, None, weights),
        title=f"Comparison of {len(c.entries)} recipes", c=c, contents=CONTENTS, rows=row_ids(c.labels), baselines_at="board",
        created=c.created, versions=c.versions,
        research_use=c.research_use, entries=ranked(c.entries, compared), first=c.entries[0],
        board=[(name, term) for name, term in in_order(measures) if name in BOARD],
        compared=describe(compared), compared_name=compared,
        verdicts={name: sentences.verdict_words(evaluation) for name, evaluation in c.evaluations.items()},
        audits=_recipe_audits(c), shortcut_features=SHORTCUT_FEATURES,
        baseline_verdicts=list(filter(None, [overall_baseline_verdict(c.evaluations)])),
        advantages={name: difference for name, difference in differences.items() if difference},
        reports={entry.name: f"{quote(report_folder(n, entry.name))}/report.html" for n, entry in enumerate(c.entries, 1)},
        figures=_figures(c, compared), recipe_rows=recipe_differences(c.entries), sensitivity=_sensitivity(c),
        recipes={entry.name: as_yaml(entry.recipe) for entry in c.entries},
        terms=glossary({"sensitivity", *(measures & set(BOARD))}),
    )  # fmt: skip


def report_folder(number: int, name: str) -> str:
    """Return the folder of a recipe's own report, relative to the comparison.

    Args:
        number: Position of the recipe in the comparison, from 1.
        name: Name of the recipe.
    """
    return f"{number}-" + "".join(c if c.isalnum() or c in "-_." else "-" for c in name)[:60]


@dataclass(frozen=True, slots=True)
class RecipeAudit:
    """Audits of the images that a recipe uses.

    Attributes:
        name: Name of the recipe.
        original: The audit of the original images.
        harmonised: The audit of the harmonised images; None if the recipe does not harmonise.
    """

    name: str
    original: AuditResult
    harmonised: AuditResult | None

    @staticmethod
    def balanced_accuracy(audit: AuditResult) -> Estimate | None:
        """Return the balanced accuracy of all shortcut features together."""
        return next((group.balanced_accuracy for group in audit.groups if group.name == ALL), None)


def _recipe_audits(c: Comparison) -> list[RecipeAudit]:
    """Return the audits of all recipes if any recipe harmonises, else none."""
    audits = [RecipeAudit(e.name, c.evaluations[e.name].audit, c.evaluations[e.name].audit_harmonised) for e in c.entries]
    return audits if any(one.harmonised for one in audits) else []


def recipe_differences(entries: Sequence[Entry]) -> list[tuple[str, list[str]]]:
    """Find the keys whose values differ between recipes.

    Args:
        entries: The recipes.

    Returns:
        Each key ("fusion.use") with the value in every recipe, in the order of ``entries``.
    """
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
    """Return each condition with its number of images and every recipe's sensitivity, in the order of entries."""
    scores = [{one.label: one for one in c.evaluations[entry.name].classes} for entry in c.entries]
    rows = []
    for label in c.labels:
        of_label = [by_label.get(label) for by_label in scores]
        images = c.data.per_label.get(label, (0, None))[0]
        rows.append((label, images, [one.measures.get("sensitivity") if one else None for one in of_label]))
    return rows


def _figures(c: Comparison, compared: str) -> dict[str, Any]:
    first, title = c.entries[0], describe(compared).title
    others = [entry for entry in ranked(c.entries, compared) if entry is not first]
    figures = {
        "top": top_curves(
            "top-n", "Top-n curves, macro", [Curve(entry.name, entry.top_macro) for entry in c.entries], len(c.labels)
        )
    }
    if others:
        figures["forest"] = forest(
            "forest", f"Difference in {lowered(title)} to {first.name}",
            [Row(entry.name, entry.difference.get(compared)) for entry in others],
            f"difference in {lowered(title)}", first.name,
        )  # fmt: skip
    return figures
