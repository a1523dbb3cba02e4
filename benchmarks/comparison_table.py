"""Prints the tables of docs/explanation/comparison.md from the results of ``dysfw compare``.

    dysfw phantom dataset benchmark -o out/benchmark
    dysfw compare benchmarks/heads/*.yaml --data out/benchmark -o out/heads
    dysfw compare recipes/{paper,dlib,gestalt,two-stage}.yaml --data out/benchmark -o out/recipes
    python benchmarks/comparison_table.py out/heads [RECIPE]

Prints Markdown: a row for each recipe and, if RECIPE is named, a row for each of its regions, fusions and baselines.
"""

from __future__ import annotations

import sys
from pathlib import Path

from dysfw.evaluation.comparison_result import Comparison
from dysfw.stats.estimate import Estimate

MEASURES = {
    "balanced_accuracy": "balanced accuracy",
    "top_3_macro": "top 3 (macro)",
    "auroc_affected": "affected or not, AUROC",
}


def formatted(estimate: Estimate | None) -> str:
    if estimate is None:
        return "–"
    return f"{estimate.value:.3f}" + (f" [{estimate.low:.3f}, {estimate.high:.3f}]" if estimate.low is not None else "")


def main(folder: Path, models_of: str | None) -> None:
    comparison = Comparison.model_validate_json((folder / "comparison.json").read_text("utf-8"))
    print(f"| recipe | {' | '.join(MEASURES.values())} | log loss | s |\n|{' --- |' * 6}")
    for entry in sorted(comparison.entries, key=lambda e: -e.measures["balanced_accuracy"].value):
        cells = [formatted(entry.measures.get(name)) for name in (*MEASURES, "log_loss")]
        print(f"| `{entry.name}` | {' | '.join(cells)} | {entry.seconds:.0f} |")
    if models_of is None:
        return
    print("\n| model | kind | balanced accuracy | difference from the recipe |\n| --- | --- | --- | --- |")
    models = comparison.evaluations[models_of].models
    for one in sorted(models, key=lambda c: -c.measures["balanced_accuracy"].value):
        cells = formatted(one.measures["balanced_accuracy"]), formatted(one.difference.get("balanced_accuracy"))
        print(f"| {one.name} | {one.kind} | {' | '.join(cells)} |")


if __name__ == "__main__":
    if len(sys.argv) not in {2, 3}:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None)
