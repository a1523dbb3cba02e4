"""One processor, half a processor, and a worker that is killed: whole commands, with the same results as on all."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from program import DYSFW, TOYS

from dysfw.util.processors import usable_processors

pytestmark = pytest.mark.slow

WORKER = "popen_loky"  # in the command line of worker processes
GROUPS = Path("/sys/fs/cgroup")
THREADS = """
import dysfw, numpy, scipy.linalg, threadpoolctl
from dysfw.util.processors import usable_processors
print(usable_processors(), max(one["num_threads"] for one in threadpoolctl.threadpool_info()))
"""


@pytest.fixture
def one_processor():
    return ["taskset", "-c", str(min(os.sched_getaffinity(0)))]


@pytest.fixture
def half_a_processor():
    """A command prefix: a control group with a real quota, of either version."""
    v1 = (GROUPS / "cpu" / "cpu.cfs_quota_us").exists()
    group = (GROUPS / "cpu" if v1 else GROUPS) / f"dysfw-test-{os.getpid()}"
    try:
        group.mkdir()
        (group / ("cpu.cfs_quota_us" if v1 else "cpu.max")).write_text("50000" if v1 else "50000 100000")
    except OSError as error:
        pytest.skip(f"no control group can be made here: {error}")
    yield ["sh", "-c", f'echo $$ > {group}/cgroup.procs; exec "$@"', "sh"]
    group.rmdir()


@pytest.fixture(params=["one_processor", "half_a_processor"])
def few(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def started(tmp_path):
    """started("evaluate", …, prefix=["taskset", …]): a running program, with no cache."""

    def start(*arguments: object, prefix=()) -> subprocess.Popen:
        environment = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
        environment |= {"PYTHONPATH": os.pathsep.join(TOYS), "DYSFW_CACHE": "off"}
        command = [*prefix, str(DYSFW), *map(str, arguments)]
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    return start


def workers_of(parent: int) -> list[int]:
    """The worker processes of a program."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            child = folder.name.isdecimal() and f"PPid:\t{parent}\n" in (folder / "status").read_text("utf-8")
            found += [int(folder.name)] if child and WORKER in (folder / "cmdline").read_text("utf-8") else []
        except OSError:  # it has ended
            continue
    return found


def figures(folder: Path) -> dict:
    content = json.loads((folder / "metrics.json").read_text("utf-8"))
    return {name: value for name, value in content.items() if name not in {"created", "seconds", "command"}}


def test_libraries_start_no_more_threads_than_there_are_processors(few):
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    command = [*few, sys.executable, "-c", THREADS]
    assert subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout == "1 1\n"


def test_whole_commands_work_without_workers_and_give_the_same_figures(few, started, toy_recipe, colour_data, tmp_path):
    words = (toy_recipe, colour_data, "--by", "folds", "--folds", 2, "--repeats", 1)
    seen = set()
    for name, prefix in (("all", ()), ("few", few)):
        program = started("evaluate", *words, "-o", tmp_path / name, prefix=prefix)
        while program.poll() is None:
            seen |= set(workers_of(program.pid)) if prefix else set()
            time.sleep(0.1)
        assert program.returncode == 0, program.stderr.read()
    assert not seen
    assert figures(tmp_path / "few") == figures(tmp_path / "all")
    program = started("train", toy_recipe, colour_data, "-o", tmp_path / "bundle", prefix=few)
    assert program.wait() == 0, program.stderr.read()
    program = started("run", tmp_path / "bundle", colour_data / "red" / "0.png", prefix=few)
    assert "red" in program.communicate()[0]


@pytest.mark.skipif(usable_processors() < 2, reason="there are workers only on several processors")
def test_a_killed_worker_costs_an_evaluation_nothing(started, toy_recipe, colour_data, tmp_path):
    slow = "head={use: slow_lda, seconds: 0.2}"  # little work starts no workers
    words = ("evaluate", toy_recipe, colour_data, "--by", "folds", "--folds", 2, "--repeats", 4, "--set", slow)
    program = started(*words, "-o", tmp_path / "killed")
    while program.poll() is None and not (found := workers_of(program.pid)):
        time.sleep(0.05)
    os.kill(found[0], signal.SIGKILL)
    _, messages = program.communicate()
    assert program.returncode == 0, messages
    assert "a worker process was killed, in most cases for lack of memory; continuing with" in messages
    program = started(*words, "-o", tmp_path / "whole")
    assert program.wait() == 0
    assert figures(tmp_path / "killed") == figures(tmp_path / "whole")
