"""Messages outside tables: on a terminal they wrap at words, in a pipe every line is whole."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from screens import STYLES, FakeTerminal, too_wide

from dysfw.cli.main import _prepare_streams, main
from dysfw.cli.terminal import TerminalProgress, err, out, print_error, warn
from dysfw.data.findings import Finding
from dysfw.errors import DysfwError


@pytest.fixture
def shown(monkeypatch):
    """shown(print_all, terminal=True): the lines on stderr and stdout, of a terminal of 40 columns."""

    def shown(show, *, terminal: bool = True) -> list[str]:
        monkeypatch.setenv("COLUMNS", "40")
        monkeypatch.setenv("TERM", "dumb")  # no status line that comes and goes
        stream = FakeTerminal(terminal=terminal)
        monkeypatch.setattr(sys, "stdout", stream)
        monkeypatch.setattr(sys, "stderr", stream)
        _prepare_streams()
        show()
        return [line.rstrip() for line in STYLES.sub("", stream.text).splitlines()]

    return shown


def messages() -> None:
    from dysfw.cli.evaluation import print_findings

    print_findings([Finding("one_image", "warning", "all patients of noonan have only one image", 2, examples=("P1", "P2"))])
    TerminalProgress().note("extracting features: 48 images in 12.3 s (3.9 images/s)")
    warn("the weights [of this bundle] are :smile: and not on this machine")
    print_error(DysfwError("this is not a recipe at all, but a photo", hint="give a recipe first, and then the photos"))
    out().print("  - Add [bold]patients[/] of every condition, or leave it out")


def test_messages_wrap_at_words_on_a_terminal(shown):
    assert shown(messages) == [
        "warning: all patients of noonan have",
        "  only one image: P1, P2",
        "extracting features: 48 images in 12.3 s",
        "  (3.9 images/s)",
        "warning: the weights [of this bundle]",
        "  are :smile: and not on this machine",
        "error: this is not a recipe at all, but",
        "  a photo",
        "  give a recipe first, and then the",
        "  photos",
        "  - Add patients of every condition, or",
        "    leave it out",
    ]


def test_messages_are_whole_in_a_pipe(shown):
    assert shown(messages, terminal=False) == [
        "warning: all patients of noonan have only one image: P1, P2",
        "extracting features: 48 images in 12.3 s (3.9 images/s)",
        "warning: the weights [of this bundle] are :smile: and not on this machine",
        "error: this is not a recipe at all, but a photo",
        "  give a recipe first, and then the photos",
        "  - Add patients of every condition, or leave it out",
    ]


def test_a_path_that_is_too_wide_stays_whole(shown):
    path = "/home/an-other-user/of-this-machine/with a folder.yaml"
    assert shown(lambda: err().print(f"using {path}", markup=False)) == [
        "using",
        "  /home/an-other-user/of-this-machine/with",
        "  a folder.yaml",
    ]


def test_the_comments_of_a_recipe_stay_comments(shown, monkeypatch, toy_recipe):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "fixtures" / "toys_installed"))

    def show() -> None:
        monkeypatch.setattr(sys, "argv", ["dysfw", "recipe", "show", str(toy_recipe)])
        with pytest.raises(SystemExit):
            main()

    lines = shown(show, terminal=False)
    whole = " ".join(line for line in lines if line.startswith("#"))
    lines = shown(show)
    comments = [line for line in lines if line.startswith("#")]
    assert len(comments) > 7
    assert [line for line in too_wide("\n".join(comments), 40) if not re.match(r"#   \S+$", line)] == []
    assert "".join(comments).replace("#", "").replace(" ", "") == whole.replace("#", "").replace(" ", "")
    rest = "\n".join(lines[lines.index("version: 1") :])
    assert "#" not in rest


def test_the_summary_of_the_cache_fits(shown, monkeypatch, tmp_path):
    from dysfw.cache.store import StageCache

    monkeypatch.setenv("DYSFW_CACHE", str(tmp_path))
    StageCache(tmp_path / "stages", 10**9, warn).close()

    def show() -> None:
        monkeypatch.setattr(sys, "argv", ["dysfw", "cache", "info"])
        with pytest.raises(SystemExit):
            main()

    assert f"{tmp_path / 'stages'}: 0.1 MB of at most" in " ".join(shown(show, terminal=False))
    assert [line for line in too_wide("\n".join(shown(show)), 40) if line != f"{tmp_path / 'stages'}:"] == []
