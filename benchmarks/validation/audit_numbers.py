"""What the audit says of phantoms with and without a source effect.

    dysfw phantom dataset benchmark -o out/benchmark
    python benchmarks/validation/audit_numbers.py out/benchmark out/audit

With an effect: 60 unaffected phantoms stored as PNG of 128 px beside 40 with Down syndrome as they usually are, made in
out/audit. The audit must fail them, and the file alone must tell them in 90 % or more; harmonised as a recipe does by default,
it must not.

Without: the 1,375 phantoms of the benchmark come from one source. They are divided into 20 disjoint sets of patients, and at
most one of these may be suspected at p < 0.05. Then the labels of its training split are permuted between patients, 20 times
anew: again at most one. Exit code 1 where any of this fails.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from dysfw.audit.audit import audit
from dysfw.audit.collect import collect, detector_of
from dysfw.audit.shortcut_features import AuditSample, Row, describe
from dysfw.contracts.components import Detector
from dysfw.data.dataset import Sample
from dysfw.data.read import read_dataset
from dysfw.imaging.harmonise import Harmony, harmonise
from dysfw.registry.registry import load_registry

SETS = 20
SPEC = """\
version: 1
name: sources
seed: 4242
age: [2, 45]
classes:
  - {condition: phantom-unaffected, patients: 60, effects: {size: 128, format: png}}
  - {condition: phantom-down-syndrome, patients: 40}
"""


def look(samples: Sequence[Sample], detector: Detector, harmony: Harmony | None = None) -> list[Row]:
    """The clues of photographs all of which can be read and show a face, as they are or harmonised."""
    rows = []
    for seen in collect((item.path for item in samples), detector):
        assert isinstance(seen, AuditSample), seen
        if harmony and seen.face:
            done = harmonise(seen.image, seen.face, harmony)
            seen = AuditSample(done.content, done.image, done.face)  # noqa: PLW2901
        rows.append(describe(seen))
    return rows


def with_an_effect(folder: Path, detector: Detector) -> bool:
    folder.mkdir(parents=True, exist_ok=True)
    spec, data = folder / "sources.yaml", folder / "sources"
    spec.write_text(SPEC)
    subprocess.run([Path(sys.executable).with_name("dysfw"), "phantom", "dataset", spec, "-o", data], check=True)
    samples = read_dataset(data).samples
    before = audit(look(samples, detector), samples)
    after = audit(look(samples, detector, Harmony()), samples, harmonised=True)
    file = next(group for group in before.groups if group.name == "file")
    told = f"told from the file in {file.accuracy.value:.3f} (majority {before.majority:.2f})"
    print(f"controls as 128 px PNG: {before.verdict}, {told}")
    print(f"  {before.reason}")
    print(f"the same, harmonised: {after.verdict}, p = {after.p:.3f}\n  {after.reason}")
    return before.verdict == "fail" and file.accuracy.value >= 0.9 and after.verdict != "fail"


def without(data: Path, detector: Detector) -> bool:
    samples = read_dataset(data).samples
    rows = look(samples, detector)
    fold = np.random.default_rng(0).permutation(len(samples)) % SETS  # the benchmark has one photograph of each patient
    disjoint = [_p(rows, samples, np.flatnonzero(fold == n), n) for n in range(SETS)]
    train = np.array([n for n, item in enumerate(samples) if item.split == "train"])
    permuted = []
    for seed in range(SETS):
        labels = np.random.default_rng([1, seed]).permutation([samples[n].label for n in train])
        relabelled = [replace(samples[n], label=str(label)) for n, label in zip(train, labels, strict=True)]
        permuted.append(_p([rows[n] for n in train], relabelled, np.arange(len(train)), seed))
    for name, found in ((f"{SETS} disjoint sets of clean phantoms", disjoint), ("labels permuted anew", permuted)):
        print(f"{name}: {sum(p < 0.05 for p in found)} suspected; p {', '.join(f'{p:.2f}' for p in sorted(found))}")
    return all(sum(p < 0.05 for p in found) <= 1 for found in (disjoint, permuted))


def _p(rows: Sequence[Row], samples: Sequence[Sample], chosen: np.ndarray, seed: int) -> float:
    return audit([rows[n] for n in chosen], [samples[n] for n in chosen], permutations=499, seed=seed).p


def main(data: Path, folder: Path) -> int:
    detector = detector_of(None, load_registry())
    done = [with_an_effect(folder, detector), without(data, detector)]
    return 0 if all(done) else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
