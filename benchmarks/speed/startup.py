"""Time of commands, and of ``run`` compared with a process that only imports the same libraries.

These libraries are all third-party modules that ``dysfw run`` has imported when it ends and, if it uses the face mesh, those
that mediapipe imports in its process.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from .processes import DYSFW, ROOT, environment, seconds
from .table import Row, Target, ratio, repeats
from .timing import Settings, Work, interleaved

RUN = ("run", "recipes/dlib.yaml", "docs/images/phantom.jpg")
PAPER = ("run", "recipes/paper.yaml", "docs/images/phantom.jpg", "--no-cache")
COMMANDS = {
    "--help": ("--help",),
    "components": ("components",),
    "recipe check": ("recipe", "check", "recipes/paper.yaml"),
    "run recipes/paper.yaml": PAPER,
    "run recipes/paper.yaml --runtime onnxruntime": (*PAPER, "--runtime", "onnxruntime"),
    "run recipes/paper.yaml --runtime torch": (*PAPER, "--runtime", "torch"),
}
TARGETS = {
    "--help": Target(sign="≤", bound=0.3, unit=" s"),
    "recipe check": Target(sign="≤", bound=1, unit=" s"),
    "run recipes/paper.yaml": Target(sign="≤", bound=2.5, unit=" s"),
    "run recipes/paper.yaml --runtime torch": Target(sign="≤", bound=4, unit=" s"),
}
CLOSE = Target(sign="≤", bound=1.3)
MESH = "mediapipe.tasks.python.vision"  # imported in the second process
# Runs dysfw, and lists the modules that it has imported.
LIST_IMPORTS = """
import json, pathlib, sys
file, sys.argv = sys.argv[1], ["dysfw", *sys.argv[2:]]
from dysfw.cli.main import main
try:
    main()
except SystemExit as ended:
    if ended.code:
        raise
ours = {*sys.stdlib_module_names, "__main__"}
names = [n for n in sys.modules if n.partition(".")[0] not in ours and not n.startswith(("dysfw", "_"))]
pathlib.Path(file).write_text(json.dumps(names))
"""
# Some submodules are created during the import of their library, and cannot be imported by name.
IMPORT = """
import importlib, json, pathlib, sys
for name in json.loads(pathlib.Path(sys.argv[1]).read_text()):
    try:
        importlib.import_module(name)
    except Exception:
        pass
"""


def rows(settings: Settings) -> list[Row]:
    with tempfile.TemporaryDirectory() as scratch:
        folder, cache = Path(scratch), str(Path(scratch) / "cache")
        uncached, cached = [DYSFW, *RUN, "--no-cache"], [DYSFW, *RUN]
        all_modules = list_imports(uncached[1:], folder / "all.json", [MESH])
        list_imports(cached[1:], folder / "first.json", [], DYSFW_CACHE=cache)  # fills the cache
        few_modules = list_imports(cached[1:], folder / "few.json", [], DYSFW_CACHE=cache)
        works: dict[str, Work] = {
            name: lambda arguments=arguments: seconds([DYSFW, *arguments]) for name, arguments in COMMANDS.items()
        }
        works["run"] = lambda: seconds(uncached)
        works["its imports"] = lambda: seconds([sys.executable, "-c", IMPORT, str(all_modules)])
        works["run, cached"] = lambda: seconds(cached, DYSFW_CACHE=cache)
        works["its imports, cached"] = lambda: seconds([sys.executable, "-c", IMPORT, str(few_modules)])
        times = interleaved(works, settings.of(2, 5))
    table = [Row(what=f"`dysfw {name}`", value=repeats(times[name]), unit="s", target=TARGETS.get(name)) for name in COMMANDS]
    for what, name, imports in (
        ("`dysfw run recipes/dlib.yaml`, one image, no cache", "run", "its imports"),
        ("`dysfw run recipes/dlib.yaml`, one image, cached", "run, cached", "its imports, cached"),
    ):
        to = f"importing its libraries ({repeats(times[imports]).text()} s)"
        relative = ratio(times[name], times[imports])
        table.append(Row(what=what, value=repeats(times[name]), unit="s", ratio=relative, to=to, target=CLOSE))
    return table


def list_imports(arguments: Sequence[str], file: Path, more: Sequence[str], **extra: str) -> Path:
    """Write the names of the modules that dysfw imports for a command, and of ``more``, to a file; return the file."""
    command = [sys.executable, "-c", LIST_IMPORTS, str(file), *arguments]
    subprocess.run(command, cwd=ROOT, env=environment(**extra), capture_output=True, check=True)  # noqa: S603
    file.write_text(json.dumps([*json.loads(file.read_text("utf-8")), *more]), "utf-8")
    return file
