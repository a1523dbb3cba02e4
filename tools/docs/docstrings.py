"""Google-style docstrings and tables as Markdown."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence

import docstring_parser
from docstring_parser import DocstringStyle
from docstring_parser.common import DocstringParam


def docstring_of(thing: object) -> str:
    """The thing's own docstring, or nothing. Python gives dataclasses without one their signature, which is not wanted."""
    text = inspect.cleandoc(getattr(thing, "__doc__", None) or "")
    name = getattr(thing, "__name__", "")
    return "" if name and text.startswith(f"{name}(") else text


def markdown_of(docstring: str) -> str:
    """A docstring as Markdown: its text, then a list for each section."""
    parsed = docstring_parser.parse(docstring, style=DocstringStyle.GOOGLE)
    parts = [part.strip() for part in (parsed.short_description, parsed.long_description) if part]
    arguments = [one for one in parsed.params if one.args[0] == "param"]
    attributes = [one for one in parsed.params if one.args[0] == "attribute"]
    parts += _items("Arguments", arguments) + _items("Attributes", attributes)
    for title, returned in (("Returns", parsed.returns),):
        if returned and returned.description:
            name = "Yields" if returned.is_generator else title
            typed = f"{returned.type_name}: " if returned.type_name else ""
            parts.append(f"{name}: {typed}{_line(returned.description)}")
    if parsed.raises:
        lines = [f"- `{one.type_name}`: {_line(one.description)}" for one in parsed.raises]
        parts.append("\n".join(["Raises:", "", *lines]))
    return "\n\n".join(parts).replace("``", "`")


def _items(title: str, found: Sequence[DocstringParam]) -> list[str]:
    lines = [f"- `{one.arg_name}`: {_line(one.description)}" for one in found]
    return ["\n".join([f"{title}:", "", *lines])] if lines else []


def _line(text: str | None) -> str:
    return re.sub(r"\s+", " ", text or "").strip()


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
