"""Docstrings and tables as Markdown."""

from __future__ import annotations

import inspect
from collections.abc import Sequence


def text_of(thing: object) -> str:
    """The thing's own docstring as Markdown, or nothing. Dataclasses without one are given their signature by Python."""
    text = inspect.cleandoc(getattr(thing, "__doc__", None) or "")
    name = getattr(thing, "__name__", "")
    return "" if name and text.startswith(f"{name}(") else text


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """In Markdown."""
    lines = [head, ["---"] * len(head), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
