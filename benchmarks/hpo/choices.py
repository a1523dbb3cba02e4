"""What other choices reach: how excluded signs count, without pooling, and without the term for signs not mentioned."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from cases import Cases
from dysfw_hpo.data import load_hpo
from dysfw_hpo.evidence import Hpo
from dysfw_hpo.likelihood import Likelihood
from dysfw_hpo.profiles import compile_profiles, load_profiles
from dysfw_hpo.record_signs import RecordReader
from figures import TOP, shares
from ranking import LogLikelihood, rank_all
from scipy import sparse

from dysfw.plugin import ConditionIds, PatientRecord

Float32 = npt.NDArray[np.float32]
LOOKED_FOR, SMALL = 0.3, 0.02  # weight and smallest frequency of an excluded sign as a hint


def positions(record: PatientRecord, status: str) -> list[int]:
    """Positions of a record's signs of one status."""
    data = load_hpo()
    return [data.ontology.position[sign.id] for sign in RecordReader(data).read(record).signs if sign.status == status]


def looked_for(records: Sequence[PatientRecord], conditions: Sequence[ConditionIds]) -> Float32:
    """Let excluded signs speak for the diseases that have them, because somebody looked for them."""
    values = Hpo(excluded_weight=0).log_likelihood(records, conditions)
    data, profiles = load_hpo(), load_profiles()
    frequency = profiles.frequency[[data.diseases.position[one.label] for one in conditions]].tocsc()
    for row, record in enumerate(records):
        terms = positions(record, "excluded")
        ratio = np.log((frequency[:, terms].toarray() + SMALL) / (profiles.background[terms] + SMALL))
        values[row] += LOOKED_FOR * ratio.sum(axis=1) / np.sqrt(max(len(positions(record, "observed")), 1))
    return values


def observed_only(cases: Cases, *, pool: bool, silence: bool) -> LogLikelihood:
    """Count observed signs only, with parts of the model left out."""
    data = load_hpo()
    arrays, _ = compile_profiles(data, pool=pool)
    shape = (len(data.diseases), len(data.ontology))
    rows = [data.diseases.position[one.label] for one in cases.diseases]
    likelihood = Likelihood(
        data.ontology,
        sparse.csr_matrix((arrays["value"], arrays["term"], arrays["start"]), shape=shape)[rows],
        arrays["background"],
        expected=arrays["expected"][rows] * silence,
        everyone=arrays["everyone"],
        prior=np.zeros(len(rows), np.float32),
    )

    def log_likelihood(records: Sequence[PatientRecord], _: Sequence[ConditionIds]) -> Float32:
        lists = [positions(record, "observed") for record in records]
        row_of = {term: row for row, term in enumerate({term for terms in lists for term in terms})}
        table = likelihood.observed(list(row_of))
        return np.stack([likelihood.silence(len(own)) + table[[row_of[term] for term in own]].sum(axis=0) for own in lists])

    return log_likelihood


def print_choices(cases: Cases) -> None:
    """Print a row for each choice."""
    choices: dict[str, LogLikelihood] = {
        "excluded signs not used": Hpo(excluded_weight=0).log_likelihood,
        "excluded signs count 0.1 (default)": Hpo().log_likelihood,
        "excluded signs count 0.3": Hpo(excluded_weight=0.3).log_likelihood,
        "excluded signs count in full": Hpo(excluded_weight=1).log_likelihood,
        "excluded signs as a hint that they were looked for": looked_for,
        "observed signs, OMIM and Orphanet not pooled": observed_only(cases, pool=False, silence=True),
        "… and signs not mentioned do not count": observed_only(cases, pool=False, silence=False),
        "pooled, signs not mentioned do not count": observed_only(cases, pool=True, silence=False),
    }
    groups = {"all": np.ones(len(cases.records), bool), "not cited": cases.not_cited}
    heads = [f"{group}, top {n}" for group in groups for n in TOP[::2]]
    print("\n| choice | " + " | ".join(heads) + " |\n| --- |" + " --- |" * len(heads))
    for name, log_likelihood in choices.items():
        found = rank_all(cases, log_likelihood)
        values = [shares(cases, found, mask)[TOP.index(n)].value for mask in groups.values() for n in TOP[::2]]
        print(f"| {name} | " + " | ".join(f"{value:.3f}" for value in values) + " |", flush=True)
