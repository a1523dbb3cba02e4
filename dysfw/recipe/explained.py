"""What docstrings say of parameters and keys: "alpha, beta: of the curve, above 0. seed: of the draws." """

from __future__ import annotations

import inspect
import re
from collections.abc import Collection

HEAD = re.compile(r"(?:^|(?<=[.;)\]:] )|(?<=\n))(?P<names>\w+(?:, \w+)*): ")
BEYOND = re.compile(r"\n|(?<=\.) Raises \w+")  # what follows the last one: another paragraph, and what is refused


def explained(docstring: str | None, names: Collection[str]) -> dict[str, str]:
    """For each of the names that the docstring explains, what it says."""
    paragraphs = re.split(r"\n\s*\n", inspect.cleandoc(docstring or ""))
    text = "\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
    heads = [head for head in HEAD.finditer(text) if set(head["names"].split(", ")) <= set(names)]
    ends = [*(head.start() for head in heads[1:]), len(text)][: len(heads)]
    said: dict[str, str] = {}
    for head, end in zip(heads, ends, strict=True):
        words = BEYOND.split(text[head.end() : end])[0].strip().rstrip(".;")
        said |= dict.fromkeys(head["names"].split(", "), words)
    return said
