"""How top-1 falls with the number of candidates: ``python benchmarks/field/candidates.py DATA PREDICTIONS…``.

Reads predictions files of the protocol ``field``. If b of N − 1 other conditions rank above the right one, the chance that none
of them is among K − 1 others drawn at random is C(N − 1 − b, K − 1) / C(N − 1, K − 1), so nothing has to be predicted again.
Prints a Markdown table of macro top-1 over all conditions, in the settings that rank all of them, with a power law for each
model.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scaling import PowerLaw
from scipy.special import gammaln

from dysfw.data.read import read_dataset
from dysfw.evaluation.protocol.load import load_protocol, plan_of
from dysfw.evaluation.protocol.predictions_file import read_predictions
from dysfw.evaluation.protocol.protocol import ProtocolPlan
from dysfw.evaluation.protocol.scores import Float64
from dysfw.registry.registry import load_registry

CANDIDATES = (5, 10, 20, 40, 80, 160)
SETTINGS = ("frequent-in-all", "rare-in-all")


def log_choose(n: Float64, k: float) -> Float64:
    """Logarithm of the binomial coefficient, -inf if n < k."""
    possible = n >= k
    m = np.where(possible, n, k)
    return np.where(possible, gammaln(m + 1) - gammaln(k + 1) - gammaln(m - k + 1), -np.inf)


def top_1(plan: ProtocolPlan, predictions: Sequence[Float64], candidates: int) -> float:
    """Macro top-1 among so many random candidates. A tie counts half as above."""
    hits: dict[int, list[float]] = {}
    for split, scores in zip(plan.splits, predictions, strict=True):
        if split.setting in SETTINGS:
            truth = plan.y[split.test_rows]
            own = scores[np.arange(len(truth)), truth][:, None]
            above = (scores > own).sum(axis=1) + 0.5 * ((scores == own).sum(axis=1) - 1)
            others = np.full(len(truth), np.isfinite(scores[0]).sum() - 1.0)
            chance = np.exp(log_choose(others - above, candidates - 1) - log_choose(others, candidates - 1))
            for k, hit in zip(truth.tolist(), chance.tolist(), strict=True):
                hits.setdefault(k, []).append(hit)
    return float(np.mean([np.mean(each) for each in hits.values()]))


def main(data: Path, files: Sequence[Path]) -> None:
    """Print the table."""
    plan = plan_of(load_protocol(load_registry(), "field"), "field", read_dataset(data))
    print("| candidates | " + " | ".join(map(str, CANDIDATES)) + " | power law |\n| --- |" + " --- |" * (len(CANDIDATES) + 1))
    for file in files:
        predictions, _ = read_predictions(file, plan)
        values = [top_1(plan, predictions, candidates) for candidates in CANDIDATES]
        law = PowerLaw.fit(CANDIDATES, values)
        print(f"| {file.stem} | {' | '.join(f'{v:.3f}' for v in values)} | {law.a:.2f} · n^{law.b:.2f} (R² {law.r2:.2f}) |")
    print("| chance | " + " | ".join(f"{1 / candidates:.3f}" for candidates in CANDIDATES) + " | n^-1 |")


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(argument) for argument in sys.argv[2:]])
