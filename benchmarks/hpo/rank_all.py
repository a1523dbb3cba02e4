"""What ``dysfw rank`` finds among all diseases, how fast, and what its proposals of the next sign are worth.

    python benchmarks/hpo/rank_all.py

Prints three Markdown tables, in about three minutes on two cores:

1. How often the right disease of the published cases that dysfw-phantom ships is among the first N of all diseases of OMIM and
   Orphanet, both entries of a disease counting as one.
2. Times in this process.
3. For patients who are drawn from the annotations: how often the right disease comes first after some signs were examined, and
   its mean posterior probability, if signs are chosen as ``dysfw rank`` proposes, as the most frequent of the first disease, or
   at random. These patients follow the annotations exactly, as real ones do not: the table compares the choices, and is no
   forecast.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np
from cases import Cases, load_cases
from dysfw_hpo.data import load_hpo
from dysfw_hpo.evidence import Hpo
from dysfw_hpo.profiles import load_profiles
from dysfw_hpo.rank.catalog import Catalog
from dysfw_hpo.rank.explanation import annotated_signs
from dysfw_hpo.rank.next_signs import Rerank, next_signs
from dysfw_hpo.rank.patient import rank_patient
from dysfw_hpo.rank.prior import Prior, uniform_prior
from dysfw_hpo.rank.ranking import Float64, posterior_of
from dysfw_phantom.published.cases import shipped_cases
from figures import print_accuracy
from ranking import AT_ONCE, places

from dysfw.plugin import PatientRecord, Sign

PATIENTS = 400  # drawn from the annotations
SIGNS_FIRST = 3  # signs of a patient that are known at first
EXAMINED = (0, 1, 3, 5)  # signs that are examined then
MIN_SIGNS = 15  # annotated signs of the diseases that patients are drawn from
Choice = Callable[[Float64, PatientRecord], str]


def rank_cases(catalog: Catalog, cases: Cases) -> Float64:
    """Find the place of the right disease of each case; infinite if it has no signs in HPO."""
    evidence, found = Hpo(), np.full(len(cases.records), np.inf)
    truth = np.array([catalog.number_of.get(case.disease, -1) for case in shipped_cases()])
    covered = np.flatnonzero(cases.covered)
    for start in range(0, len(covered), AT_ONCE):
        rows = covered[start : start + AT_ONCE]
        values = evidence.log_likelihood([cases.records[n] for n in rows], catalog.conditions)
        unknown = np.isnan(values).all(axis=1)
        values = np.nan_to_num(values, nan=-np.inf)  # diseases without signs are not ranked
        values[unknown] = 0.0  # a record without a usable sign says nothing
        found[rows] = places(values, truth[rows])
    return found


def print_times(catalog: Catalog, cases: Cases) -> None:
    """Print how long a ranking takes, with and without the signs to examine next."""
    evidence, prior = Hpo(), uniform_prior(catalog)
    rerank = reranked(catalog, evidence, prior)
    records = [record for record in cases.records[:200] if evidence.interpret(record).signs]
    evidence.parts(records[0], catalog.conditions)  # the first call prepares the diseases
    seconds: dict[str, list[float]] = {"ranking": [], "signs to examine next": []}
    for record in records:
        started = time.perf_counter()
        interpreted = evidence.interpret(record)
        log_ratio = evidence.log_likelihood([record], catalog.conditions)[0].astype(np.float64)
        ranked = time.perf_counter()
        next_signs(catalog, posterior_of(log_ratio, prior), interpreted.signs, rerank)
        seconds["ranking"].append(ranked - started)
        seconds["signs to examine next"].append(time.perf_counter() - ranked)
    print("\n| step | median, ms | slowest of 200, ms |\n| --- | --- | --- |")
    for name, values in seconds.items():
        print(f"| {name} | {1e3 * np.median(values):.0f} | {1e3 * max(values):.0f} |")


def print_choices(catalog: Catalog) -> None:
    """Print how often the right disease comes first, and its mean posterior probability, with standard errors."""
    rng, evidence, prior = np.random.default_rng(0), Hpo(), uniform_prior(catalog)
    rerank = reranked(catalog, evidence, prior)

    def signs_of(record: PatientRecord) -> Sequence[Sign]:
        return evidence.interpret(record).signs

    patients = [draw(catalog, rng) for _ in range(PATIENTS)]
    choices: dict[str, Choice] = {
        "as dysfw rank proposes": lambda posterior, record: proposed(
            catalog, posterior, evidence.interpret(record).signs, rerank
        ),
        "the most frequent sign of the first disease": lambda posterior, record: most_frequent(catalog, posterior, record),
        "a sign of one of the first ten, at random": lambda posterior, record: at_random(catalog, posterior, record, rng),
    }
    print("\n| signs are examined | " + " | ".join(f"after {n}" for n in EXAMINED) + " |\n| --- |" + " --- |" * len(EXAMINED))
    for name, choose in choices.items():
        found = np.array([examine(number, shown, has, choose, rerank) for number, shown, has in patients])
        error = found.std(axis=0, ddof=1) / np.sqrt(PATIENTS)
        cells = [f"{m[0]:.2f} ± {e[0]:.2f}; {m[1]:.2f} ± {e[1]:.2f}" for m, e in zip(found.mean(axis=0), error, strict=True)]
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


def draw(catalog: Catalog, rng: np.random.Generator) -> tuple[int, tuple[str, ...], set[str]]:
    """Draw a patient: the disease, the signs that are known at first, and all signs of the patient with those above them."""
    ontology = catalog.data.ontology
    while True:
        number = int(rng.integers(len(catalog)))
        own = annotated_signs(catalog, number) if catalog.profiles.known[catalog.first[number]] else {}
        if len(own) < MIN_SIGNS:
            continue
        present = [id for id, one in own.items() if rng.random() < (0.5 if one.frequency is None else one.frequency)]
        if len(present) > SIGNS_FIRST:
            shown = tuple(rng.permutation(present)[:SIGNS_FIRST].tolist())
            return number, shown, {above for id in present for above in (id, *ontology.ancestors(id))}


def examine(number: int, shown: tuple[str, ...], has: set[str], choose: Choice, rerank: Rerank) -> list[list[float]]:
    """Examine one sign after another. Returns whether the disease came first, and its probability, for each of ``EXAMINED``."""
    record, found = PatientRecord(observed=shown), []
    for count in range(max(EXAMINED) + 1):
        posterior = rerank([record])[0]
        if count in EXAMINED:
            found.append([float(posterior.max() == posterior[number]), float(posterior[number])])
        if count == max(EXAMINED):
            break
        sign = choose(posterior, record)
        if sign in has:
            record = PatientRecord((*record.observed, sign), record.excluded)
        elif sign:
            record = PatientRecord(record.observed, (*record.excluded, sign))
    return found


def reranked(catalog: Catalog, evidence: Hpo, prior: Prior) -> Rerank:
    """Return what finds the probabilities of the diseases for other records, as ``dysfw rank`` does."""

    def rerank(records: Sequence[PatientRecord]) -> Float64:
        return posterior_of(evidence.log_likelihood(records, catalog.conditions).astype(np.float64), prior)

    return rerank


def proposed(catalog: Catalog, posterior: Float64, signs: Sequence[Sign], rerank: Rerank) -> str:
    found = next_signs(catalog, posterior, signs, rerank, number=1)
    return found[0].id if found else ""


def most_frequent(catalog: Catalog, posterior: Float64, record: PatientRecord) -> str:
    own = annotated_signs(catalog, int(posterior.argmax()))
    left = [one for id, one in own.items() if id not in assessed(catalog, record)]
    return max(left, key=lambda one: one.frequency or 0).id if left else ""


def at_random(catalog: Catalog, posterior: Float64, record: PatientRecord, rng: np.random.Generator) -> str:
    known = assessed(catalog, record)
    first = np.argsort(-posterior, kind="stable")[:10]
    left = sorted({id for number in first for id in annotated_signs(catalog, int(number)) if id not in known})
    return str(rng.choice(left)) if left else ""


def assessed(catalog: Catalog, record: PatientRecord) -> set[str]:
    """Signs that the record states, or that follow from it."""
    ontology = catalog.data.ontology
    above = {id for sign in record.observed for id in (sign, *ontology.ancestors(sign))}
    return above | {id for sign in record.excluded for id in (sign, *ontology.descendants(sign))}


def main() -> None:
    started = time.perf_counter()
    catalog = Catalog(load_hpo(), load_profiles())
    cases = load_cases()
    record = PatientRecord(("HP:0000664",))
    ranked = len(rank_patient(catalog, record, Hpo().interpret(record)).ranking.order)
    print(f"{ranked:,} diseases of OMIM and Orphanet; {len(cases.records):,} cases")
    print_accuracy(cases, rank_cases(catalog, cases))
    print_times(catalog, cases)
    print_choices(catalog)
    print(f"\n{time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
