"""Code that works on one system only is found, and there is none in the core and the first-party plugins."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
from program import TOYS

ROOT = Path(__file__).parents[1]
LINT = ROOT / "tools" / "lint" / "portable.py"


@pytest.fixture(scope="module")
def lint():
    spec = importlib.util.spec_from_file_location("portable", LINT)
    module = importlib.util.module_from_spec(spec)
    sys.modules["portable"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["portable"]


def test_nothing_works_on_one_system_only():
    ran = subprocess.run([sys.executable, str(LINT)], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (0, "")
    assert " 0 problems" in ran.stderr
    assert int(ran.stderr.split()[0]) > 400  # files


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("import fcntl", "fcntl"),
        ("from resource import getrusage", "resource"),
        ("import os\nos.fork()", "os.fork"),
        ("import os as system\nsystem.getuid()", "os.getuid"),
        ("from os import kill", "os.kill"),
        ("import os\nos.open('.', os.O_DIRECTORY)", "os.O_DIRECTORY"),
        ("import signal\nsignal.signal(signal.SIGALRM, f)", "signal.SIGALRM"),
        ("import tempfile\ntempfile.NamedTemporaryFile()", "tempfile.NamedTemporaryFile"),
        ("import select\nselect.select([pipe], [], [])", "select.select"),
        ("import multiprocessing\nmultiprocessing.get_context('fork')", "get_context"),
        ("from multiprocessing import get_context\nget_context()", "get_context"),
        ("pool = ProcessPoolExecutor(4)", "ProcessPoolExecutor"),
        ("path.chmod(0o600)", ".chmod"),
        ("temporary.replace(path)", ".replace"),
        ("folder.rename(other)", ".rename"),
        ("link.symlink_to(path)", ".symlink_to"),
        ("import subprocess\nsubprocess.Popen(c, preexec_fn=f)", "preexec_fn="),
        ("import subprocess\nsubprocess.run('ls', shell=True)", "shell="),
        ("import subprocess\nsubprocess.run(['a'], text=True)", "text="),
        ("when.strftime('%-d %B')", ".strftime"),
        ("NULL = '/dev/null'", "/dev/null"),
        ("loop.add_signal_handler(2, f)", ".add_signal_handler"),
    ],
)
def test_what_some_systems_lack_is_found(lint, code, name):
    assert name in [found.name for found in lint.check_text("x.py", code)]


@pytest.mark.parametrize(
    "code",
    [
        "text.replace('a', 'b')",
        "from dataclasses import replace\nreplace(one, a=1)",
        '"""/dev/null in a docstring."""',
        "import signal\ngetattr(signal, 'SIGHUP', None)",
        "import multiprocessing\nmultiprocessing.get_context('spawn')",
        "pool = ProcessPoolExecutor(4, context)",
        "import os\nos.environ, os.path, os.cpu_count()",
        "import signal\nsignal.signal(signal.SIGINT, f)",
        "where = 'a/b'",
        "import subprocess\nsubprocess.run(['a'], text=True, encoding='utf-8')",
    ],
)
def test_what_every_system_has_is_allowed(lint, code):
    assert lint.check_text("x.py", code) == []


def test_every_allowed_place_has_a_reason(lint):
    assert all(len(reason) > 10 for reason in lint.ALLOWED.values())


# What Windows lacks, as far as Python itself works without it on Linux.
ABSENT = """\
import importlib, os, signal, sys
for name in ("numpy", "scipy.stats", "sklearn.linear_model", "PIL.Image", "pydantic", "rich.live", "pyarrow.parquet"):
    importlib.import_module(name)
lacking = {os: ("fork", "forkpty", "sync", "uname", "getuid", "geteuid", "getgid", "getpgid", "killpg", "setsid", "nice",
    "sched_getaffinity", "sysconf", "statvfs", "mkfifo", "getloadavg", "pread", "register_at_fork"),
    signal: ("SIGALRM", "SIGHUP", "SIGUSR1", "SIGCHLD", "setitimer", "alarm", "pause")}
for module, names in lacking.items():
    for name in names:
        delattr(module, name)
for name in ("fcntl", "resource", "termios", "pwd", "grp"):
    sys.modules[name] = None
from dysfw.cli.main import main
main()
"""


@pytest.mark.slow
def test_training_and_prediction_need_nothing_that_windows_lacks(toy_recipe, colour_data, paint, tmp_path):
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(TOYS)}
    image, bundle, table = paint("a.png", (200, 40, 40)), tmp_path / "bundle", tmp_path / "t.parquet"
    for arguments in (
        ("train", toy_recipe, colour_data, "-o", bundle),
        ("run", bundle, image),
        ("batch", bundle, image.parent, "-o", table),
        ("evaluate", toy_recipe, colour_data, "-o", tmp_path / "report"),
        ("cache", "info"),
    ):
        command = [sys.executable, "-c", ABSENT, *map(str, arguments)]
        ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
    assert table.is_file()
    assert (tmp_path / "report" / "report.html").is_file()
