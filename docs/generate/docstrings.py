"""What docstrings say of fields: "mode: what may change. epochs, steps: at most so many." """

from __future__ import annotations

import inspect
import re
from collections.abc import Collection, Sequence

HEAD = re.compile(r"(?:^|(?<=[.;)\]:] )|(?<=\n))(?P<names>\w+(?:, \w+)*): ")


def fields(docstring: str | None, names: Collection[str]) -> dict[str, str]:
    """For each of the names that the docstring explains, what it says."""
    text = " ".join(inspect.cleandoc(docstring or "").split())
    heads = [head for head in HEAD.finditer(text) if set(head["names"].split(", ")) <= set(names)]
    ends = [*(head.start() for head in heads[1:]), len(text)][: len(heads)]
    said: dict[str, str] = {}
    for head, end in zip(heads, ends, strict=True):
        words = text[head.end() : end].strip().rstrip(".;")
        said |= dict.fromkeys(head["names"].split(", "), words)
    return said


def text_of(thing: object) -> str:
    """The thing's own docstring as Markdown, or nothing. Dataclasses without one are given their signature by Python."""
    text = inspect.cleandoc(getattr(thing, "__doc__", None) or "")
    name = getattr(thing, "__name__", "")
    return "" if name and text.startswith(f"{name}(") else text


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """In Markdown."""
    lines = [head, ["---"] * len(head), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
