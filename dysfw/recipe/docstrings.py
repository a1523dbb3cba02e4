"""Reads descriptions of parameters from Google-style docstrings, for editors and the reference."""

from __future__ import annotations

from collections.abc import Collection

import docstring_parser
from docstring_parser import DocstringStyle


def parameter_descriptions(docstring: str | None, names: Collection[str]) -> dict[str, str]:
    """Read the sections ``Args`` and ``Attributes``.

    Args:
        docstring: Docstring of a class or function.
        names: Names of the parameters.

    Returns:
        The description, on one line, of each of these parameters that the docstring describes.
    """
    params = docstring_parser.parse(docstring or "", style=DocstringStyle.GOOGLE).params
    return {one.arg_name: " ".join((one.description or "").split()).rstrip(".") for one in params if one.arg_name in names}


def description(docstring: str | None) -> str:
    """Remove the sections (Args, Returns, Raises …) from a docstring.

    Args:
        docstring: Docstring of a class or function.

    Returns:
        Its summary and description.
    """
    parsed = docstring_parser.parse(docstring or "", style=DocstringStyle.GOOGLE)
    return "\n\n".join(part.strip() for part in (parsed.short_description, parsed.long_description) if part)
