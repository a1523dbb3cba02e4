"""Lists of conditions and terms, as tables and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

import typer

from dysfw.plugin import Column, FittedTable, multiline, out

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
    more = (Column(title, role="more") for title in ("years", "terms: frequency, severity (SD)"))
    table = FittedTable(Column("label", role="id"), Column("imitates"), *more, below="lines")
    for condition in conditions:
        known = ", ".join(filter(None, (condition.mondo, condition.omim)))
        described = "; ".join(_term_text(term) for term in condition.terms) or "none; natural variation only"
        years = f"{condition.age[0]:g}–{condition.age[1]:g}"
        table.add(condition.label, multiline(f"{condition.name}\n{known}"), years, described)
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
    more = (Column("axis", role="more"), Column("end", role="more"), Column("conditions", role="more", right=True))
    table = FittedTable(Column("term", role="id"), Column("label"), *more, below="lines")
    for term in terms().values():
        table.add(term.id, term.label, term.axis, "+" if term.sign > 0 else "−", str(len(used[term.id]) or "–"))
    out().print(table)
