"""An evaluation as one page of HTML that loads nothing and runs nothing."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import yaml

from ...audit.result import AuditResult
from ...evaluation.result import Contender, DataSummary, Evaluation, Protocol
from . import words
from .figures import Curve, Row, forest, reliability, top_curves
from .glossary import describe, glossary, lowered
from .matrix import DENSE, matrix, mistakes
from .order import compared_measure, in_order
from .render import render

CONTENTS = (
    ("scores", "Key figures"), ("data", "Data"), ("audit", "Audit"), ("top", "Ranking"), ("confusion", "Confusions"),
    ("conditions", "Conditions"), ("contenders", "Regions and fusions"), ("calibration", "Calibration"),
    ("sets", "Prediction sets"), ("worst", "Worst errors"), ("origin", "Repeat it"),
    ("glossary", "Measures"), ("limits", "Limits"),
)  # fmt: skip
KINDS = {
    "recipe": "The recipe",
    "region": "One region alone",
    "fusion": "Other fusions of the same votes",
    "baseline": "Baselines",
}
CLASS_MEASURES = ("sensitivity", "specificity", "precision", "auroc", "top_3")  # metrics.json has them all
SHOWN_CLASSES = 12  # of the audit, the most easily told first
LOW_COVERAGE = 3  # conditions with the lowest coverage are named
_MAGIC = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}


def report_html(evaluation: Evaluation, images: Mapping[str, bytes] | None = None) -> str:
    """The page. images: encoded crops (JPEG or PNG) by the paths of the worst errors; None leaves all photographs out.

    Raises ValueError for an image that is neither.
    """
    e = evaluation
    compared = compared_measure(contender.difference for contender in e.contenders)
    rows = matrix(e.labels, e.confusion)
    return render(
        "evaluation.html",
        **shared(e.data, e.protocol, e.audit, e.audit_harmonised, e.weights),
        title=f"{e.name}: evaluation", e=e, contents=CONTENTS, created=e.created, versions=e.versions,
        research_use=e.research_use, measures=in_order(e.measures),
        baselines=[contender for contender in e.contenders if contender.kind == "baseline"],
        class_measures=[(n, describe(n)) for n in CLASS_MEASURES if any(n in one.measures for one in e.classes)],
        matrix=rows, mistakes=mistakes(rows), dense=len(e.labels) > DENSE,
        contenders=_by_kind(e.contenders), compared=describe(compared), compared_name=compared,
        contender_measures=[(name, describe(name)) for name in ("balanced_accuracy", "accuracy", "auroc_macro")],
        coverage_low=sorted(e.sets.coverage_by_label.items(), key=lambda item: item[1])[:LOW_COVERAGE],
        pictures={path: _data_uri(path, data) for path, data in (images or {}).items()},
        drawings=_drawings(e, compared),
        recipe_yaml=as_yaml(e.recipe),
        terms=glossary([*e.measures, *CLASS_MEASURES]),
        quotation=words.quotation(e),
    )  # fmt: skip


def shared(
    data: DataSummary,
    protocol: Protocol,
    audit: AuditResult,
    harmonised: AuditResult | None,
    weights: Sequence[Mapping[str, object]],
) -> dict[str, Any]:
    """What the parts on the verdict, the data and the audit need, of one evaluation or of several on the same data."""
    final = words.governing(audit, harmonised)
    after_group = {group.name: group for group in harmonised.groups} if harmonised else {}
    after_class = {one.label: one for one in harmonised.classes} if harmonised else {}
    told = sorted(audit.classes, key=lambda one: (one.p, -one.auroc.value))
    return {
        "data": data, "protocol": protocol, "audit": audit, "audit_harmonised": harmonised, "final": final,
        "headline": words.HEADLINE[final.verdict], "meaning": words.MEANING[final.verdict],
        "warnings": words.warnings_of(data, protocol, weights), "excluded": words.exclusions(data),
        "people": words.people(data), "protocol_words": words.protocol_words(protocol, data),
        "audit_groups": [(group, after_group.get(group.name)) for group in audit.groups],
        "audit_classes": [(one, after_class.get(one.label)) for one in told[:SHOWN_CLASSES]],
        "hidden_classes": max(0, len(told) - SHOWN_CLASSES),
    }  # fmt: skip


def as_yaml(recipe: Mapping[str, object]) -> str:
    """As people write it."""
    return yaml.safe_dump(dict(recipe), sort_keys=False, allow_unicode=True, width=100)


def _drawings(e: Evaluation, compared: str) -> dict[str, Any]:
    ordered = _ordered(e.contenders)
    groups = {
        "regions": [one for one in ordered if one.kind in ("region", "baseline")],
        "fusions": [one for one in ordered if one.kind == "fusion"],
    }
    title = describe(compared).title
    return {
        "top": top_curves(
            "top-n", f"Top-n curve of {e.name}", [Curve("micro", e.top), Curve("macro", e.top_macro)], len(e.labels)
        ),
        "forest": {
            group: forest(
                f"forest-{group}", f"{group.capitalize()}: differences in {lowered(title)} from the recipe {e.name}",
                [Row(one.name, one.difference.get(compared), one.kind) for one in members],
                f"difference in {lowered(title)}", "the recipe",
            )
            for group, members in groups.items() if members
        },
        "reliability": reliability("reliability", f"Reliability diagram of {e.name}", e.calibration),
    }  # fmt: skip


def _ordered(contenders: Sequence[Contender]) -> list[Contender]:
    """By kind, the recipe first; within a kind as they come."""
    return sorted(contenders, key=lambda one: list(KINDS).index(one.kind))


def _by_kind(contenders: Sequence[Contender]) -> list[tuple[str, list[Contender]]]:
    return [(KINDS[kind], list(ones)) for kind, ones in groupby(_ordered(contenders), key=lambda one: one.kind)]


def _data_uri(path: str, data: bytes) -> str:
    for magic, kind in _MAGIC.items():
        if data.startswith(magic):
            return f"data:{kind};base64,{base64.b64encode(data).decode()}"
    raise ValueError(f"the image for {path} is neither JPEG nor PNG")
