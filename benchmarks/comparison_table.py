"""The tables of docs/explanation/comparison.md, from what ``dysfw compare`` wrote.

    dysfw phantom dataset benchmark -o out/benchmark
    dysfw compare benchmarks/heads/*.yaml --data out/benchmark -o out/heads
    dysfw compare recipes/{paper,dlib,gestalt,gate}.yaml --data out/benchmark -o out/recipes
    python benchmarks/comparison_table.py out/heads [CONTENDERS-OF]

Prints Markdown: a row for each recipe, and, of the one named, a row for each region and fusion.
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


def shown(found: Estimate | None) -> str:
    if found is None:
        return "–"
    return f"{found.value:.3f}" + (f" [{found.low:.3f}, {found.high:.3f}]" if found.low is not None else "")


def main(folder: Path, models_of: str | None) -> None:
    comparison = Comparison.model_validate_json((folder / "comparison.json").read_text("utf-8"))
    print(f"| recipe | {' | '.join(MEASURES.values())} | log loss | s |\n|{' --- |' * 6}")
    for entry in sorted(comparison.entries, key=lambda e: -e.measures["balanced_accuracy"].value):
        cells = [shown(entry.measures.get(name)) for name in (*MEASURES, "log_loss")]
        print(f"| `{entry.name}` | {' | '.join(cells)} | {entry.seconds:.0f} |")
    if models_of is None:
        return
    print("\n| contender | kind | balanced accuracy | minus the recipe's |\n| --- | --- | --- | --- |")
    models = comparison.evaluations[models_of].models
    for one in sorted(models, key=lambda c: -c.measures["balanced_accuracy"].value):
        cells = shown(one.measures["balanced_accuracy"]), shown(one.difference.get("balanced_accuracy"))
        print(f"| {one.name} | {one.kind} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None)
