"""The ontology that ``dysfw serve`` looks up signs and diseases in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from threading import Lock
from typing import Any

from dysfw.plugin import (
    Bool,
    ConditionIds,
    ConditionProfile,
    Failure,
    InterpretedRecord,
    PatientRecord,
    PhenotypeOntology,
    Pipeline,
    Prediction,
    TermMatch,
    Weights,
)  # fmt: skip

from ..data import load_hpo, weights_of
from ..evidence import Hpo
from ..ontology import Ontology
from ..profiles import load_profiles
from ..rank.catalog import Catalog
from ..rank.face import apply_recipe
from ..rank.panel import panel_of
from ..rank.patient import rank_patient
from ..rank.to_json import to_json
from ..record_signs import RecordReader
from ..release import find_release
from .facial import facial_signs
from .profile import compare, describe, number_of
from .search import TermSearch

NOTHING = PatientRecord()
ANY = PatientRecord(observed=("Synophrys", "synophrys.", "Long philtrums"), excluded=("Ptosis",))
_lock = Lock()


class HpoLookup(PhenotypeOntology):
    """The Human Phenotype Ontology and its annotations of diseases."""

    @property
    def release(self) -> Weights:
        """The installed release."""
        return weights_of(find_release())

    @property
    def ontology(self) -> Ontology:
        """The terms."""
        return self._catalog.data.ontology

    def load(self) -> None:
        """Load the ontology, index its names, and compare a first record, which computes what all comparisons share."""
        self._catalog.data.names.load()
        self.profile(self._catalog.conditions[0], ANY)

    def search(self, text: str, limit: int) -> Sequence[TermMatch]:
        """Find signs while a person types."""
        return self._search.search(text, limit)

    def interpret(self, record: PatientRecord) -> InterpretedRecord:
        """Find the signs of a record."""
        return RecordReader(self._catalog.data).read(record)

    def profile(self, condition: ConditionIds, record: PatientRecord = NOTHING) -> ConditionProfile | None:
        """Describe a condition, compared with a record."""
        number = number_of(self._catalog, condition)
        if number is None:
            return None
        interpreted = RecordReader(self._catalog.data, suggest=False).read(record)
        profile = describe(self._catalog, number, condition, self._facial, interpreted)
        if not interpreted.signs:
            return profile
        parts = Hpo().parts(record, [self._catalog.conditions[number]])
        return replace(profile, compared=compare(self._catalog, number, interpreted, parts, 0))

    def rank(
        self,
        record: PatientRecord,
        *,
        pipeline: Pipeline | None = None,
        predictions: Sequence[Prediction | Failure] = (),
        genes: Sequence[str] = (),
        top: int = 100,
    ) -> Mapping[str, Any]:
        """Rank all annotated diseases."""
        catalog = self._catalog
        recipe = apply_recipe(pipeline, predictions, record, catalog) if pipeline and predictions else None
        panel = panel_of(genes, catalog.data.diseases, name="genes") if genes else None
        return to_json(rank_patient(catalog, record, self.interpret(record), recipe, panel=panel, top=top))

    @property
    def _catalog(self) -> Catalog:
        return _loaded()[0]

    @property
    def _search(self) -> TermSearch:
        return _loaded()[1]

    @property
    def _facial(self) -> Bool:
        return _loaded()[2]


def _loaded() -> tuple[Catalog, TermSearch, Bool]:
    """The diseases, the index of names, and which terms a photo can show: once a process; other threads wait meanwhile."""
    with _lock:
        return _load()


@cache
def _load() -> tuple[Catalog, TermSearch, Bool]:
    data = load_hpo()
    catalog = Catalog(data, load_profiles())
    _ = catalog.conditions
    return catalog, TermSearch(data.ontology, data.names), facial_signs(data.ontology)
