"""Paragraphs on a terminal: broken at spaces, the further lines indented, nothing lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.text import Text

from dysfw.output.wrapping import hanging


def broken(text: str, width: int) -> list[str]:
    return [line.plain for line in hanging(Text(text), width)]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("warning: it fits on its line", ["warning: it fits on its line"]),
        ("warning: some patients have one image", ["warning: some patients have", "  one image"]),
        ("  - Add patients of every condition, or none", ["  - Add patients of every", "    condition, or none"]),
        ("  get it with dysfw weights fetch vggface2", ["  get it with dysfw weights", "  fetch vggface2"]),
        ("# head softmax: dysfw 1.0.0, dysfw.heads:Softmax", ["# head softmax: dysfw 1.0.0,", "#   dysfw.heads:Softmax"]),
        ("report /home/an-other/machine/r.html here", ["report", "  /home/an-other/machine/r.html", "  here"]),
        ("intellectual-developmental-disorder-with-x", ["intellectual-developmental-", "  disorder-with-x"]),
    ],
)  # fmt: skip
def test_a_paragraph_is_broken_at_words_and_keeps_how_it_begins(text, lines):
    assert broken(text, 28) == lines


def test_styles_stay_with_their_words():
    first, second = hanging(Text.assemble("a paragraph of which ", ("the end is red", "red")), 28)
    assert [(span.start, span.end, span.style) for span in first.spans if span.style] == [(21, 28, "red")]
    assert [(second.plain[span.start : span.end], span.style) for span in second.spans if span.style] == [("is red", "red")]


@given(st.text(st.sampled_from("ab-_ é顔0.#"), max_size=120), st.integers(1, 60))
def test_nothing_is_lost_and_nothing_is_too_wide(text, width):
    lines = broken(text, width)
    assert all(cell_len(line) <= max(width, 2) for line in lines)
    kept = "".join(lines).replace(" ", "")
    if text.lstrip().startswith("# "):  # every line of a comment is one
        kept, text = kept.replace("#", ""), text.replace("#", "")
    assert kept == text.replace(" ", "")
