"""Inputs for all commands, made once, and the programs, which run two at a time while the tests wait for their results."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from once import made_once
from PIL import Image as Pillow

from .commands import DYSFW, Case
from .tracing import Home, Seen, require_tools, watched

TESTS = Path(__file__).parents[1]
TOYS = os.pathsep.join(str(TESTS / "fixtures" / name) for name in ("toys", "toys_installed"))
COLOURS = {"red": (200, 40, 40), "green": (40, 160, 40), "sand": (190, 170, 110)}
TOY = """\
version: 1
name: toy
device: cpu
precision: float32
detector: {use: centre}
segmenter: {use: toy_halves}
crop: {align: true, margin: 0.1, min_side: 0}
backbone: {use: mosaic}
head: {use: softmax, C: 0.1}
fusion: {use: mean}
"""
SMALL = """\
version: 1
name: small
device: cpu
detector: {use: centre}
segmenter: {use: toy_halves}
crop: {align: true, margin: 0, min_side: 0.3}
backbone: {use: timm, model: test_resnet, weights: random, size: 32}
head: {use: softmax}
fusion: {use: mean}
pretrain: {steps: 2, batch_size: 8, embedding_dim: 16, sizes: [[0, 32]]}
"""
TWO = "version: 1\nname: two\nsize: 64\nclasses: [{condition: phantom-unaffected, patients: 2}]\n"


@dataclass(frozen=True)
class Run:
    """A program that has run: what was seen, and the folders it had."""

    seen: Seen
    home: Home
    output: Path
    temporary: Path


@pytest.fixture(scope="session")
def inputs(tmp_path_factory) -> Path:
    """Recipes, images, a bundle, a bundle with a gallery and an exported backbone."""
    require_tools()
    return made_once(tmp_path_factory, "inputs", make_inputs)


def make_inputs(folder: Path) -> None:
    rows = ["path,label,patient"]
    for k, (label, colour) in enumerate(COLOURS.items()):
        for number in range(10):
            _paint(folder / "data" / label / f"{number}.png", colour, seed=100 * k + number)
            rows.append(f"{label}/{number}.png,{label},{label}-{number // 2}")
    (folder / "data" / "manifest.csv").write_text("\n".join(rows) + "\n")
    for name, seed in (("cases", 700), ("controls", 800)):
        rows = [f"{n}.png,{name},{name}-{n},{5 + n},female" for n in range(6)]
        for n in range(6):
            _paint(folder / name / f"{n}.png", COLOURS["sand"], seed=seed + n)
        (folder / name / "manifest.csv").write_text("\n".join(["path,label,patient,age,sex", *rows]) + "\n")
    _paint(folder / "new.png", COLOURS["red"], seed=999)
    for person in range(4):
        for number in range(1, 5):
            _paint(
                folder / "people" / f"p{person}" / f"p{person}_{number:04}.png",
                (60 * person, 90, 120),
                seed=person * 9 + number,
            )
    lines = ["2\t2"]
    for one, other in (("p0", "p1"), ("p2", "p3")):
        lines += [f"{name}\t1\t2" for name in (one, other)] + [f"{one}\t{n}\t{other}\t{n}" for n in (1, 2)]
    (folder / "people" / "pairs.txt").write_text("\n".join(lines))
    gallery = TOY.replace("{use: softmax, C: 0.1}", "{use: gallery}").replace("name: toy", "name: gallery")
    for name, text in {"toy": TOY, "gallery": gallery, "small": SMALL, "two": TWO}.items():
        (folder / f"{name}.yaml").write_text(text)
    for recipe, bundle in (("toy", "bundle"), ("gallery", "gallery")):
        _dysfw("train", folder / f"{recipe}.yaml", folder / "data", "-o", folder / bundle)
    _dysfw("evaluate", folder / "toy.yaml", folder / "data", "-o", folder / "scores", "--protocol", "frequent-rare")
    _dysfw("export", folder / "small.yaml", "-o", folder / "exported")


@pytest.fixture(scope="session")
def compiled(tmp_path_factory) -> Path:
    """A folder with numba's compiled code of the renderer, which every user may write."""
    return made_once(tmp_path_factory, "compiled", compile_renderer)


