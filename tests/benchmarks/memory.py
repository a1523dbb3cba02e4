"""Memory against the number of photographs: it must not grow with it.

    python tests/benchmarks/memory.py [IMAGES=1000] [RECIPE=recipes/dlib.yaml]

Judges the 48 phantoms of the tests again and again, keeps each one's probabilities, and prints the memory of this process, on
Linux, as a Markdown table.
"""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

from dysfw.engine.assemble import open_pipeline
from dysfw.registry.registry import load_registry
from dysfw.types import Failure

ROOT = Path(__file__).parents[2]
PAGE = 4096  # bytes


def resident() -> float:
    """MB"""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE / 1e6


def main(images: int, recipe: Path) -> None:
    photographs = itertools.cycle(sorted((ROOT / "tests/data/phantoms").glob("*/*.jpg")))
    pipeline = open_pipeline(recipe, load_registry(), [])
    kept = []
    print("| photographs | memory, MB |\n| --- | --- |")
    print(f"| 0 | {resident():.0f} |")
    for number, result in enumerate(pipeline.predict(itertools.islice(photographs, images)), 1):
        if isinstance(result, Failure):
            sys.exit(result.message)
        kept.append(result.probabilities)
        if number % max(1, images // 5) == 0:
            print(f"| {number} | {resident():.0f} |", flush=True)


if __name__ == "__main__":
    arguments = sys.argv[1:]
    main(int(arguments[0]) if arguments else 1000, Path(arguments[1]) if len(arguments) > 1 else ROOT / "recipes/dlib.yaml")
