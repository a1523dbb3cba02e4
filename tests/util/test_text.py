"""Text fragments of messages."""

import pytest

from dysfw.util.text import closest, count, error_text, listed


@pytest.mark.parametrize(
    ("word", "allowed", "text"),
    [
        ("medain", ["mean", "median"], "; did you mean 'median'?"),
        ("SOFTMAX", ["Softmax"], "; did you mean 'Softmax'?"),
        ("xyz", ["mean", "median"], ""),
        ("mean", [], ""),
    ],
)
def test_a_close_word_is_suggested(word, allowed, text):
    assert closest(word, allowed) == text


@pytest.mark.parametrize(
    ("names", "text"),
    [([], "none"), (["a"], "a"), (["a", "b"], "a, b"), (["a", "b", "c"], "a, b, c"), (list("abcde"), "a, b, c and 2 more")],
)
def test_long_lists_are_truncated_and_the_rest_is_counted(names, text):
    assert listed(iter(names), limit=3) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (count(1, "face"), "1 face"),
        (count(0, "face"), "0 faces"),
        (count(12345, "face"), "12,345 faces"),
        (count(2, "box", "boxes"), "2 boxes"),
    ],
)
def test_nouns_agree_with_their_number(text, expected):
    assert text == expected


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ImportError("No module named 'x'"), "ImportError: No module named 'x'"),
        (ValueError("\n first \nsecond"), "ValueError: first "),
        (KeyError(), "KeyError"),
    ],
)
def test_an_exception_is_formatted_in_one_line(error, text):
    assert error_text(error) == text
