"""Work in several processes."""

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from dysfw.errors import DysfwError
from dysfw.util import workers
from dysfw.util.workers import map_in_workers

pytestmark = pytest.mark.slow  # each process imports numpy and scipy


def multiply(matrix: np.ndarray, n: int) -> np.ndarray:
    return matrix @ matrix * n


def process(_: object, seconds: float) -> int:
    time.sleep(seconds)
    return os.getpid()


def fail(_: object, n: int) -> int:
    if n == 3:
        raise DysfwError("the third is wrong", hint="leave it out")
    return n


def die_once(folder: Path, n: int) -> int:
    """Item 2 kills its process, but only the first time."""
    mark = folder / "died"
    if n == 2 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return n


def die(parent: int, n: int) -> int:
    if os.getpid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)
    return n


def is_writable(arrays: dict[str, np.ndarray], _: int) -> tuple[bool, int]:
    """Whether arrays can be changed, and how often the file of arrays is mapped into the process."""
    maps = Path("/proc/self/maps")
    mapped = maps.read_text("utf-8").count("/arrays") if maps.exists() else 1
    return arrays["x"].flags.writeable, mapped


def results(work, context, items, **options) -> list:
    return [result for _, result in sorted(map_in_workers(work, context, items, **options), key=lambda pair: pair[0])]


def test_the_results_are_the_same_for_any_number_of_processes():
    matrix = np.random.default_rng(0).normal(size=(300, 300))
    expected = results(multiply, matrix, range(6), workers=1)
    assert np.array_equal(results(multiply, matrix, range(6), workers=3, patience=0), expected)
    assert results(multiply, matrix, []) == []
    assert np.allclose(results(multiply, matrix, [2]), [expected[2]])


def test_little_work_starts_no_process():
    assert set(results(process, None, [0.01] * 4, workers=2)) == {os.getpid()}


def test_a_first_item_that_imports_a_library_does_not_make_little_work_much():
    assert set(results(process, None, [0.4, *[0.01] * 20], workers=2, patience=2)) == {os.getpid()}


def test_more_work_is_done_by_others_after_two_short_items():
    first, second, *others = results(process, None, [0.01, *[0.2] * 9], workers=2, patience=1)
    assert first == second == os.getpid()
    assert os.getpid() not in others


def test_more_work_is_done_by_others_after_the_first_item():
    first, *others = results(process, None, [0.01] * 9, workers=2, patience=0)
    assert first == os.getpid()
    assert first not in others
    assert len(set(others)) <= 2


def test_within_the_work_no_further_processes_are_started():
    assert set(results(nested, None, [0, 1], workers=1)) == {os.getpid()}


def nested(_: object, __: int) -> int:
    (pid,) = set(results(process, None, [0.01] * 4, workers=2, patience=0))
    return pid


def test_arrays_are_shared_and_read_only():
    arrays = {"x": np.zeros((1000, 100)), "empty": np.zeros((0, 3)), "view": np.arange(10)[::2]}
    _, *others = results(is_writable, arrays, range(4), workers=2, patience=0)
    assert [writable for writable, _ in others] == [False] * 3
    assert [mapped for _, mapped in others] == [1] * 3


def test_the_error_of_an_item_is_raised_as_it_is():
    with pytest.raises(DysfwError, match="the third is wrong") as caught:
        results(fail, None, range(8), workers=2, patience=0)
    assert caught.value.hint == "leave it out"


def test_work_of_a_killed_process_is_repeated(tmp_path):
    notes: list[str] = []
    assert results(die_once, tmp_path, range(6), workers=2, patience=0, note=notes.append) == list(range(6))
    assert notes == ["a worker process was killed, in most cases for lack of memory; continuing with 1"]


def test_if_the_only_process_is_killed_the_work_ends_with_a_message():
    with pytest.raises(DysfwError, match="although it was the only one") as caught:
        results(die, os.getpid(), range(5), workers=2, patience=0)
    assert "free some memory" in caught.value.hint


def test_what_cannot_be_sent_is_done_here():
    notes: list[str] = []
    assert results(fail, threading.Lock(), range(3), workers=2, patience=0, note=notes.append) == [0, 1, 2]
    assert notes[0].startswith("working in one process: a component cannot be sent to others (")


def test_if_no_process_can_be_started_the_work_is_done_here(monkeypatch):
    def refused(*_: object) -> None:
        raise OSError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr(workers.ProcessPoolExecutor, "submit", refused)
    notes: list[str] = []
    assert results(fail, None, range(3), workers=2, patience=0, note=notes.append) == [0, 1, 2]
    assert notes == [
        "working in one process: no other can be started (BlockingIOError: [Errno 11] Resource temporarily unavailable)"
    ]


SCRIPT = """
import os
from dysfw.util.workers import map_in_workers
print("started")
class Scale:
    def __init__(self, factor):
        self.factor = factor
def work(scale, n):
    return scale.factor * n, os.getpid()
found = dict(map_in_workers(work, Scale(3), range(6), print, workers=2, patience=0))
print([found[n][0] for n in range(6)], len({pid for _, pid in found.values()} - {os.getpid()}) > 0)
"""


@pytest.mark.parametrize("as_file", [True, False], ids=["script", "-c"])
def test_a_script_needs_no_guard_and_runs_once(tmp_path, as_file):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    arguments = [str(script)] if as_file else ["-c", SCRIPT]
    ran = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)
    assert (ran.stdout, ran.stderr) == ("started\n[0, 3, 6, 9, 12, 15] True\n", "")


def test_processes_end_with_a_program_that_is_killed(tmp_path):
    script = SCRIPT.replace("return scale", "print(os.getpid(), flush=True); n and __import__('time').sleep(60); return scale")
    program = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    pids = [int(line) for line in (program.stdout.readline() for _ in range(4)) if line.strip().isdecimal()]
    program.kill()
    program.wait()
    deadline = time.monotonic() + 20
    while any(map(is_alive, pids)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert len(pids) == 3
    assert not any(map(is_alive, pids))


def is_alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text("utf-8")
    except OSError:
        return False


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_on_a_full_disk_the_work_is_done_here(monkeypatch):
    opened = Path.open
    monkeypatch.setattr(Path, "open", lambda path, mode="r": opened(Path("/dev/full") if path.name == "arrays" else path, mode))
    notes: list[str] = []
    matrix = np.eye(300)
    assert len(results(multiply, matrix, range(3), workers=2, patience=0, note=notes.append)) == 3
    assert "No space left on device" in notes[0]


@pytest.fixture
def interruptible():
    """SIGINT as on a terminal; a shell ignores it in programs that it starts in the background."""
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, previous)


@pytest.mark.usefixtures("interruptible")
def test_an_interruption_ends_all_processes_at_once():
    before = time.monotonic()
    pids = []
    work = map_in_workers(process, None, [0.0, 0.01, *[60.0] * 4], workers=2, patience=0)
    pids = [next(work)[1] for _ in range(2)]
    timer = threading.Timer(1, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        next(work)
    work.close()
    assert time.monotonic() - before < 30
    assert pids[1] != os.getpid()
    with pytest.raises(ProcessLookupError):
        os.kill(pids[1], 0)


def test_the_number_of_processes_follows_the_quota(monkeypatch):
    monkeypatch.setattr(workers, "usable_processors", lambda: 1)
    assert set(results(process, None, [0.01] * 4, patience=0)) == {os.getpid()}
