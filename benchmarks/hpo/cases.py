"""Published cases as records, with the disease of each among those that are ranked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from dysfw_hpo.data import load_hpo
from dysfw_hpo.profiles import load_profiles
from dysfw_phantom.published.cases import shipped_cases

from dysfw.plugin import ConditionIds, PatientRecord


@dataclass(frozen=True, slots=True, eq=False)
class Cases:
    """N published cases, and the K diseases that are ranked.

    Attributes:
        records: Their observed and excluded signs.
        publication: int64 [N], the publication of each.
        truth: int64 [N], its disease among the K; -1 if that has no signs in HPO.
        cited: bool [N], whether the annotations of the disease cite the publication.
        diseases: The K diseases of OMIM with signs.
        all_diseases: All diseases of the release.
    """

    records: tuple[PatientRecord, ...]
    publication: npt.NDArray[np.int64]
    truth: npt.NDArray[np.int64]
    cited: npt.NDArray[np.bool_]
    diseases: tuple[ConditionIds, ...]
    all_diseases: tuple[ConditionIds, ...]

    @property
    def covered(self) -> npt.NDArray[np.bool_]:
        return self.truth >= 0

    @property
    def not_cited(self) -> npt.NDArray[np.bool_]:
        return self.covered & ~self.cited


def load_cases() -> Cases:
    """Load all cases."""
    data, known = load_hpo(), load_profiles().known
    cases = shipped_cases()
    every = tuple(ConditionIds(id, (id,)) for id in data.diseases.ids)
    ranked = [n for n, id in enumerate(data.diseases.ids) if id.startswith("OMIM:") and known[n]]
    place = {data.diseases.ids[n]: k for k, n in enumerate(ranked)}
    truth = np.array([place.get(case.disease, -1) for case in cases])
    references = {case.disease: data.diseases.references(case.disease) for case in cases if case.disease in place}
    cited = [case.publication in references.get(case.disease, ()) for case in cases]
    return Cases(
        records=tuple(PatientRecord(observed=case.observed, excluded=case.excluded) for case in cases),
        publication=np.unique([case.publication for case in cases], return_inverse=True)[1],
        truth=truth,
        cited=np.array(cited),
        diseases=tuple(every[n] for n in ranked),
        all_diseases=every,
    )
