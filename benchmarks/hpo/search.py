"""Times the search for signs: the beginnings of random names, as they are typed.

python benchmarks/hpo/search.py
"""

from __future__ import annotations

import random
import sys
import time

from dysfw_hpo.lookup.lookup import HpoLookup
from dysfw_hpo.ontology import Ontology

TYPED = 2_000
LIMIT = 12


def main() -> None:
    started = time.perf_counter()
    lookup = HpoLookup()
    lookup.load()
    sys.stdout.write(f"loading and indexing: {time.perf_counter() - started:.2f} s\n")
    names = sign_names(lookup.ontology)
    chance = random.Random(1)  # noqa: S311  # a benchmark
    typed = [name[: chance.randint(1, len(name))] for name in chance.choices(names, k=TYPED)]
    misspelt = [f"{text[:3]}{text[4:]}{text[3:4]}" for text in typed if len(text) > 6]
    for what, texts in (("beginnings of names", typed), ("misspelt", misspelt)):
        times = sorted(timed(lookup, text) for text in texts)
        middle, late = times[len(times) // 2], times[int(0.99 * len(times))]
        sys.stdout.write(f"{what}, {len(times)} searches in {len(names)} signs, ms: ")
        sys.stdout.write(f"median {middle:.1f}, 99 % within {late:.1f}, slowest {times[-1]:.1f}\n")


def sign_names(ontology: Ontology) -> list[str]:
    return [name for name, is_sign in zip(ontology.names, ontology.signs, strict=True) if is_sign]


def timed(lookup: HpoLookup, text: str) -> float:
    started = time.perf_counter()
    lookup.search(text, LIMIT)
    return 1000 * (time.perf_counter() - started)


if __name__ == "__main__":
    main()
