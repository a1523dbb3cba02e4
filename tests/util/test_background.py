import subprocess
import sys
import threading
import time

from dysfw.util import background


def test_work_is_done_beside_the_caller():
    done, go = threading.Event(), threading.Event()
    background.start(lambda: go.wait(10) and done.set(), "test")
    assert not done.is_set()
    go.set()
    background.wait()
    assert done.is_set()


def test_errors_are_left_to_the_one_who_needs_the_work(capfd):
    def fail() -> None:
        raise ValueError("damaged")

    background.start(fail, "test")
    background.wait()
    assert capfd.readouterr() == ("", "")


def seconds(last_line: str) -> tuple[float, str]:
    """Duration and output of a process that starts 1.5 s of work in the background."""
    script = (
        "import sys, time; from dysfw.util import background; "
        "background.start(lambda: (time.sleep(1.5), print('worked')), 'test'); " + last_line
    )
    started = time.perf_counter()
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return time.perf_counter() - started, ran.stdout.strip()


def test_a_process_ends_after_its_work_in_the_background_unless_it_is_abandoned():
    waited, output = seconds("pass")
    assert output == "worked"
    ended, output = seconds("background.abandon()")
    assert output == ""
    assert ended < waited - 0.5
