"""How long commands take from start to end, and ``run`` against a process that only imports what it computes with.

What that is, is looked up: every module of other people's packages that ``dysfw run`` has imported by its end, and, where the
face mesh was asked, what mediapipe needs for it in its own process.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from .processes import DYSFW, ROOT, environment, seconds
from .table import Aim, Row, ratio, spread
from .timing import Settings, Work, interleaved

RUN = ("run", "recipes/dlib.yaml", "docs/images/phantom.jpg")
COMMANDS = {"--help": ("--help",), "components": ("components",), "recipe check": ("recipe", "check", "recipes/dlib.yaml")}
AIMS = {"--help": Aim(sign="≤", bound=0.3, unit=" s")}
NEAR = Aim(sign="≤", bound=1.3)
MESH = "mediapipe.python.solutions.face_mesh"  # of the second process
# Runs dysfw, and names what it has imported.
LOOK = """
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
# Submodules that a library makes up as it is imported are no files, and cannot be asked for.
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
        without, within = [DYSFW, *RUN, "--no-cache"], [DYSFW, *RUN]
        every = imported(without[1:], folder / "every.json", [MESH])
        imported(within[1:], folder / "first.json", [], DYSFW_CACHE=cache)  # fills the cache
        few = imported(within[1:], folder / "few.json", [], DYSFW_CACHE=cache)
        works: dict[str, Work] = {
            name: lambda arguments=arguments: seconds([DYSFW, *arguments]) for name, arguments in COMMANDS.items()
        }
        works["run"] = lambda: seconds(without)
        works["its imports"] = lambda: seconds([sys.executable, "-c", IMPORT, str(every)])
        works["run, cached"] = lambda: seconds(within, DYSFW_CACHE=cache)
        works["its imports, cached"] = lambda: seconds([sys.executable, "-c", IMPORT, str(few)])
        taken = interleaved(works, settings.of(2, 5))
    found = [Row(what=f"`dysfw {name}`", value=spread(taken[name]), unit="s", aim=AIMS.get(name)) for name in COMMANDS]
    for what, name, imports in (
        ("`dysfw run recipes/dlib.yaml`, one photograph, no cache", "run", "its imports"),
        ("`dysfw run recipes/dlib.yaml`, one photograph, known to the cache", "run, cached", "its imports, cached"),
    ):
        to = f"importing its libraries ({spread(taken[imports]).text()} s)"
        compared = ratio(taken[name], taken[imports])
        found.append(Row(what=what, value=spread(taken[name]), unit="s", ratio=compared, to=to, aim=NEAR))
    return found


def imported(arguments: Sequence[str], file: Path, beside: Sequence[str], **extra: str) -> Path:
    """The file, with the names of the modules that dysfw imports for a command. beside: more that belong to them."""
    command = [sys.executable, "-c", LOOK, str(file), *arguments]
    subprocess.run(command, cwd=ROOT, env=environment(**extra), capture_output=True, check=True)
    file.write_text(json.dumps([*json.loads(file.read_text("utf-8")), *beside]), "utf-8")
    return file
