"""Every command and worker process under strace, with an empty, a read-only and no home folder: nothing is sent or left."""

import sys
from pathlib import Path

import pytest
import typer

from dysfw.cli.main import app

from .commands import CASES, RUNS, Case, python

pytestmark = pytest.mark.slow

LEAK = """\
import os, pathlib, socket, subprocess, sys
pathlib.Path.home().joinpath("spy").write_text("")
os.mkdir(os.path.expanduser("~/folder"))
pathlib.Path(os.environ["TMPDIR"], "left").write_text("")
open("/dev/shm/left", "w").close()
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"1", ("198.51.100.1", 9))
look_up = "import socket\\ntry: socket.create_connection(('example.org', 443), 5)\\nexcept OSError: pass"
subprocess.run([sys.executable, "-c", look_up])
"""


def all_commands() -> set[str]:
    """All commands and commands of groups, such as "weights list"."""
    program = typer.main.get_command(app)
    context = typer.Context(program)
    names = set()
    for name in program.list_commands(context):
        _, command, _ = program.resolve_command(context, [name])
        names |= {f"{name} {inner}" for inner in command.commands} if hasattr(command, "commands") else {name}
    return names


def test_every_command_has_a_case():
    covered = {case.command for case in CASES if not case.command.startswith("python")}
    assert covered == all_commands()
    for name in ("empty", "read-only", "missing"):
        assert {case.command for case, home in RUNS if home == name} >= covered


@pytest.mark.parametrize(("case", "home"), RUNS, ids=[f"{home}-{case}" for case, home in RUNS])
def test_nothing_leaves_the_folders_of_dysfw(run_of, compiled, case, home, record_property):
    run = run_of(case, home)
    seen, own_cache = run.seen, [] if run.home.folder is None else [run.home.folder / ".cache" / "dysfw"]
    assert seen.code == case.code, seen.output
    assert "Traceback" not in seen.output
    assert seen.contacted == []
    allowed = [run.output, run.temporary, compiled, *own_cache]
    # The folder of all caches has to be made for dysfw's.
    outside = [path for path in seen.outside(*allowed) if not own_cache or path != own_cache[0].parent]
    assert outside == []
    assert [*run.temporary.iterdir(), *seen.shared_memory] == []
    assert not (run.output / "~").exists()  # the current folder, where a home that is not found would be made
    if home == "empty":
        assert {path.name for path in run.home.folder.iterdir()} <= {".cache"}
        assert {path.name for path in run.home.folder.glob(".cache/*")} <= {"dysfw"}
    else:
        assert not run.home.read_only or not any(run.home.folder.iterdir())
    programs = sorted(seen.programs - {"env", "setpriv", Path(sys.executable).name})
    cached = sum(path.is_relative_to(own_cache[0]) for path in seen.changed) if own_cache else 0
    counts = [sum(path.is_relative_to(folder) for path in seen.changed) for folder in (run.output, run.temporary)]
    record_property(
        "seen",
        f"{case.command:30} {home:10} code {seen.code}  contacted 0  cache {cached:3}  output {counts[0]:3}  "
        f"temporary {counts[1]:4}, 0 left  programs {' '.join(programs)}",
    )


def test_the_watch_sees_leaks_of_children_too(start):
    run = start(python("python: leaks", "-c", LEAK), "empty")
    assert run.seen.code == 0, run.seen.output
    assert {path.name for path in run.seen.outside(run.output, run.temporary)} == {"spy", "folder"}
    assert {path.name for path in run.home.folder.iterdir()} == {"spy", "folder"}
    assert [path.name for path in run.temporary.iterdir()] == run.seen.shared_memory == ["left"]
    assert any("198.51.100.1 port 9" in line for line in run.seen.contacted)
    assert any("port 53" in line for line in run.seen.contacted)


def test_the_home_folders_are_what_they_are_called(start):
    code = (
        "import os, pathlib\ntry: pathlib.Path(os.environ['HOME'], 'x').write_text('')\nexcept OSError as e: print(e.strerror)"
    )
    case: Case = python("python: home", "-c", code)
    assert start(case, "empty").seen.output.strip() == ""
    assert start(case, "read-only").seen.output.strip() == "Read-only file system"
    assert start(case, "missing").seen.output.strip() == "No such file or directory"
    assert start(case, "root").seen.output.strip() == "Permission denied"
    unlisted = python(
        "python: user", "-c", "import os, pwd\ntry: pwd.getpwuid(os.getuid())\nexcept KeyError: print('unlisted')"
    )
    assert start(unlisted, "missing").seen.output.strip() == "unlisted"
