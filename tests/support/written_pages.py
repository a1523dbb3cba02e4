"""The Markdown pages of this project, and the blocks of code in them with what a reader does not see.

Before a block may stand ``<!-- not run: REASON -->``, and anywhere ``<!-- run first: COMMAND -->`` for what a page takes for
granted. A block with a title (```` ```yaml title="my.yaml" ````) is a file: it is written under that name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]
GENERATED = ("command-line.md", "components.md", "hooks.md", "python.md", "recipe-keys.md", "weights.md")
COMMENT = re.compile(r"<!-- (not run|run first): (.*?) -->", re.DOTALL)


@dataclass(frozen=True)
class Block:
    """language: of the fence, "first" for a hidden command. title: the file that it is. line: where it stands. not_run: the
    reason, if there is one."""

    language: str
    text: str
    line: int
    title: str = ""
    not_run: str = ""


def pages() -> list[Path]:
    """Every page that somebody wrote."""
    written = [page for page in sorted((ROOT / "docs").rglob("*.md")) if not generated(page)]
    return [*sorted(ROOT.glob("*.md")), *written, *sorted((ROOT / "plugins").glob("*/README.md"))]


def generated(page: Path) -> bool:
    return page.parent == ROOT / "docs" / "reference" and page.name in GENERATED


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def blocks(text: str) -> Iterator[Block]:
    """In the order in which they stand."""
    not_run = ""
    for token in MarkdownIt().parse(text):
        line = token.map[0] + 1 if token.map else 0
        if token.type == "html_block":
            for what, words in COMMENT.findall(token.content):
                if what == "run first":
                    yield Block("first", words.strip(), line)
                else:
                    not_run = words.strip()
        elif token.type == "fence":
            language, _, rest = token.info.strip().partition(" ")
            title = re.search(r'title="([^"]+)"', rest)
            yield Block(language, token.content, line, title[1] if title else "", not_run)
            not_run = ""
