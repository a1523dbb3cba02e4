"""What docstrings say of parameters and keys: "alpha, beta: of the curve, above 0. seed: of the draws." """

from __future__ import annotations

import inspect
import re
from collections.abc import Collection

HEAD = re.compile(r"(?:^|(?<=[.;)\]:] )|(?<=\n))(?P<names>\w+(?:, \w+)*): ")


def explained(docstring: str | None, names: Collection[str]) -> dict[str, str]:
    """For each of the names that the docstring explains, what it says."""
    text = " ".join(inspect.cleandoc(docstring or "").split())
    heads = [head for head in HEAD.finditer(text) if set(head["names"].split(", ")) <= set(names)]
    ends = [*(head.start() for head in heads[1:]), len(text)][: len(heads)]
    said: dict[str, str] = {}
    for head, end in zip(heads, ends, strict=True):
        words = text[head.end() : end].strip().rstrip(".;")
        said |= dict.fromkeys(head["names"].split(", "), words)
    return said
