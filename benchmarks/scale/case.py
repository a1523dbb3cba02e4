"""One measurement: what ``dysfw train`` or ``dysfw evaluate`` does with a data set after its images are embedded."""

from __future__ import annotations

import io
import json
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from rich.console import Console

from dysfw.cli.evaluation import candidate
from dysfw.evaluation.evaluate import Candidate, EvaluationConfig, evaluate
from dysfw.evaluation.predictions import write_predictions
from dysfw.evaluation.splits import SplitConfig
from dysfw.output.report.page import report_html
from dysfw.output.report.terminal import print_evaluation
from dysfw.registry.registry import load_registry
from dysfw.training.preparation import PreparedDataset, all_findings
from dysfw.training.train import train
from dysfw.util.progress import Silent

from .synthetic import Synthetic

RECIPE = Path(__file__).parents[2] / "recipes/dlib.yaml"
MEGABYTE = 2**20


@dataclass(frozen=True, slots=True)
class Case:
    """What is measured.

    Attributes:
        command: "train" or "evaluate".
        head: The recipe's head.
        images: Number of images.
        dim: Numbers per embedding.
        regions: Number of regions.
        conditions: Number of conditions, at most.
        folds: Number of folds of ``evaluate``; one repeat.
    """

    command: str
    head: str
    images: int
    dim: int
    regions: int
    conditions: int
    folds: int


def measure(case: Case) -> dict[str, object]:
    """Run a case in this process.

    Returns:
        "conditions", "seconds" by stage, "processor" seconds of all, "base", the MB of the process without data, and "files" in
        MB.
    """
    base = _peak()
    data = Synthetic(case.images, case.dim, case.regions, conditions=case.conditions)
    started = _processor_seconds()
    with tempfile.TemporaryDirectory() as name:
        run = _train if case.command == "train" else _evaluate
        seconds = run(case, data, Path(name))
        files = {path.name: path.stat().st_size / MEGABYTE for path in Path(name).rglob("*") if path.is_file()}
    return {
        "conditions": len(data.embedded.labels),
        "seconds": seconds,
        "processor": _processor_seconds() - started,
        "base": base,
        "files": files,
    }


def _candidate(case: Case) -> Candidate:
    return candidate(RECIPE, [f"head={{use: {case.head}}}"], load_registry(), None)


def _train(case: Case, data: Synthetic, folder: Path) -> dict[str, float]:
    clock = _Clock()

    def prepared(*_: object) -> PreparedDataset:
        checked = data.checked()
        embedded = data.embedded.select(checked.dataset.samples, checked.dataset.labels)
        return PreparedDataset(checked, embedded, all_findings(checked, embedded))

    with patch("dysfw.training.train.prepare_dataset", prepared):
        train(_candidate(case).recipe, data.dataset, folder / "bundle", clock)
    return clock.seconds


def _evaluate(case: Case, data: Synthetic, folder: Path) -> dict[str, float]:
    config = EvaluationConfig(SplitConfig("folds", case.folds, 1, leave_out_small=True))
    clock = _Clock()
    with patch("dysfw.evaluation.evaluate.collect_images", lambda *_: (data.checked(), data.collected())):
        (done,) = evaluate([_candidate(case)], data.dataset, config, Silent())
    clock.seconds |= done.result.seconds
    with clock.stage("writing the report"):
        write_predictions(folder / "predictions.parquet", done.pooled, done.evaluation_data, done.splits)
        (folder / "metrics.json").write_text(done.result.model_dump_json(by_alias=True, indent=1), "utf-8")
        (folder / "report.html").write_text(report_html(done.result), "utf-8")
        text = io.StringIO()
        print_evaluation(Console(file=text, width=100), done.result, folder)
        (folder / "terminal.txt").write_text(text.getvalue(), "utf-8")
    return clock.seconds


class _Clock(Silent):
    """Progress that measures the stages."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, what: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        name = "writing the bundle" if what.startswith("writing /") else what
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - started


def _peak() -> float:
    """Peak memory of this process, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _processor_seconds() -> float:
    """Processor time of this process and of those that it started and that have ended, s."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def report(case: Case) -> str:
    """Run a case, and return the result as JSON."""
    return json.dumps(measure(case))
