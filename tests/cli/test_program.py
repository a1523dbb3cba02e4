"""The end of the process: everything that was started or registered is finished, but nothing is taken down piece by piece."""

import os
import subprocess
import sys

import pytest

from dysfw import __version__

SCRIPT = """
import atexit, sys, threading, time
from dysfw.cli.program import program
class Large:
    def __del__(self):
        print("destroyed")
large = Large()
threading.Thread(target=lambda: (time.sleep(0.2), print("thread"))).start()
atexit.register(print, "at exit")
program()
"""


def ran(*arguments: str, script: str = "from dysfw.cli.program import program; program()", **options):
    return subprocess.run([sys.executable, "-c", script, *arguments], text=True, check=False, **options)


def test_threads_and_exit_functions_end_before_the_process():
    ended = ran("--version", script=SCRIPT, capture_output=True)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, f"dysfw {__version__}\nthread\nat exit\n", "")


@pytest.mark.parametrize(("arguments", "code"), [(["--version"], 0), (["no-such-command"], 2), ([], 2)])
def test_exit_codes(arguments, code):
    assert ran(*arguments, capture_output=True).returncode == code


# What writes: typer, a table of rich, a plain write; a message of typer and one of rich on stderr.
WRITING = (["--help"], ["--version"], ["components"], ["recipe", "schema"], ["run", "--help"])
COMPLAINING = (["no-such-command"], ["run", "no-such-recipe.yaml", "a.jpg"])


@pytest.mark.parametrize("arguments", WRITING, ids=" ".join)
def test_nothing_is_printed_if_the_reader_has_closed_the_pipe(arguments, closed_pipe):
    ended = ran(*arguments, stdout=closed_pipe, stderr=subprocess.PIPE)
    assert (ended.returncode, ended.stderr) == (141, "")


@pytest.mark.parametrize("arguments", [*WRITING, *COMPLAINING], ids=" ".join)
def test_messages_that_nobody_reads_end_the_program_too(arguments, closed_pipe):
    assert ran(*arguments, stdout=closed_pipe, stderr=closed_pipe).returncode == 141


@pytest.fixture
def closed_pipe():
    """The end to write to of a pipe that nobody reads."""
    reader, writer = os.pipe()
    os.close(reader)
    yield writer
    os.close(writer)
