"""HTML report of an evaluation: a self-contained page, whose tables can be searched and sorted."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import yaml
from markupsafe import Markup

from ...audit.permutation_null import ALPHA
from ...audit.result import AuditResult
from ...evaluation.result import DataSummary, EvaluatedModel, Evaluation, PredictionSets, Protocol
from ..record_audit import RECORD_GROUPS
from . import sentences
from .baseline_comparison import baseline_verdicts
from .confusion_matrix import DENSE, MAX_MATRIX, by_condition, matrix, mistakes, mistakes_words
from .exclusion_words import exclusion_words, finding_rows
from .figures import Curve, Row, forest, reliability, top_curves
from .measure_glossary import AT_SPECIFICITY, describe, glossary, lowered
from .render import render, row_ids
from .roc_figure import roc_figure, small_curves
from .sorting import compared_measure, in_order

CONTENTS = (
    ("verdict", "Verdict"), ("scores", "Scores"), ("data", "Data"), ("audit", "Audit"), ("top", "Ranking"),
    ("roc", "ROC and sensitivity"), ("confusion", "Confusions"), ("conditions", "Conditions"),
    ("models", "Regions and fusions"), ("calibration", "Calibration"), ("sets", "Prediction sets"),
    ("patients", "Patients"), ("worst", "Worst errors"), ("origin", "Reproducibility"), ("glossary", "Glossary"),
    ("limits", "Limitations"),
)  # fmt: skip
KINDS = {
    "recipe": "Recipe",
    "input": "Face and record apart",
    "region": "Single regions",
    "fusion": "Other fusions of the same region probabilities",
    "baseline": "Baselines",
}
CLASS_MEASURES = ("sensitivity", "specificity", "precision", "auroc", "top_3")  # metrics.json contains all measures
MAX_AUDIT_CLASSES = 12
MAX_LOW_COVERAGE = 3  # conditions reported below the target coverage
UNSTATED = {"too_few_controls": "too few", "not_reachable": "not reachable", "not_tested": "not tested"}
_MAGIC = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}


def report_html(evaluation: Evaluation, images: Mapping[str, bytes] | None = None) -> str:
    """Render an evaluation.

    Args:
        evaluation: The evaluation.
        images: JPEG or PNG crops of the worst errors by path; None for a report without images.

    Returns:
        The HTML page.

    Raises:
        ValueError: If an image is neither JPEG nor PNG.
    """
    e = evaluation
    compared = compared_measure(model.difference for model in e.models)
    few = len(e.labels) <= MAX_MATRIX
    return render(
        "evaluation.html",
        **shared_values(e.data, e.protocol, e.audit, e.audit_harmonised, e.weights),
        title=f"{e.name}: evaluation", e=e, contents=[part for part in CONTENTS if e.patients or part[0] != "patients"],
        rows=row_ids(one.label for one in e.classes), baselines_at="models", unstated=UNSTATED,
        small_curves=small_curves(e.roc, e.classes),
        patient_measures=[(name, describe(name)) for name in (e.patients.difference if e.patients else ())],
        created=e.created, versions=e.versions,
        research_use=e.research_use, measures=in_order(e.measures),
        baselines=[model for model in e.models if model.kind == "baseline"],
        class_measures=[(n, describe(n)) for n in CLASS_MEASURES if any(n in one.measures for one in e.classes)],
        matrix=matrix(e.labels, e.confusion) if few else None, dense=len(e.labels) > DENSE,
        mistakes=mistakes(e.labels, e.confusion), mistakes_words=mistakes_words(e.labels),
        confused=None if few else by_condition(e.labels, e.confusion),
        models=_by_kind(e.models), compared=describe(compared), compared_name=compared,
        model_measures=[(name, describe(name)) for name in ("balanced_accuracy", "accuracy", "auroc_macro")],
        baseline_verdicts=baseline_verdicts(e), coverage_low=_low_coverage(e.prediction_sets),
        uninformative_sets=sentences.uninformative_sets(e),
        evaluated=sum(images for _, _, images in e.confusion),
        images={path: _data_uri(path, data) for path, data in (images or {}).items()},
        figures=_figures(e, compared),
        recipe_yaml=as_yaml(e.recipe),
        terms=[*glossary([*e.measures, *CLASS_MEASURES]), AT_SPECIFICITY],
        quotation=sentences.quotation(e),
    )  # fmt: skip


def shared_values(
    data: DataSummary,
    protocol: Protocol,
    audit: AuditResult,
    harmonised: AuditResult | None,
    weights: Sequence[Mapping[str, object]],
) -> dict[str, Any]:
    """Compute the template values for the sections on verdict, data and audit.

    Args:
        data: The data.
        protocol: How the data was split.
        audit: The audit of the original images.
        harmonised: The audit of the harmonised images, if any.
        weights: Weights that the recipes use.

    Returns:
        The values by name.
    """
    final = sentences.decisive_audit(audit, harmonised)
    harmonised_groups = {group.name: group for group in harmonised.groups} if harmonised else {}
    harmonised_classes = {one.label: one for one in harmonised.classes} if harmonised else {}
    # Significant AUROCs are always shown, even if others are higher.
    shown = sorted(audit.classes, key=lambda one: (one.p >= ALPHA, -one.auroc.value))[:MAX_AUDIT_CLASSES]
    return {
        "data": data, "protocol": protocol, "audit": audit, "audit_harmonised": harmonised, "final": final,
        "headline": sentences.headline(final), "meaning": sentences.meaning(final), "units": sentences.units(data),
        "several_labels": _several_labels(data),
        "warnings": sentences.warnings_of(data, protocol, weights), "excluded": sentences.exclusions(data),
        "data_words": sentences.data_words(data), "protocol_words": sentences.protocol_words(protocol, data),
        "audit_groups": [(group, harmonised_groups.get(group.name)) for group in audit.groups],
        "audit_classes": [(one, harmonised_classes.get(one.label)) for one in sorted(shown, key=lambda one: -one.auroc.value)],
        "finding_rows": finding_rows(data.findings), "exclusion_words": exclusion_words,
        "hidden_classes": len(audit.classes) - len(shown), "record_groups": RECORD_GROUPS,
    }  # fmt: skip


def _several_labels(data: DataSummary) -> bool:
    """Return whether a patient has images of several conditions."""
    return data.patients is not None and sum(patients or 0 for _, patients in data.per_label.values()) > data.patients


def _low_coverage(sets: PredictionSets) -> list[tuple[str, float]]:
    low = [(label, coverage) for label, coverage in sets.coverage_by_label.items() if coverage < sets.target_coverage]
    return sorted(low, key=lambda item: item[1])[:MAX_LOW_COVERAGE]


def as_yaml(recipe: Mapping[str, object]) -> str:
    """Return a recipe as YAML."""
    return yaml.safe_dump(dict(recipe), sort_keys=False, allow_unicode=True, width=100)


def _figures(e: Evaluation, compared: str) -> dict[str, Any]:
    return {
        "top": top_curves(
            "top-n", f"Top-n curve of {e.name}", [Curve("micro", e.top), Curve("macro", e.top_macro)], len(e.labels)
        ),
        "forests": [_forest(e, compared, name, title, kinds) for name, title, kinds in _forests(e.models)],
        "roc": roc_figure("roc", f"ROC curves of {e.name}", e.roc, e.measures.get("auroc_macro")),
        "reliability": reliability("reliability", f"Reliability diagram of {e.name}", e.calibration),
    }  # fmt: skip


def _forests(models: Sequence[EvaluatedModel]) -> list[tuple[str, str, tuple[str, ...]]]:
    """Choose the forest plots: name, title and the kinds of their lines.

    With a single region there is nothing to choose or to fuse, and a single line needs no figure.
    """
    several = sum(one.kind == "region" for one in models) > 1
    plots: list[tuple[str, str, tuple[str, ...]]] = (
        [("regions", "Single regions and baselines", ("region", "baseline")), ("fusions", "Other fusions", ("fusion",))]
        if several
        else [("baselines", "Baselines", ("baseline",))]
    )
    plots.insert(0, ("inputs", "Face and record apart", ("input",)))
    return [plot for plot in plots if sum(one.kind in plot[2] for one in models) > 1]


def _forest(e: Evaluation, compared: str, name: str, title: str, kinds: tuple[str, ...]) -> tuple[str, Markup]:
    """Return title and figure."""
    measure = lowered(describe(compared).title)
    rows = [Row(one.name, one.difference.get(compared), one.kind) for one in _ordered(e.models) if one.kind in kinds]
    description = f"{title}: difference in {measure} to the recipe {e.name}"
    return title, forest(f"forest-{name}", description, rows, f"difference in {measure}", "the recipe")


def _ordered(models: Sequence[EvaluatedModel]) -> list[EvaluatedModel]:
    """Sort by kind, the recipe first, otherwise stable."""
    return sorted(models, key=lambda one: list(KINDS).index(one.kind))


def _by_kind(models: Sequence[EvaluatedModel]) -> list[tuple[str, list[EvaluatedModel]]]:
    return [(KINDS[kind], list(ones)) for kind, ones in groupby(_ordered(models), key=lambda one: one.kind)]


def _data_uri(path: str, data: bytes) -> str:
    for magic, kind in _MAGIC.items():
        if data.startswith(magic):
            return f"data:{kind};base64,{base64.b64encode(data).decode()}"
    raise ValueError(f"the image for {path} is neither JPEG nor PNG")
