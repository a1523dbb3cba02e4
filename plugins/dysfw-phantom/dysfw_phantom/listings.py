"""Lists of conditions and terms, as tables and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

import typer
from rich.table import Table

from dysfw.plugin import out

from .condition import Condition, ConditionTerm, shipped_conditions
from .terms import find_term, terms


def print_conditions(conditions: Sequence[Condition], as_json: bool) -> None:
    """Print conditions.

    Args:
        conditions: The conditions.
        as_json: Print JSON instead of a table.
    """
    if as_json:
        typer.echo(json.dumps([c.model_dump(mode="json") for c in conditions], indent=1, ensure_ascii=False))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("label", "imitates", "years", "terms: frequency, severity (SD)"):
        table.add_column(name)
    for condition in conditions:
        known = ", ".join(filter(None, (condition.mondo, condition.omim)))
        described = "; ".join(_term_text(term) for term in condition.terms) or "none; natural variation only"
        years = f"{condition.age[0]:g}–{condition.age[1]:g}"
        table.add_row(condition.label, f"{condition.name}\n{known}".strip(), years, described)
    out().print(table)


def _term_text(term: ConditionTerm) -> str:
    mean, std = term.severity
    return f"{find_term(term.term).label} {term.frequency:.0%}, {mean:g} ± {std:g}"


def print_terms(as_json: bool) -> None:
    """Print the terms that conditions can use.

    Args:
        as_json: Print JSON instead of a table.
    """
    used = {term: [c.label for c in shipped_conditions().values() if term in {s.term for s in c.terms}] for term in terms()}
    if as_json:
        listed = [asdict(term) | {"conditions": used[term.id]} for term in terms().values()]
        typer.echo(json.dumps(listed, indent=1, ensure_ascii=False))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("term", "label", "axis", "end", "conditions"):
        table.add_column(name)
    for term in terms().values():
        table.add_row(term.id, term.label, term.axis, "+" if term.sign > 0 else "−", str(len(used[term.id]) or "–"))
    out().print(table)
