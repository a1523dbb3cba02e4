"""Each command says within a second what it is doing. `pytest -s` prints the times."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from program import DYSFW, TOYS
from screens import on_terminal

pytestmark = pytest.mark.slow

LIMIT = 1.0  # s after the program itself has started
DLIB, IMAGE, DATA = "recipes/dlib.yaml", "docs/images/phantom.jpg", "tests/fixtures/data/phantoms"
PRETRAIN = "recipes/paper-pretrain.yaml"
ROOT = Path(__file__).parents[2]
# Arguments, and what is seen first; "" for tables, which appear at once. {} is a new folder.
COMMANDS = {
    "run": (["run", DLIB, IMAGE], f"loading {DLIB}"),
    "serve": (["serve", DLIB, "--port", "0"], f"loading {DLIB}"),
    "batch": (["batch", DLIB, "docs/images", "-o", "{}/t.parquet"], f"loading {DLIB}"),
    "audit": (["audit", DATA], "loading the detector"),
    "train": (["train", DLIB, DATA, "-o", "{}/b"], f"loading {DLIB}"),
    "gallery": (["gallery", "add", "{}", IMAGE, "--label", "a"], "loading"),
    "pretrain": (["pretrain", PRETRAIN, DATA, "-o", "{}/w.safetensors"], f"loading {PRETRAIN}"),
    "evaluate": (["evaluate", DLIB, DATA, "-o", "{}/r"], f"loading {DLIB}"),
    "compare": (["compare", DLIB, "recipes/gestalt.yaml", "--data", DATA, "-o", "{}/r"], f"loading {DLIB}"),
    "verify": (["verify", PRETRAIN, "{}/pairs.txt"], f"loading {PRETRAIN}"),
    "components": (["components"], ""),
    "plugins": (["plugins"], ""),
    "check": (["check", "dysfw-mediapipe"], "importing the components of dysfw-mediapipe"),
    "export": (["export", DLIB, "-o", "{}/onnx"], f"loading {DLIB}"),
    "recipe check": (["recipe", "check", DLIB, "--build"], f"checking {DLIB}"),
    "recipe show": (["recipe", "show", DLIB], f"loading {DLIB}"),
    "recipe schema": (["recipe", "schema"], "importing every component"),
    "weights": (["weights", "list"], ""),
    "cache": (["cache", "info"], ""),
    "doctor": (["doctor"], "importing every component"),
    "data check": (["data", "check", DATA], "reading"),
    "phantom sample": (["phantom", "sample", "-o", "{}/s.png"], "loading the face model"),
    "phantom dataset": (["phantom", "dataset", "demo", "-o", "{}/d"], "loading the face model"),
}  # fmt: skip


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    inherited = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "DYSFW_CACHE")}
    return inherited | {"TERM": "xterm-256color", "DYSFW_CACHE": str(tmp_path_factory.mktemp("cache"))}


def first_line(arguments: list[str], environment: dict[str, str]) -> tuple[float, str]:
    """When a command shows something, s, and what; it is then ended."""
    program = [sys.executable, "-c", f"import os; os.chdir({str(ROOT)!r}); from dysfw.cli.main import main; main()"]
    screen = on_terminal([*program, *arguments], 120, environment, stop_at_first_line=True)
    return next((moment, line) for moment, line in screen.frames if line)


@pytest.mark.parametrize("name", COMMANDS)
def test_something_is_seen_within_a_second(name, environment, tmp_path):
    arguments, seen = COMMANDS[name]
    filled = [argument.replace("{}", str(tmp_path)) for argument in arguments]
    started = min(first_line(["--version"], environment)[0] for _ in range(2))  # what Python and a loaded machine cost
    moment, line = first_line(filled, environment)
    print(f"\n{moment:.2f} s  dysfw {' '.join(arguments)}: {line}")
    assert seen in line
    assert moment - started < LIMIT


def test_programs_read_results_only(environment, tmp_path):
    """Stages are for terminals: a pipe gets none of them, and JSON stays JSON if only messages go to the terminal."""
    command = [DYSFW, "recipe", "check", str(ROOT / DLIB), "--build"]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert (ran.stderr, re.sub(r"[0-9a-f]{12}", "", ran.stdout)) == ("", f"{ROOT / DLIB}: ok (dlib )\n")
    toys = environment | {"PYTHONPATH": os.pathsep.join(TOYS)}
    script = f"{DYSFW} recipe schema > {tmp_path}/schema.json"
    screen = on_terminal(["sh", "-c", script], 120, toys)
    assert screen.code == 0
    assert any("importing every component" in line for _, line in screen.frames)
    assert json.loads((tmp_path / "schema.json").read_text("utf-8"))["$schema"]
    assert "".join(screen.lines) == ""  # nothing stays on the screen
