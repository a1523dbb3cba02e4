"""The contract of phenotype ontologies: their terms, the signs of diseases, and a ranking of all diseases.

An ontology belongs to no recipe. It is what a person looks up beside a prediction: which signs a condition has, and which
other diseases the patient's signs fit.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ..inference.pipeline import Pipeline
from ..types import ConditionIds, Failure, InterpretedRecord, PatientRecord, Prediction, Sign, Weights

Assessment = Literal["observed", "excluded", "not assessed"]


@dataclass(frozen=True, slots=True)
class TermMatch:
    """A term that a text may mean.

    Attributes:
        id: Its identifier, "HP:0000343".
        name: Its name, "Long philtrum".
        synonym: The synonym that matches the text, if the name does not; otherwise "".
        definition: What it means, in a sentence; "" if the ontology does not say.
    """

    id: str
    name: str
    synonym: str = ""
    definition: str = ""


@dataclass(frozen=True, slots=True)
class Gene:
    """A gene.

    Attributes:
        symbol: Its symbol, "NIPBL".
        ncbi: Its number at NCBI, "25836"; "" if it is not known.
    """

    symbol: str
    ncbi: str = ""


@dataclass(frozen=True, slots=True)
class ConditionSign:
    """A sign that patients with a condition have, compared with a record.

    Attributes:
        id: Its identifier.
        name: Its name.
        frequency: Share of patients with it, 0 to 1; None if it is not known.
        source: What the frequency rests on, such as "12 of 15"; "" if it is not known.
        facial: Whether it is a sign of the head and face, which a photo may show.
        assessed: What the record says of it. A record with "Bushy eyebrows" also observes "Thick eyebrow".
    """

    id: str
    name: str
    frequency: float | None
    source: str
    facial: bool
    assessed: Assessment = "not assessed"


@dataclass(frozen=True, slots=True)
class ComparedSign:
    """A sign of a record, compared with a condition.

    Attributes:
        sign: The sign.
        log_ratio: Natural logarithm of its likelihood ratio; NaN if it is not known.
        because: What it was compared with, such as "Synophrys: 58 of 60 patients"; "" if the condition has no such sign.
    """

    sign: Sign
    log_ratio: float
    because: str


@dataclass(frozen=True, slots=True)
class ConditionProfile:
    """What an ontology knows of a condition, compared with a record.

    Attributes:
        id: Its identifier in the ontology's annotations, "OMIM:122470".
        name: Its name there.
        identifiers: All its identifiers, ``id`` first.
        genes: Its genes.
        signs: Its signs, the most frequent first.
        compared: The signs of the record, those that speak most for the condition first.
    """

    id: str
    name: str
    identifiers: tuple[str, ...]
    genes: tuple[Gene, ...]
    signs: tuple[ConditionSign, ...]
    compared: tuple[ComparedSign, ...]


class PhenotypeOntology(ABC):
    """Base class of phenotype ontologies, which plugins register with an ``OntologySpec``.

    Threads of a server share one object: its methods must be safe to call at the same time.
    """

    @property
    @abstractmethod
    def release(self) -> Weights:
        """Its name with the version, the sha256 of its files, its licence and its source."""

    @abstractmethod
    def load(self) -> None:
        """Load everything that the first call of another method would otherwise wait for."""

    @abstractmethod
    def search(self, text: str, limit: int) -> Sequence[TermMatch]:
        """Find signs while a person types.

        Args:
            text: The beginning of a name, of a synonym or of words in them, or an identifier.
            limit: Maximum number of signs.

        Returns:
            Signs, the best match first. Terms that are no signs, such as modes of inheritance, are left out.
        """

    @abstractmethod
    def interpret(self, record: PatientRecord) -> InterpretedRecord:
        """Find the signs of a record, and what of it cannot be used.

        Args:
            record: The record.
        """

    @abstractmethod
    def profile(self, condition: ConditionIds, record: PatientRecord) -> ConditionProfile | None:
        """Describe a condition, compared with a record.

        Args:
            condition: The condition.
            record: The record; an empty one if nothing is known of the patient.

        Returns:
            The profile; None if no annotated disease has one of its identifiers.
        """

    @abstractmethod
    def rank(
        self,
        record: PatientRecord,
        *,
        pipeline: Pipeline | None = None,
        predictions: Sequence[Prediction | Failure] = (),
        genes: Sequence[str] = (),
        top: int = 100,
    ) -> Mapping[str, Any]:
        """Rank all annotated diseases by how well they explain a patient's signs and face.

        Args:
            record: The patient's record.
            pipeline: The trained recipe that predicted from the patient's images; None without images.
            predictions: What it predicts for each image, without the record.
            genes: Symbols or numbers of genes, to show their diseases only; never the path of a file.
            top: Maximum number of diseases.

        Returns:
            JSON values in the schema ``dysfw.rank/1``.

        Raises:
            DysfwError: There is nothing to rank by, or a gene is not known.
        """
