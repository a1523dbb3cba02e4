"""What the face, the record and both reach on ``field``, and what becomes of it with poorer records.

    dysfw phantom dataset field -o out/field
    python benchmarks/field/records.py out/field recipes/dlib.yaml

Prints Markdown tables: top-1 and top-10 (macro) of face, record and both in each setting of the protocol, the differences of
both to either with intervals over conditions, and the calibration error. Then the same for records without the facial signs
that the phantoms show, with a share of the signs, with wrong signs, and of other patients. Weights are learned again for each
kind of record. Images are embedded once and kept in the cache.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from dysfw_phantom.terms import terms

from dysfw.cli.evaluation import candidate
from dysfw.cli.stage_cache import opened_cache
from dysfw.cli.terminal import TerminalProgress
from dysfw.data.dataset import patient_numbers
from dysfw.data.read import read_dataset
from dysfw.evaluation.evaluate import Candidate
from dysfw.evaluation.protocol.load import load_protocol, plan_of
from dysfw.evaluation.protocol.protocol import ProtocolPlan
from dysfw.evaluation.protocol.recipe_predictions import FaceScores, learn, predictions_of, score_faces, with_records
from dysfw.evaluation.protocol.scores import Float64, score, score_difference
from dysfw.evaluation.task_runner import LocalTasks
from dysfw.registry.registry import load_registry
from dysfw.reliability.combination import CombinationWeights
from dysfw.reliability.temperature import apply_temperature
from dysfw.stats.estimate import Estimate
from dysfw.types import Float32, PatientRecord

TOP = (1, 10)
BINS = 10
Change = Callable[[PatientRecord, np.random.Generator], PatientRecord]


@dataclass(frozen=True, slots=True, eq=False)
class Predicted:
    """Predictions of one kind of record: for each split float64 [M, K]."""

    face: Sequence[Float64]
    record: Sequence[Float64]
    both: Sequence[Float64]
    weights: CombinationWeights


def predict(candidate: Candidate, plan: ProtocolPlan, faces: FaceScores, records: Mapping[Path, PatientRecord]) -> Predicted:
    """Predict with the given records of the images."""
    samples = tuple(replace(sample, record=records[sample.path]) for sample in faces.embedded.samples)
    faces = replace(faces, embedded=replace(faces.embedded, samples=samples))
    learned = learn(candidate, faces)
    guess = replace(faces, scores=[np.where(np.isnan(one), one, np.float32(0.5)) for one in faces.scores])
    calibrated = replace(faces, scores=[_calibrated(one, learned.temperature) for one in faces.scores])
    return Predicted(
        predictions_of(plan, calibrated).predictions,
        predictions_of(plan, with_records(candidate, guess, learned)).predictions,
        predictions_of(plan, with_records(candidate, faces, learned)).predictions,
        learned.weights,
    )


def _calibrated(scores: Float32, temperature: float) -> Float32:
    candidates = ~np.isnan(scores).all(axis=0)
    calibrated = scores.copy()
    calibrated[:, candidates] = apply_temperature(scores[:, candidates], temperature)
    return calibrated


def variants() -> Mapping[str, Change]:
    """The kinds of records, by name."""
    drawn = set(terms())
    every = sorted(drawn)

    def thinned(share: float) -> Change:
        def change(record: PatientRecord, rng: np.random.Generator) -> PatientRecord:
            kept = rng.random(len(record.observed)) < share
            return replace(record, observed=tuple(one for one, keep in zip(record.observed, kept, strict=True) if keep))

        return change

    def wrong(record: PatientRecord, rng: np.random.Generator) -> PatientRecord:
        signs = [str(rng.choice(every)) if rng.random() < 0.1 else one for one in record.observed]
        return replace(record, observed=tuple(dict.fromkeys(signs)))

    def unseen(record: PatientRecord, _: np.random.Generator) -> PatientRecord:
        return replace(record, observed=tuple(one for one in record.observed if one not in drawn))

    return {
        "as recorded": lambda record, _: record,
        "without the signs that are drawn": unseen,
        "75 % of the signs": thinned(0.75),
        "50 %": thinned(0.5),
        "25 %": thinned(0.25),
        "10 % of the signs wrong": wrong,
    }


def changed_records(plan: ProtocolPlan, change: Change) -> dict[Path, PatientRecord]:
    """Change the records of all patients, each once."""
    rng, samples = np.random.default_rng(0), plan.dataset.samples
    known: dict[tuple[int, PatientRecord], PatientRecord] = {}
    for number, sample in zip(patient_numbers(samples).tolist(), samples, strict=True):
        if (number, sample.record) not in known:
            known[number, sample.record] = change(sample.record, rng)
    numbers = zip(patient_numbers(samples).tolist(), samples, strict=True)
    return {sample.path: known[number, sample.record] for number, sample in numbers}


def shuffled_records(plan: ProtocolPlan) -> dict[Path, PatientRecord]:
    """Give each patient the record of another one."""
    samples, numbers = plan.dataset.samples, patient_numbers(plan.dataset.samples)
    _, first = np.unique(numbers, return_index=True)
    order = np.random.default_rng(0).permutation(len(first))
    return {sample.path: samples[first[order[n]]].record for sample, n in zip(samples, numbers.tolist(), strict=True)}


def calibration_error(plan: ProtocolPlan, predictions: Sequence[Float64]) -> float:
    """Expected calibration error of the first condition, in ``BINS`` bins of equal width, over all tests."""
    confidence, right = [], []
    for split, each in zip(plan.splits, predictions, strict=True):
        first = np.nan_to_num(each, nan=-1).argmax(axis=1)
        confidence.append(each[np.arange(len(each)), first])
        right.append(first == plan.y[split.test_rows])
    sure, correct = np.concatenate(confidence), np.concatenate(right)
    bins = np.minimum((sure * BINS).astype(int), BINS - 1)
    gaps = [
        abs(sure[bins == b].mean() - correct[bins == b].mean()) * (bins == b).mean() for b in range(BINS) if (bins == b).any()
    ]
    return float(sum(gaps))


def _cell(one: Estimate) -> str:
    return f"{one.value:.3f}" + ("" if one.low is None else f" [{one.low:.3f}, {one.high:.3f}]")


def print_settings(plan: ProtocolPlan, predicted: Predicted) -> None:
    """Print the settings with the records as they are, kinds of conditions apart."""
    print("\n| tests → candidates | from | top 1 | top 10 |\n| --- | --- | --- | --- |")
    by_name = {name: score(plan, getattr(predicted, name), TOP)[0] for name in ("face", "record", "both")}
    for settings in zip(*by_name.values(), strict=True):
        parts = [
            (settings[0].title, settings),
            *((f"… {own[0].kind}", own) for own in zip(*(s.kinds for s in settings), strict=True)),
        ]
        for title, each in parts:
            for name, part in zip(by_name, each, strict=True):
                print(f"| {title} | {name} | {' | '.join(_cell(one.macro) for one in part.top if one.n in TOP)} |")


def print_variants(plan: ProtocolPlan, results: Mapping[str, Predicted]) -> None:
    """Print top-1 in each setting for all kinds of records."""
    columns = ("record", "tests", "face", "record", "both", "both − face", "both − record", "weights", "ECE of each")
    print(f"\n| {' | '.join(columns)} |\n|{' --- |' * len(columns)}")
    for name, one in results.items():
        errors = ", ".join(f"{calibration_error(plan, each):.3f}" for each in (one.face, one.record, one.both))
        weights = ", ".join(f"{value:.2f}" for value in (one.weights.face, *one.weights.evidence))
        scores = [score(plan, each, (1,))[0] for each in (one.face, one.record, one.both)]
        differences = [score_difference(plan, one.both, other, (1,)) for other in (one.face, one.record)]
        for of_setting in zip(*scores, strict=True):
            values = [f"{each.top[0].macro.value:.3f}" for each in of_setting]
            values += [_cell(each[of_setting[0].name][0].macro) for each in differences]
            print(f"| {name} | {of_setting[0].title} | {' | '.join(values)} | {weights} | {errors} |")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="Face, record and both on field.")
    parser.add_argument("data", type=Path)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--evidence", default="[{use: hpo}]", help="The recipe's evidence.")
    parser.add_argument("--protocol", default="field")
    arguments = parser.parse_args()
    registry, progress = load_registry(), TerminalProgress()
    plan = plan_of(load_protocol(registry, arguments.protocol), arguments.protocol, read_dataset(arguments.data))
    with opened_cache(no_cache=False) as cache:
        chosen = candidate(arguments.recipe, [f"evidence={arguments.evidence}"], registry, cache)
        faces = score_faces(chosen, plan, progress, LocalTasks())
        results = {}
        for name, change in variants().items():
            progress.note(name)
            results[name] = predict(chosen, plan, faces, changed_records(plan, change))
        results["of other patients"] = predict(chosen, plan, faces, shuffled_records(plan))
    print_settings(plan, results["as recorded"])
    print_variants(plan, results)


if __name__ == "__main__":
    main()
