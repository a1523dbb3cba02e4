"""Reads Google-style docstrings: the descriptions that editors and the reference show beside a parameter."""

from __future__ import annotations

from collections.abc import Collection

import docstring_parser
from docstring_parser import DocstringStyle


def parameter_descriptions(docstring: str | None, names: Collection[str]) -> dict[str, str]:
    """The descriptions in the sections ``Args`` and ``Attributes``.

    Args:
        docstring: A class's or function's docstring.
        names: The parameters that are wanted.

    Returns:
        For each of these names that the docstring describes, the description on one line.
    """
    found = docstring_parser.parse(docstring or "", style=DocstringStyle.GOOGLE).params
    return {one.arg_name: " ".join((one.description or "").split()).rstrip(".") for one in found if one.arg_name in names}


def description(docstring: str | None) -> str:
    """A docstring without its sections (Args, Returns, Raises …)."""
    found = docstring_parser.parse(docstring or "", style=DocstringStyle.GOOGLE)
    return "\n\n".join(part.strip() for part in (found.short_description, found.long_description) if part)
