"""Audits of phantoms with and without a source effect.

    dysfw phantom dataset benchmark -o out/benchmark
    python benchmarks/validation/audit_numbers.py out/benchmark out/audit

With an effect: 60 unaffected phantoms stored as PNG of 128 px and 40 with Down syndrome in the usual format, rendered into
out/audit. The audit must fail, and features of the file alone must predict at least 90 %. After harmonisation it must not fail.

Without: the 1,375 phantoms of the benchmark come from one source. They are divided into 20 disjoint sets of patients; at most
one set may have p < 0.05. Then the labels of the training split are permuted between patients 20 times; again, at most one
permutation may have p < 0.05. Exit code 1 if any of this fails.
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
from dysfw.imaging.harmonise import HarmonisationConfig, harmonise
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


def describe_images(
    samples: Sequence[Sample], detector: Detector, harmonisation: HarmonisationConfig | None = None
) -> list[Row]:
    """Shortcut features of images, as they are or harmonised. All images must be readable and show a face."""
    rows = []
    for result in collect((sample.path for sample in samples), detector):
        if not isinstance(result, AuditSample):
            raise TypeError(f"unreadable: {result}")
        if harmonisation and result.face:
            harmonised = harmonise(result.image, result.face, harmonisation)
            rows.append(describe(AuditSample(harmonised.content, harmonised.image, harmonised.face)))
        else:
            rows.append(describe(result))
    return rows


def with_effect(folder: Path, detector: Detector) -> bool:
    """Whether the audit finds a source effect, and harmonisation removes it."""
    folder.mkdir(parents=True, exist_ok=True)
    spec, data = folder / "sources.yaml", folder / "sources"
    spec.write_text(SPEC)
    subprocess.run([Path(sys.executable).with_name("dysfw"), "phantom", "dataset", spec, "-o", data], check=True)  # noqa: S603
    samples = read_dataset(data).samples
    before = audit(describe_images(samples, detector), samples)
    after = audit(describe_images(samples, detector, HarmonisationConfig()), samples, harmonised=True)
    file = next(group for group in before.groups if group.name == "file")
    accuracy = f"accuracy from the file {file.accuracy.value:.3f} (most frequent condition {before.majority:.2f})"
    print(f"controls as 128 px PNG: {before.verdict}, {accuracy}")
    print(f"  {before.reason}")
    print(f"the same, harmonised: {after.verdict}, p = {after.p:.3f}\n  {after.reason}")
    return before.verdict == "fail" and file.accuracy.value >= 0.9 and after.verdict != "fail"


def without_effect(data: Path, detector: Detector) -> bool:
    """Whether the audit has few false alarms."""
    samples = read_dataset(data).samples
    rows = describe_images(samples, detector)
    fold = np.random.default_rng(0).permutation(len(samples)) % SETS  # the benchmark has one image of each patient
    disjoint = [_p(rows, samples, np.flatnonzero(fold == n), n) for n in range(SETS)]
    train = np.array([n for n, sample in enumerate(samples) if sample.split == "train"])
    permuted = []
    for seed in range(SETS):
        labels = np.random.default_rng([1, seed]).permutation([samples[n].label for n in train])
        relabelled = [replace(samples[n], label=str(label)) for n, label in zip(train, labels, strict=True)]
        permuted.append(_p([rows[n] for n in train], relabelled, np.arange(len(train)), seed))
    for name, values in ((f"{SETS} disjoint sets of clean phantoms", disjoint), ("permuted labels", permuted)):
        print(f"{name}: {sum(p < 0.05 for p in values)} with p < 0.05; p {', '.join(f'{p:.2f}' for p in sorted(values))}")
    return all(sum(p < 0.05 for p in values) <= 1 for values in (disjoint, permuted))


def _p(rows: Sequence[Row], samples: Sequence[Sample], chosen: np.ndarray, seed: int) -> float:
    return audit([rows[n] for n in chosen], [samples[n] for n in chosen], permutations=499, seed=seed).p


def main(data: Path, folder: Path) -> int:
    detector = detector_of(None, load_registry())
    passed = [with_effect(folder, detector), without_effect(data, detector)]
    return 0 if all(passed) else 1


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
