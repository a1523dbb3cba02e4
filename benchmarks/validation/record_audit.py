"""The audit of records on data that leak, and on the same data after shuffling.

    dysfw phantom dataset field -o out/field
    python benchmarks/validation/record_audit.py out/field [SHUFFLES]

Prints how often the nearest record has the same condition: for all patients, and for those with a publication only. Then the
records are shuffled between the patients, 200 times unless SHUFFLES is given. The audit must fail on the data as they are. Of
the shuffled ones, p may be below 0.05 as often as chance allows in all but 1 of 1,000 cases. Exit code 1 if any of this fails.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.stats import binom

from dysfw.audit.permutation_null import ALPHA
from dysfw.audit.record_audit import audit_records
from dysfw.audit.record_result import RecordAudit
from dysfw.data.dataset import Sample, patient_numbers
from dysfw.data.read import read_dataset
from dysfw.output.record_audit import shown
from dysfw.util.text import count

SHUFFLES = 200


def audited(samples: Sequence[Sample], seed: int = 0, permutations: int = 999) -> RecordAudit:
    """Audit the records; ends the program if there are none."""
    labels = sorted({sample.label for sample in samples})
    found = audit_records(samples, labels, permutations=permutations, seed=seed)
    if found is None:
        raise SystemExit("the data have no records")
    return found


def shuffled(samples: Sequence[Sample], seed: int) -> list[Sample]:
    """Give each patient the record of another."""
    patients = patient_numbers(samples)
    _, first = np.unique(patients, return_index=True)
    giver = first[np.random.default_rng(seed).permutation(len(first))]
    return [replace(one, record=samples[giver[n]].record) for one, n in zip(samples, patients, strict=True)]


def print_groups(title: str, found: RecordAudit) -> None:
    """Print a table in Markdown."""
    print(f"\n| {title}, {count(found.patients, 'patient')}: {found.verdict} | balanced accuracy | p |\n| --- | --- | --- |")
    for group in found.groups:
        value = group.balanced_accuracy
        p = "" if group.p is None else f"{group.p:.3f}"
        print(f"| {group.name} | {shown(value)} | {p} |")
    print(f"| chance | {found.chance:.3f} | |")


def main(data: Path, shuffles: int) -> int:
    """Print the tables; returns the exit code."""
    samples = read_dataset(data).samples
    start = time.perf_counter()
    found = audited(samples)
    print(f"{count(found.patients, 'patient')} audited in {time.perf_counter() - start:.1f} s")
    print_groups("all", found)
    if published := [sample for sample in samples if sample.publication]:
        print_groups("with a publication", audited(published))
    p = np.array([audited(shuffled(samples, seed), seed, permutations=199).p for seed in range(shuffles)])
    alarms, allowed = int((p < ALPHA).sum()), int(binom.ppf(0.999, shuffles, ALPHA))
    print(f"\nshuffled {shuffles} times: p < {ALPHA} in {alarms} ({allowed} allowed), p < 0.5 in {int((p < 0.5).sum())}")
    return int(found.verdict != "fail" or alarms > allowed)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else SHUFFLES))
