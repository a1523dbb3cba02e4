"""The small phrases of error messages."""

import pytest

from dysfw.util.text import closest, count, error_text, listed


@pytest.mark.parametrize(
    ("word", "allowed", "phrase"),
    [
        ("medain", ["mean", "median"], "; did you mean 'median'?"),
        ("SOFTMAX", ["Softmax"], "; did you mean 'Softmax'?"),
        ("xyz", ["mean", "median"], ""),
        ("mean", [], ""),
    ],
)
def test_the_closest_word_is_suggested_where_one_is_close(word, allowed, phrase):
    assert closest(word, allowed) == phrase


@pytest.mark.parametrize(
    ("names", "phrase"),
    [([], "none"), (["a"], "a"), (["a", "b"], "a, b"), (["a", "b", "c"], "a, b, c"), (list("abcde"), "a, b, c and 2 more")],
)
def test_long_lists_are_cut_short_and_the_rest_is_counted(names, phrase):
    assert listed(iter(names), limit=3) == phrase


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        (count(1, "face"), "1 face"),
        (count(0, "face"), "0 faces"),
        (count(12345, "face"), "12,345 faces"),
        (count(2, "box", "boxes"), "2 boxes"),
    ],
)
def test_counts_agree_with_their_noun(phrase, expected):
    assert phrase == expected


@pytest.mark.parametrize(
    ("error", "phrase"),
    [
        (ImportError("No module named 'x'"), "ImportError: No module named 'x'"),
        (ValueError("\n first \nsecond"), "ValueError: first "),
        (KeyError(), "KeyError"),
    ],
)
def test_an_exception_is_told_in_one_line(error, phrase):
    assert error_text(error) == phrase
