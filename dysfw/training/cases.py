"""Between the photographs of a training and the cases that a bundle keeps of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from ..bundle.contents import Bundle, Case, CasesSeen
from ..components import CaseBased, Head
from ..data.dataset import Item, patient_numbers
from ..errors import DysfwError
from ..reliability.quality import Quality
from .examples import Examples


def keep_cases(
    heads: Mapping[str, Head], examples: Examples, name: Callable[[Path], str]
) -> tuple[list[Case], CasesSeen | None]:
    """The cases that heads fitted on ``examples`` keep: all of these, or none where a head keeps none. name: what to call a
    photograph."""
    if not all(isinstance(head, CaseBased) for head in heads.values()) or examples.quality is None:
        return [], None
    cases = [
        Case(id=name(item.path), label=item.label, patient=item.patient, sha256=sha256)
        for item, sha256 in zip(examples.items, examples.sha256, strict=True)
    ]
    return cases, CasesSeen(examples.present, examples.quality.sharpness.astype(np.float32))


def known_examples(bundle: Bundle, heads: Mapping[str, Head]) -> Examples:
    """The photographs behind a bundle's cases as its training saw them. Raises DysfwError where it keeps none.

    Of their quality only the sharpness is known: the rest is NaN.
    """
    manifest, seen = bundle.manifest, bundle.fitted.cases
    if seen is None:
        raise DysfwError(
            f"the bundle {bundle.folder} keeps no cases",
            hint="train it with a head that does, for example `head: {use: gallery}`",
        )
    kept = [head.cases() for head in heads.values() if isinstance(head, CaseBased)]
    embeddings = np.zeros((*seen.present.shape, kept[0].x.shape[1]), np.float32)
    for r, cases in enumerate(kept):
        embeddings[seen.present[:, r], r] = cases.x
    items = tuple(Item(Path(case.id), case.label, case.patient) for case in manifest.cases)
    unknown = np.full(len(items), np.nan)
    return Examples(
        embeddings=embeddings,
        present=seen.present,
        y=np.array([manifest.labels.index(item.label) for item in items], np.int64),
        groups=patient_numbers(items),
        items=items,
        sha256=tuple(case.sha256 for case in manifest.cases),
        failures=(),
        labels=tuple(manifest.labels),
        regions=tuple(manifest.regions),
        quality=Quality(seen.sharpness.astype(np.float64), unknown, unknown),
    )
