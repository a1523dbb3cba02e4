"""Every table of every command, at every width, with and without colour, in ASCII and in a pipe."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

import examples
import numpy as np
import pytest
from PIL import Image as Pillow
from program import DYSFW, TOYS
from screens import ENCODINGS, MODES, STYLES, FakeTerminal, on_terminal, too_wide

from dysfw.cli.main import _prepare_streams, main
from dysfw.cli.terminal import out
from dysfw.util.probability import probability_text
from dysfw.util.text import encodable

TESTS = Path(__file__).parents[1]
WIDTHS = (40, 80, 120, 200)
COMMON = "intellectual-developmental-disorder-with-dysmorphic-facies-and-"
COLOURS = {"red": (200, 40, 40), f"{COMMON}seizures": (40, 160, 40), f"{COMMON}speech-delay": (190, 170, 110)}
RECIPE = """\
version: 1
name: toy
device: cpu
precision: float32
detector: {use: centre}
segmenter: {use: grid, rows: 3, columns: 3}
backbone: {use: mosaic}
head: {use: gallery}
fusion: {use: mean}
"""


NUMBER = re.compile(r"[^A-Za-z]+|\d+ of \d+")


@dataclass
class Program:
    """The program in this process, with the toys installed as a plugin, and what its tables are made of."""

    folder: Path
    patch: pytest.MonkeyPatch
    image: Path = field(init=False)
    bundle: Path = field(init=False)

    def __call__(self, *arguments: object, stream: FakeTerminal | None = None, code: int = 0) -> str:
        stream = stream or FakeTerminal(terminal=False)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DYSFW_CACHE", str(self.folder / "cache"))
            patch.setattr(sys, "argv", ["dysfw", *map(str, arguments)])
            patch.setattr(sys, "stdout", stream)
            patch.setattr(sys, "stderr", FakeTerminal(terminal=False))
            with pytest.raises(SystemExit) as stopped:
                main()
            assert int(stopped.value.code or 0) == code, sys.stderr.text
        return stream.text

    def json(self, *arguments: object) -> dict:
        return json.loads(self(*arguments))


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """A trained bundle with nine regions and long names of conditions, and an image."""
    folder = tmp_path_factory.mktemp("tables")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(TESTS / "fixtures" / "toys_installed"))
        program = Program(folder, patch)
        rows, rng = ["path,label,patient,split"], np.random.default_rng(0)
        for (k, (label, colour)), number in itertools.product(enumerate(COLOURS.items()), range(10)):
            pixels = np.clip(np.array(colour) + rng.normal(0, 25, (64, 64, 3)), 0, 255).astype(np.uint8)
            Pillow.fromarray(pixels).save(folder / f"{k}-{number}.png")
            rows.append(f"{k}-{number}.png,{label},patient-{k}-{number // 2},{'test' if number > 7 else 'train'}")
        (folder / "manifest.csv").write_text("\n".join(rows) + "\n")
        (folder / "toy.yaml").write_text(RECIPE)
        program.image, program.bundle = folder / "0-9.png", folder / "bundle"
        program("train", folder / "toy.yaml", folder / "manifest.csv", "-o", program.bundle)
        yield program


@dataclass(frozen=True)
class Table:
    """A table of a command.

    Attributes:
        show: Prints it on a stream.
        keys: Texts that every reader needs: names, ranks, probabilities, scores, intervals.
        code: Exit code of the command.
    """

    show: Callable[[FakeTerminal], None]
    keys: list[str]


def as_shown(probability: float, digits: int) -> str:
    """A probability of JSON as tables show it. JSON rounds to six digits; no probability here is 0."""
    return probability_text(max(probability, 1e-9), digits)


def of_command(program: Program, *arguments: object, keys: list[str]) -> Table:
    return Table(lambda stream: program(*arguments, stream=stream), keys)


def of_object(show: Callable[[], None], keys: list[str]) -> Table:
    """A table of something that takes long to compute."""

    def run(stream: FakeTerminal) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "stdout", stream)
            _prepare_streams()
            show()

    return Table(run, keys)


def run_table(program):
    found = program.json("run", program.bundle, program.image, "--json")
    ranked = [text for one in found["ranking"] for text in (str(one["rank"]), one["label"], as_shown(one["probability"], 3))]
    regions = [as_shown(one["probabilities"][label], 2) for one in found["regions"] for label in COLOURS]
    return of_command(program, "run", program.bundle, program.image, keys=ranked + regions)


def explain_table(program):
    found = program.json("run", program.bundle, program.image, "--json", "--explain")["explanation"]
    keys = [text for name, by_label in found["contributions"].items() for text in (name, f"{by_label[found['label']]:+.3f}")]
    return of_command(program, "run", program.bundle, program.image, "--explain", keys=keys)


def patient_table(program):
    images = [program.folder / f"1-{n}.png" for n in (8, 9)]
    arguments = ("run", program.bundle, *images, "--patient", "P-017")
    found = [json.loads(line) for line in program(*arguments, "--json").splitlines()][-1]
    keys = [text for one in found["ranking"] for text in (one["label"], as_shown(one["probability"], 3))]
    return of_command(program, *arguments, keys=["P-017", *keys])


def train_table(program):
    from dysfw.bundle.contents import Manifest
    from dysfw.cli.commands.train import print_summary

    manifest = Manifest.model_validate_json((program.bundle / "bundle.json").read_text())
    scores = [manifest.cross_validated, manifest.held_out]
    keys = [f"{one.fused.balanced_accuracy:.3f}" for one in scores]
    keys += [f"{region.balanced_accuracy:.3f}" for one in scores for region in one.regions.values()]
    return of_object(
        lambda: print_summary(out(), manifest, program.bundle), [*keys, "fused", "chance", *manifest.cross_validated.regions]
    )


def evaluate_table(program):
    from dysfw.output.report.terminal import print_evaluation

    e = examples.evaluation(60, verdict="fail", nasty=True)
    keys = [
        f"{e.measures[name].value:.3f}" for name in ("balanced_accuracy", "accuracy", "top_3", "top_5", "auroc_macro", "ece")
    ]
    keys += [f"[{one.low:.3f}, {one.high:.3f}]" for one in (e.measures["balanced_accuracy"], e.measures["auroc_macro"])]
    return of_object(
        lambda: print_evaluation(out(), e, Path("report.html")), [*keys, "balanced accuracy", "chance", "shortcut"]
    )


def compare_table(program):
    from dysfw.output.report.terminal import print_comparison

    c = examples.comparison(nasty=True)
    scores = [one.measures["balanced_accuracy"] for one in c.entries]
    keys = [f"{one.value:.3f} [{one.low:.3f}, {one.high:.3f}]" for one in scores]
    return of_object(lambda: print_comparison(out(), c, Path("report.html")), [*keys, *(one.name for one in c.entries)])


def audit_table(program):
    from dysfw.output.audit import print_audit

    result = examples.audit([*COLOURS, *examples.labels_of(12, nasty=True)], "fail")
    estimates = [group.balanced_accuracy for group in result.groups] + [result.classes[0].auroc]
    keys = [f"{one.value:.2f} ({one.low:.2f}–{one.high:.2f})" for one in estimates]
    return of_object(lambda: print_audit(out(), result), [*keys, "0.002", *(group.name for group in result.groups)])


def verify_table(program):
    from dysfw.cli.commands.verify import print_scores
    from dysfw.pretraining.verification_scores import VerificationScores
    from dysfw.pretraining.verify import VerificationResult

    scores = VerificationScores(0.9935, 0.0012, 0.9987, {0.1: 0.9991, 0.001: None}, (0.4,) * 10)
    result = VerificationResult(scores, 6000, 12, 7701, "face", "projection", trained=True, failures=())
    keys = ["0.9935 ± 0.0012", "0.9987", "0.9991", "5988 of 6000", "12", "too few pairs"]
    return of_object(lambda: print_scores(out(), result), keys)


def doctor_table(program):
    from dysfw.cli.commands.doctor import examine, print_findings
    from dysfw.registry.host import load_plugins
    from dysfw.registry.registry import Registry

    findings = list(examine(Registry(load_plugins(["builtin"]))))
    keys = [text for one in findings for text in (one.state, one.subject, *one.detail.split())]
    return of_object(lambda: print_findings(out(), findings), keys)


def plugins_table(program):
    names = {point.name for point in metadata.entry_points(group="dysfw")}
    return of_command(program, "plugins", keys=[*names, "ok", "toys", "dysfw_toys.plugin"])


def components_table(program):
    rows = [line.split()[:2] for line in program("components").splitlines()[1:]]
    assert len(rows) > 20
    return of_command(program, "components", keys=[word for row in rows for word in row])


def weights_table(program):
    listed = [json.loads(line) for line in program("weights", "list", "--json").splitlines()]
    keys = [text for one in listed for text in (one["name"], one["state"], one["licence"], *one["summary"].split())]
    return of_command(program, "weights", "list", keys=keys)


def weights_show_table(program):
    listed = [json.loads(line) for line in program("weights", "list", "--json").splitlines()]
    one = next(one for one in listed if one["sha256"] and one["state"] == "here")
    return of_command(program, "weights", "show", one["name"], keys=[one["name"], one["licence"], one["source"]])


def cache_table(program):
    found = program.json("cache", "info", "--json")
    keys = [text for stage, number in found["entries"].items() for text in (stage, f"{number:,}")]
    return of_command(program, "cache", "info", keys=keys)


def gallery_table(program):
    return of_command(program, "gallery", "list", program.bundle, keys=[*COLOURS, "8", "4"])


def gallery_cases_table(program):
    found = [json.loads(line) for line in program("gallery", "list", program.bundle, "--json").splitlines()]
    keys = [text for one in found for text in (one["id"], one["label"], one["patient"])]
    return of_command(program, "gallery", "list", program.bundle, "--cases", keys=keys)


def data_check_table(program):
    return of_command(program, "data", "check", program.folder / "manifest.csv", keys=[*COLOURS, "30 images", "10", "5"])


def data_manifest_table(program):
    (program.folder / "images").mkdir(exist_ok=True)
    for name in ("down-syndrome/P-017-1.png", f"{COMMON}seizures/P-018-1.png"):
        (program.folder / "images" / name).parent.mkdir(exist_ok=True)
        shutil.copy(program.image, program.folder / "images" / name)

    def show(stream: FakeTerminal) -> None:
        (program.folder / "drafted.csv").unlink(missing_ok=True)
        program("data", "manifest", program.folder / "images", "-o", program.folder / "drafted.csv",
                "--patient-from", "(P-[0-9]+)", stream=stream)  # fmt: skip

    return Table(show, ["down-syndrome/P-017-1.png", "P-017", f"{COMMON}seizures", "P-018"])


def phantom_conditions_table(program):
    found = json.loads(program("phantom", "conditions", "--json"))
    keys = [text for one in found for text in (one["label"], one["name"], one.get("mondo") or one["label"])]
    return of_command(program, "phantom", "conditions", keys=keys)


def phantom_terms_table(program):
    found = json.loads(program("phantom", "terms", "--json"))
    return of_command(program, "phantom", "terms", keys=[text for one in found for text in (one["id"], one["label"])])


def help_table(program):
    from dysfw.cli.main import COMMANDS

    return of_command(program, "--help", keys=[text for name, (_, summary) in COMMANDS.items() for text in (name, summary)])


TABLES = (
    run_table, explain_table, patient_table, train_table, evaluate_table, compare_table, audit_table, verify_table,
    doctor_table, plugins_table, components_table, weights_table, weights_show_table, cache_table, gallery_table,
    gallery_cases_table, data_check_table, data_manifest_table, phantom_conditions_table, phantom_terms_table, help_table,
)  # fmt: skip


def is_path(line: str) -> bool:
    """Whether a line begins with a path, which is never broken, so that it can be copied."""
    return line.lstrip().startswith("/")


def shown(table: Table, width: int, mode: str) -> str:
    stream = FakeTerminal(ENCODINGS[mode])
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"COLUMNS": str(width), **MODES[mode]}.items():
            patch.setenv(name, value)
        table.show(stream)
    return stream.text


def missing(keys: list[str], text: str, encoding: str = "utf-8") -> list[str]:
    """Keys that cannot be read in a text. Numbers must be whole; names may continue on the next line."""
    lost = []
    for key in dict.fromkeys(keys):
        position = 0
        for piece in [key] if NUMBER.fullmatch(key) else re.findall(r"[^\s/_-]+", encodable(key, encoding)):
            position = text.find(encodable(piece, encoding), position)
            if position < 0:
                lost.append(key)
                break
    return lost


@pytest.mark.parametrize("make", TABLES, ids=[make.__name__ for make in TABLES])
def test_no_key_is_lost_and_no_line_is_too_wide(make, program):
    table = make(program)
    for width, mode in itertools.product(WIDTHS, MODES):
        text = shown(table, width, mode)
        plain = STYLES.sub("", text)
        assert missing(table.keys, plain, ENCODINGS[mode]) == [], (width, mode)
        assert [line for line in too_wide(text, width) if not is_path(line)] == [], (width, mode)
        assert ("\x1b[3" not in text) or mode == "colour"
        if mode == "ascii":
            assert text.isascii()
            assert "\x1b" not in text


@pytest.mark.parametrize("make", TABLES, ids=[make.__name__ for make in TABLES])
def test_a_pipe_gets_whole_lines_and_no_colour(make, program, monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "40")  # of the terminal that the pipe does not lead to
    table = make(program)
    stream = FakeTerminal(terminal=False)
    table.show(stream)
    assert "\x1b" not in stream.text
    if make is help_table:  # as of every program, help is at most 80 columns wide, also in a pipe
        return
    assert [key for key in table.keys if key not in stream.text] == []


@pytest.mark.slow
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("mode", MODES)
def test_a_real_terminal_shows_every_key(width, mode, program):
    inherited = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "TERM", "NO_COLOR")}
    environment = inherited | {"PYTHONPATH": os.pathsep.join(TOYS), "OMP_NUM_THREADS": "1", **MODES[mode]}
    if mode == "ascii":
        environment |= {"LC_ALL": "C", "PYTHONIOENCODING": "ascii"}
    found = program.json("run", program.bundle, program.image, "--json")
    screen = on_terminal([DYSFW, "run", program.bundle, program.image], width, environment)
    assert screen.code == 0
    text = "\n".join(screen.lines)
    keys = [text for one in found["ranking"] for text in (str(one["rank"]), one["label"], as_shown(one["probability"], 3))]
    assert missing(keys, text) == []
    header = next(line for line in screen.lines if "condition" in line)
    assert "fused" in header
    if mode == "ascii":
        assert screen.raw.isascii()


def test_paragraphs_in_ascii_are_broken_after_characters_are_replaced(monkeypatch):
    stream = FakeTerminal("ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setenv("COLUMNS", "40")
    _prepare_streams()
    out().print("yaw +8° " * 20 + "[bold]0.2–0.4[/] … ü.png", style="dim")
    assert too_wide(stream.text, 40) == []
    text = " ".join(STYLES.sub("", stream.text).split())
    assert text == "yaw +8 deg " * 20 + "0.2-0.4 ... \\xfc.png"
