"""Ranks each case as if its own publication had not been annotated."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import numpy.typing as npt
from cases import Cases
from dysfw_hpo.data import load_hpo
from dysfw_hpo.evidence import Hpo
from dysfw_hpo.likelihood import Likelihood
from dysfw_hpo.profiles import expected_of, load_profiles, pooled, propagated, stated_frequencies
from dysfw_hpo.record_signs import RecordReader
from dysfw_phantom.published.cases import shipped_cases
from ranking import Float64, places


class WithoutPublication:
    """Knows what the annotations say without the lines that cite a publication."""

    def __init__(self) -> None:
        self.data, self.profiles = load_hpo(), load_profiles()
        self.lines_of: dict[str, list[int]] = defaultdict(list)  # by reference, numbers as in the column row_reference
        for number, text in enumerate(self.data.diseases.references_of_rows):
            for reference in text.split(";"):
                self.lines_of[reference].append(number)

    def likelihood(self, publication: str) -> tuple[npt.NDArray[np.int64], Likelihood, npt.NDArray[np.bool_]]:
        """Compute the diseases that the publication is cited for.

        Args:
            publication: Such as "PMID:20711175".

        Returns:
            int64 [K], their positions; their likelihood ratios; and bool [K], which of them have signs left.
        """
        arrays, counterpart = self.data.diseases.arrays, self.profiles.counterpart
        cites = np.isin(arrays["row_reference"], self.lines_of[publication])
        cited_for = np.unique(arrays["row_disease"][cites])
        # A disease and its counterpart share their signs, so that both change.
        changed = np.unique([*cited_for, *(one for one in counterpart[cited_for] if one >= 0)]).astype(np.int64)
        stated = stated_frequencies(self.data, ~cites & np.isin(arrays["row_disease"], changed))
        frequency = pooled(propagated(stated, self.data.ontology), counterpart)[changed]
        likelihood = Likelihood(
            self.data.ontology, frequency, self.profiles.background, expected=expected_of(pooled(stated, counterpart))[changed],
            everyone=self.profiles.everyone, prior=np.zeros(len(changed), np.float32),
        )  # fmt: skip
        return changed, likelihood, np.diff(frequency.indptr) > 0


def rank_without_own_publication(cases: Cases) -> Float64:
    """Find the place of the right disease of each case, of observed signs; infinite if no sign of it is left."""
    without, evidence = WithoutPublication(), Hpo(excluded_weight=0)
    reader, position = RecordReader(without.data, suggest=False), without.data.ontology.position
    column = {without.data.diseases.position[disease.label]: k for k, disease in enumerate(cases.diseases)}
    found = np.full(len(cases.records), np.inf)
    names = [case.publication for case in shipped_cases()]
    for publication in sorted(set(names)):
        rows = [n for n, name in enumerate(names) if name == publication and cases.covered[n]]
        if not rows:
            continue
        values = np.nan_to_num(evidence.log_likelihood([cases.records[n] for n in rows], cases.diseases), nan=0.0)
        changed, likelihood, left = without.likelihood(publication)
        ranked = [k for k, disease in enumerate(changed) if int(disease) in column]
        columns = [column[int(changed[k])] for k in ranked]
        for row, n in zip(values, rows, strict=True):
            signs = reader.read(cases.records[n]).signs
            terms = [position[sign.id] for sign in signs if sign.status == "observed"]
            if terms:
                total = likelihood.observed(terms).sum(axis=0) + likelihood.silence(len(terms))
                row[columns] = np.where(left, total / np.sqrt(len(terms)), -np.inf)[ranked]
        truth = cases.truth[rows]
        found[rows] = np.where(np.isfinite(values[np.arange(len(rows)), truth]), places(values, truth), np.inf)
    return found
