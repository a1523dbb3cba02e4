"""How often is a classifier of shuffled conditions said to beat chance, and how often one of real signs?

    python benchmarks/validation/chance.py [--repeats 200] [--effect 0.3]

Patients are random vectors, so no head can tell their conditions; with ``--effect``, each condition moves the vectors of its
patients by so many standard deviations. Heads are cross-validated as in `dysfw train`, and `dysfw.stats.chance` tests the
predictions. The bootstrap beside it says that chance is beaten if the 95 % interval of the balanced accuracy lies above 1/K.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Callable

import numpy as np

from dysfw.builtin.heads.knn import Knn
from dysfw.builtin.heads.softmax import Softmax
from dysfw.contracts.components import Head
from dysfw.inference.fusion import FOLDS
from dysfw.stats.chance import compare_with_chance
from dysfw.stats.folds import patient_folds
from dysfw.stats.metrics import rank_of_truth
from dysfw.stats.shares import Ranked, share_estimates

DIM = 32
HEADS: dict[str, Callable[[], Head]] = {"softmax": lambda: Softmax(C=0.1), "nearest neighbor": lambda: Knn(k=1)}
# Patients and images of each patient, by condition.
DATA = {
    "2 conditions, 10 patients": ([10] * 2, [1] * 2),
    "3 conditions, 5 patients, 2 images": ([5] * 3, [2] * 3),
    "8 conditions, 5 patients": ([5] * 8, [1] * 8),
    "8 conditions, 20 patients": ([20] * 8, [1] * 8),
    "60 controls, 7 conditions, 6 patients, 4 images": ([60] + [6] * 7, [1] + [4] * 7),
}


def drawn(patients: list[int], images: list[int], effect: float, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Embeddings float32 [N, DIM], classes int64 [N] and patients int64 [N]."""
    y = np.concatenate([np.full(p * i, k) for k, (p, i) in enumerate(zip(patients, images, strict=True))])
    sizes = np.concatenate([np.full(p, i) for p, i in zip(patients, images, strict=True)])
    groups = np.repeat(np.arange(len(sizes)), sizes)
    x = rng.normal(size=(len(sizes), DIM))[groups] + 0.5 * rng.normal(size=(len(y), DIM))
    x += effect * rng.normal(size=(len(patients), DIM))[y]
    return (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32), y, groups


def found(make: Callable[[], Head], x: np.ndarray, y: np.ndarray, groups: np.ndarray, seed: int) -> tuple[bool, bool]:
    """Whether the test, and whether the interval, says that chance is beaten."""
    classes = int(y.max()) + 1
    probabilities = np.full((len(y), classes), 1 / classes, np.float32)
    for train, test in patient_folds(y, groups, FOLDS, seed):
        head = make()
        head.fit(x[train], y[train], classes, groups[train])
        probabilities[test] = head.predict(x[test])
    ranked = Ranked(rank_of_truth(probabilities, y), np.ones(len(y), bool))
    (measured,) = share_estimates([ranked], y, groups, ())
    low = measured["balanced_accuracy"].low
    return compare_with_chance(probabilities, y, groups).shown, low is not None and low > 1 / classes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=200)
    parser.add_argument("--effect", type=float, nargs="+", default=[0.0])
    options = parser.parse_args()
    print("| data | head | effect | test | interval |\n| --- | --- | --- | --- | --- |")
    for effect, (name, (patients, images)), (head, make) in itertools.product(options.effect, DATA.items(), HEADS.items()):
        rng = np.random.default_rng(0)
        results = [found(make, *drawn(patients, images, effect, rng), seed) for seed in range(options.repeats)]
        test, interval = np.mean(results, axis=0)
        print(f"| {name} | {head} | {effect:g} | {100 * test:.1f} % | {100 * interval:.1f} % |", flush=True)


if __name__ == "__main__":
    main()
