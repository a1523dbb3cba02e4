"""What the data set ``field`` consists of, as a Markdown table: ``python benchmarks/field/composition.py [SPEC]``.

Nothing is drawn: the spec determines the patients.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from dysfw_phantom.plan import PlannedPatient, planned_patients
from dysfw_phantom.protocol import planned_dataset
from dysfw_phantom.published.cases import shipped_cases
from dysfw_phantom.published.drawable import drawable_fraction
from dysfw_phantom.published.hpo import hpo_terms
from dysfw_phantom.published.patients import PatientRecord
from dysfw_phantom.spec import Spec, find_spec
from dysfw_phantom.terms import terms

from dysfw.plugin import FrequentRare

MIN_FREQUENT = 7  # patients of a frequent condition
AGES = (0, 1, 2, 6, 12, 18, 40, 60, 121)  # years


def table(spec: Spec) -> Iterator[tuple[str, str]]:
    """Yield the rows of the table: what is counted, and how many there are."""
    planned = list(planned_patients(spec))
    records = [one.published for one in planned if one.published]
    yield from _conditions(spec, planned)
    publications = {one.publication for one in records if one.publication}
    yield "publications", f"{len(publications):,}"
    yield _tested(spec)
    yield from _signs(records)
    yield from _people(records)


def _conditions(spec: Spec, planned: Sequence[PlannedPatient]) -> Iterator[tuple[str, str]]:
    sizes = Counter(one.class_index for one in planned)
    frequent = sum(number >= MIN_FREQUENT for number in sizes.values())
    described = sum(one.published[0].publication == "" for one in spec.classes)
    yield "conditions", f"{len(sizes):,}"
    yield "… frequent (more than 6 patients)", f"{frequent:,}"
    yield "… rare (2 to 6 patients)", f"{len(sizes) - frequent:,}"
    yield "… from two or more publications, a patient for each case", f"{len(sizes) - described:,}"
    yield "… from one publication, by frequencies", f"{described:,}"
    yield "… without a name in HPO's release", f"{sum(one.condition.name == one.condition.imitates for one in spec.classes):,}"
    yield "patients", f"{len(planned):,}"
    yield "… of the largest condition", f"{max(sizes.values()):,}"
    yield "images", f"{sum(one.images for one in planned):,}"


def _tested(spec: Spec) -> tuple[str, str]:
    """How many patients of frequent conditions the protocol tests."""
    plan = FrequentRare().plan(planned_dataset(spec))
    split, samples = plan.of_setting(plan.settings[0])[0], plan.dataset.samples
    tested, gallery = ({samples[row].patient for row in rows} for rows in (split.test_rows, split.gallery_rows))
    every = len(tested | gallery)
    return "patients of frequent conditions that are tested", f"{len(tested):,} of {every:,} ({len(tested) / every:.0%})"


def _signs(records: Sequence[PatientRecord]) -> Iterator[tuple[str, str]]:
    drawn = [len(one.shown) for one in records]
    yield "drawn signs of a patient: median (largest)", f"{np.median(drawn):g} ({max(drawn)})"
    yield "recorded signs of a patient, of the whole body: median", f"{np.median([len(one.observed) for one in records]):g}"
    yield "recorded as absent: median", f"{np.median([len(one.excluded) for one in records]):g}"
    used = Counter(term for one in records for term in one.shown)
    every = {id for one in records for id in (*one.observed, *one.excluded)}
    yield "recorded ids that are newer than HPO's release", f"{sum(id not in hpo_terms() for id in every):,}"
    yield "terms that can be drawn", f"{len(terms()):,}"
    yield "… that occur", f"{len(used):,}"
    most = ", ".join(f"{terms()[term].label} {number:,}" for term, number in used.most_common(5))
    yield "most frequent signs", most
    drawable, facial = drawable_fraction(case.observed for case in shipped_cases())
    yield "facial signs of all published cases that can be drawn", f"{drawable:,} of {facial:,} ({drawable / facial:.0%})"


def _people(records: Sequence[PatientRecord]) -> Iterator[tuple[str, str]]:
    sexes = Counter(one.sex or "not published" for one in records)
    yield "sex", ", ".join(f"{sex} {sexes[sex]:,}" for sex in sorted(sexes))
    known = np.array([one.age for one in records if one.age is not None])
    numbers, _ = np.histogram(known, AGES)
    bands = [f"{low}–{high}" for low, high in pairwise(AGES[:-1])] + [f"{AGES[-2]} and older"]
    yield "age in years", ", ".join(f"{band}: {number:,}" for band, number in zip(bands, numbers.tolist(), strict=True))
    yield "age not published (drawn from 1 to 70 years)", f"{len(records) - len(known):,}"


def main(name: str) -> None:
    """Print the table of a spec."""
    print(f"| `{name}` | |\n| --- | --- |")
    for what, number in table(find_spec(name)):
        print(f"| {what} | {number} |")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "field")
