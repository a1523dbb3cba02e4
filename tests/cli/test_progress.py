"""The status line, on real terminals, and what remains of it elsewhere."""

import os
import re
import subprocess
import sys

import pytest
from screens import on_terminal

pytestmark = pytest.mark.slow

NUMBER = re.compile(r"\d+\.\d+|\b\d+(?= images/s)")
SHORT = """\
import sys, time
from dysfw.cli.terminal import TerminalProgress, out, warn
progress = TerminalProgress()
with progress.stage("loading the recipe"):
    time.sleep(0.4)
    warn("something to know")
for item in progress.track(range(4), "embedding", 4, "images"):
    time.sleep(0.6)
with progress.stage("writing the report"):
    time.sleep(0.4)
out().print("finished")
"""
LONG = """\
import time
from dysfw.cli.terminal import TerminalProgress
class Clock:
    now = 0.0
    def __call__(self):
        return self.now
clock = Clock()
for item in TerminalProgress(clock).track(range(20), "evaluating", 20, "splits"):
    time.sleep(0.3)
    clock.now += 30.0
"""


def environment(term: str = "xterm-256color") -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "COLUMNS"} | {"TERM": term}


def lines_over_time(screen) -> list[str]:
    return [line for n, (_, line) in enumerate(screen.frames) if line and line != screen.frames[n - 1][1]]


@pytest.mark.parametrize("width", [40, 80])
def test_each_stage_is_named_while_it_lasts(width):
    screen = on_terminal([sys.executable, "-c", SHORT], width, environment())
    seen = " | ".join(lines_over_time(screen))
    order = [seen.index(text) for text in ("loading the recipe", "embedding", "writing the report", "finished")]
    assert order == sorted(order)
    kept = " ".join(" ".join(screen.lines).split())  # of the status line nothing
    assert re.fullmatch(r"warning: something to know embedding: 4 images in \d\.\d s \(\d\.?\d* images/s\) finished", kept)


def test_an_item_that_is_being_worked_on_is_not_done():
    """Four of four are shown only when the last one is finished, and the line is gone then."""
    screen = on_terminal([sys.executable, "-c", SHORT], 80, environment())
    assert re.search(r"3/4", screen.raw)
    assert "4/4" not in screen.raw
    assert "0:00:00" not in screen.raw
    assert not re.search(r"(0 s|a few seconds) left", screen.raw)  # too short for an estimate


def test_the_remaining_time_is_that_of_the_clock():
    screen = on_terminal([sys.executable, "-c", LONG], 80, environment())
    found = re.findall(r"(\d+)/20  about (\d+) (min|s) left", " | ".join(lines_over_time(screen)))
    assert len({done for done, _, _ in found}) > 10
    for done, value, unit in found:
        left = int(value) * (60 if unit == "min" else 1)
        assert left == pytest.approx(30 * (20 - int(done)), abs=60)


@pytest.mark.parametrize("stderr", ["pipe", "dumb"])
def test_without_a_terminal_nothing_is_drawn(stderr):
    if stderr == "pipe":
        ran = subprocess.run([sys.executable, "-c", SHORT], capture_output=True, text=True, env=environment(), check=True)
        raw, expected = ran.stderr, ["warning: something to know", "embedding: 4 images in 2.4 s (1.7 images/s)"]
        assert ran.stdout == "finished\n"
    else:
        raw = on_terminal([sys.executable, "-c", SHORT], 80, environment("dumb")).raw.replace("\r", "")
        expected = [
            "loading the recipe …", "warning: something to know", "embedding: 4 images in 2.4 s (1.7 images/s)",
            "writing the report …", "finished",
        ]  # fmt: skip
    assert "\x1b" not in raw
    assert [NUMBER.sub("N", line) for line in raw.splitlines()] == [NUMBER.sub("N", line) for line in expected]