def compile_renderer(folder: Path) -> None:
    """Copy this run's compiled code, after making sure that all of it is there: compiling takes half a minute."""
    _dysfw("phantom", "sample", "phantom-unaffected", "-o", folder / "x.png", "--columns", "1", "--size", "64")
    unfinished = shutil.ignore_patterns("*.tmp.*")  # by other processes
    shutil.copytree(os.environ["NUMBA_CACHE_DIR"], folder, ignore=unfinished, dirs_exist_ok=True)
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o777)


@pytest.fixture(scope="session")
def start(inputs, compiled, tmp_path_factory) -> Callable[[Case, str], Run]:
    """start(case, "empty"): what this program did with this home folder."""

    def start(case: Case, name: str) -> Run:
        folder = tmp_path_factory.mktemp("run")
        output, logs, home_folder = (folder / part for part in ("out", "logs", "home"))
        for path in (output, logs, home_folder):
            path.mkdir()
        temporary = Path(tempfile.mkdtemp(prefix="t"))  # a short path, because Ray makes sockets in it
        for path in (output, temporary):
            path.chmod(0o777)
        homes = {
            "empty": Home("empty", home_folder),
            "read-only": Home("read-only", home_folder, read_only=True),
            "missing": Home("missing", Path("/nonexistent"), listed=False),
            "unset": Home("unset", None, listed=False),
            "root": Home("root", Path("/"), listed=False),
        }
        environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TMPDIR": str(temporary), "PYTHONPATH": TOYS}
        environment["OMP_NUM_THREADS"] = "1"  # the programs share the cores; threads of each would only compete
        # Python's own compiled files, beside the sources of editable installs, are not meant here.
        environment["PYTHONDONTWRITEBYTECODE"] = "1"
        if case.compiled:
            environment["NUMBA_CACHE_DIR"] = str(compiled)
        return Run(watched(case.line(inputs, output), homes[name], output, logs, environment), homes[name], output, temporary)

    return start


@pytest.fixture(scope="session")
def run_of(start, request) -> Callable[[Case, str], Run]:
    """run_of(case, "empty"): the same. All that are needed start at the first call, two at a time."""
    futures: dict[tuple[Case, str], Future[Run]] = {}
    pool = ThreadPoolExecutor(2)
    needed = [item.callspec.params for item in request.session.items if hasattr(item, "callspec")]
    for params in needed:
        if isinstance(params.get("case"), Case) and "home" in params:
            key = (params["case"], params["home"])
            futures[key] = pool.submit(start, *key)
    yield lambda case, home: futures[case, home].result()
    pool.shutdown(wait=True, cancel_futures=True)


def _paint(path: Path, colour: tuple[int, int, int], seed: int) -> None:
    pixels = np.array(colour) + np.random.default_rng(seed).normal(0, 25, (64, 64, 3))
    path.parent.mkdir(parents=True, exist_ok=True)
    Pillow.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(path)


def _dysfw(*arguments: object, **variables: str) -> None:
    environment = os.environ | {"PYTHONPATH": TOYS, "DYSFW_CACHE": "off"} | variables
    ran = subprocess.run([DYSFW, *map(str, arguments)], env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, f"{sys.executable}: {ran.stdout}{ran.stderr}"


def pytest_terminal_summary(terminalreporter):
    """What each program did, as a table."""
    reports = [
        report for reports in terminalreporter.stats.values() for report in reports if hasattr(report, "user_properties")
    ]
    rows = {text for report in reports for name, text in report.user_properties if name == "seen"}
    if rows:
        terminalreporter.section("what commands and worker processes did")
        for row in sorted(rows):
            terminalreporter.line(row)
