"""A reader of one page: a scratch folder, an environment and an empty home, in which the page's blocks are run."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

from layers import make_layer
from written_pages import ROOT

LINKED = ("docs", "plugins", "recipes", "tests")
# Before and after each command, so that `cd` and `export` last as they do for a reader.
SHELL = """\
set -eu
if [ -e "$SESSION/env" ]; then . "$SESSION/env"; cd "$(cat "$SESSION/folder")"; fi
trap 'pwd > "$SESSION/folder"; export -p > "$SESSION/env"' EXIT
"""
# Blocks of Python come as lines of JSON and share one namespace; what they print goes to the standard error.
PYTHON = """\
import json, os, sys, traceback
replies = os.fdopen(os.dup(1), "w"); os.dup2(2, 1)
names = {"__name__": "__main__"}
for line in sys.stdin:
    try:
        exec(compile(json.loads(line), "the page", "exec"), names); failure = ""
    except BaseException:
        failure = traceback.format_exc()
    replies.write(json.dumps(failure) + "\\n"); replies.flush()
"""
NUMBER = re.compile(r"\b[0-9a-f]{7,64}\b|[-−+]?\d[\d,.:]*")
BAR = re.compile(r"[▏▎▍▌▋▊▉█]+")
# Work that takes less than a second is not reported, so whether such a line comes depends on the machine.
PROGRESS = re.compile(r"^[\w -]+: \d+(/\d+)?( \w+ in |, ).*/s.*$")


class Session:
    """folder: where the page's commands are run."""

    def __init__(self, scratch: Path, shared: Path) -> None:
        """shared: a folder for what costs every program seconds once, and no page speaks of: matplotlib's list of fonts."""
        self.folder, self.scratch = scratch / "clone", scratch
        for made in (self.folder, scratch / "home", scratch / "session"):
            made.mkdir()
        for name in LINKED:
            (self.folder / name).symlink_to(ROOT / name)
        self.layer = make_layer(scratch / "venv")
        self.environment = self.layer.environment(
            HOME=str(scratch / "home"), DYSFW_OFFLINE="1", SESSION=str(scratch / "session"),
            MPLCONFIGDIR=str(shared), MPLBACKEND="agg",
        )  # fmt: skip
        self.interpreter: subprocess.Popen[str] | None = None

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """A command as typed, its two streams as one."""
        return subprocess.run(
            ["bash", "-c", SHELL + command], cwd=self.folder, env=self.environment, text=True, check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def shell(self, text: str) -> None:
        ran = self.run(text)
        assert ran.returncode == 0, f"exit code {ran.returncode}\n{text}\n{ran.stdout}"

    def console(self, text: str) -> None:
        """Every command after "$ " gives what stands below it."""
        for command, shown in transcript(text):
            printed = self.run(command).stdout
            assert matches(shown, printed), f"$ {command}\n--- shown\n{shown}\n--- came\n{printed}"

    def python(self, text: str) -> None:
        if self.interpreter is None:
            self.interpreter = subprocess.Popen(
                [self.layer.bin / "python", "-c", PYTHON], cwd=self.here(), env=self.environment, text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            )  # fmt: skip
        assert self.interpreter.stdin
        assert self.interpreter.stdout
        self.interpreter.stdin.write(json.dumps(text) + "\n")
        self.interpreter.stdin.flush()
        failure = json.loads(self.interpreter.stdout.readline() or '"the interpreter died"')
        assert not failure, f"{failure}\n{text}"

    def here(self) -> Path:
        """Where the page's commands have gone to."""
        said = self.scratch / "session" / "folder"
        return Path(said.read_text().strip()) if said.exists() else self.folder

    def write(self, name: str, text: str) -> Path:
        path = self.here() / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def close(self) -> None:
        if self.interpreter and self.interpreter.stdin:
            self.interpreter.stdin.close()
            self.interpreter.wait(timeout=30)


def transcript(text: str) -> list[tuple[str, str]]:
    """Commands, of which one may go on over several lines that end in a backslash, and what is shown below each."""
    found: list[tuple[str, str]] = []
    lines = iter(text.splitlines())
    for line in lines:
        if line.startswith("$ "):
            command = line[2:]
            while command.endswith("\\"):
                command = command[:-1] + next(lines).strip()
            found.append((command, ""))
        else:
            assert found, f"a transcript begins with a command: {line}"
            found[-1] = (found[-1][0], found[-1][1] + line + os.linesep)
    return found


def matches(shown: str, printed: str) -> bool:
    """Whether a page shows what came, but for numbers, bars and spaces; "…" alone on a line stands for any lines."""
    pattern = "".join("(?:.*\n)*?" if line == "…" else re.escape(line) + "\n" for line in plain(shown))
    return re.fullmatch(pattern, "".join(line + "\n" for line in plain(printed))) is not None


def plain(text: str) -> list[str]:
    """Its lines without what may differ from machine to machine."""
    kept = (line for line in text.splitlines() if line.strip() and not PROGRESS.match(line))
    return [" ".join(NUMBER.sub("#", BAR.sub("", line)).split()) for line in kept]
