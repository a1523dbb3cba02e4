"""The audit on all processors: the same numbers for any number of them, and one that is killed costs nothing."""

import os
import signal

import numpy as np
import pytest

from dysfw.audit import permutation, predict
from dysfw.audit.audit import audit
from dysfw.util.progress import Silent
from dysfw.util.workers import map_in_workers

pytestmark = pytest.mark.slow


class Notes(Silent):
    def __init__(self) -> None:
        self.notes: list[str] = []
        self.tracked: list[tuple[str, int, int]] = []

    def note(self, text: str) -> None:
        self.notes.append(text)

    def track(self, items, what, total, unit, *, start=0, detail=str):
        done = start
        for item in items:
            done += 1
            yield item
        self.tracked.append((f"{what}: {unit}", done, total))


@pytest.fixture
def spread(monkeypatch):
    """spread(3): do the work of audits in so many processes, however little it is."""

    def use(number: int) -> None:
        def spread_out(work, context, items, note):
            yield from map_in_workers(work, context, items, note, workers=number, patience=0 if number > 1 else 1e9)

        monkeypatch.setattr(predict, "map_in_workers", spread_out)
        monkeypatch.setattr(permutation, "map_in_workers", spread_out)

    return use


@pytest.mark.parametrize(("conditions", "processes"), [(3, 2), (40, 3)], ids=["few conditions", "many conditions"])
def test_the_numbers_are_the_same_for_any_number_of_processes(synthetic, spread, conditions, processes):
    rows, samples = synthetic(1, classes={f"c{k:02}": 200 // conditions for k in range(conditions)}, shift={"c01": 2.0})
    found = []
    for number in (1, processes):
        spread(number)
        progress = Notes()
        found.append(audit(rows, samples, permutations=199, progress=progress).model_dump(mode="json"))
        assert progress.tracked == [
            ("auditing: comparing the images: groups of features", 4, 4), ("permuting labels: permutations", 200, 200),
        ]  # fmt: skip
    assert found[0] == found[1]


def test_a_killed_process_costs_nothing(synthetic, spread, monkeypatch, tmp_path):
    rows, samples = synthetic(2)
    spread(1)
    expected = audit(rows, samples, permutations=199).model_dump(mode="json")
    spread(2)
    measure, parent = permutation._measure_block, os.getpid()

    def dies_once(matrices, block):
        if os.getpid() != parent and not np.array_equal(block[0], original) and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return measure(matrices, block)

    labels = sorted({sample.label for sample in samples})
    original = np.array([labels.index(sample.label) for sample in samples])
    mark = tmp_path / "killed"
    monkeypatch.setattr(permutation, "_measure_block", dies_once)
    progress = Notes()
    assert audit(rows, samples, permutations=199, progress=progress).model_dump(mode="json") == expected
    assert mark.exists()
    assert progress.notes == ["a worker process was killed, in most cases for lack of memory; continuing with 1"]
