"""The ancestry of a patient, as the data name it."""

from __future__ import annotations

MAX_LENGTH = 100  # characters


def parse_ancestry(text: str) -> str | None:
    """Read an ancestry. There is no list of allowed names, because data sets divide people differently.

    Args:
        text: The name.

    Returns:
        The name with single spaces; None if it is empty.

    Raises:
        ValueError: It is no name.
    """
    name = " ".join(text.split())
    if len(name) > MAX_LENGTH or not name.isprintable():
        raise ValueError(f"not a name; allowed: a text of at most {MAX_LENGTH} printable characters")
    return name or None
