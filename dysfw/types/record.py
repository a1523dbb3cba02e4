"""The record of a patient, and what evidence makes of it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

from .arrays import Float32

Sex = Literal["female", "male"]
Status = Literal["observed", "excluded"]
SEXES: tuple[Sex, ...] = ("female", "male")
MAX_AGE = 120.0  # years


@dataclass(frozen=True, slots=True, repr=False)
class PatientRecord:
    """What is known of a patient beside the images. Its text never appears in messages by accident: ``repr`` shows counts only.

    Attributes:
        observed: Signs that were observed: HPO ids such as "HP:0000343", or names, as they were written.
        excluded: Signs that were looked for and not observed.
        age: Age in years at the examination; None if unknown.
        sex: None if unknown.
        ancestry: As it was written; None if unknown.
    """

    observed: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    age: float | None = None
    sex: Sex | None = None
    ancestry: str | None = None

    def __post_init__(self) -> None:
        """Check the values, and keep lists of signs as tuples.

        Raises:
            TypeError: Signs are no sequence of texts, or the age is no number.
            ValueError: The age or the sex is none.
        """
        for name in ("observed", "excluded"):
            signs = getattr(self, name)
            if isinstance(signs, str):
                raise TypeError(f"{name} must be a sequence of signs, found a single text")
            if not all(isinstance(sign, str) for sign in signs):
                raise TypeError(f"{name} must hold ids or names of signs, as texts")
            object.__setattr__(self, name, tuple(signs))
        if self.age is not None and (isinstance(self.age, bool) or not isinstance(self.age, int | float)):
            raise TypeError("age must be a number of years, or None")
        if self.age is not None and not 0 <= self.age <= MAX_AGE:
            raise ValueError(f"age must be between 0 and {MAX_AGE:.0f} years")
        if self.sex is not None and self.sex not in SEXES:
            raise ValueError(f"sex must be {' or '.join(SEXES)}, or None")

    def __bool__(self) -> bool:
        """Whether anything is known."""
        return any(getattr(self, one.name) not in ((), None) for one in fields(self))

    def __repr__(self) -> str:
        known = [name for name in ("age", "sex", "ancestry") if getattr(self, name) is not None]
        parts = [f"{len(self.observed)} observed", f"{len(self.excluded)} excluded", *known]
        return f"<patient record: {', '.join(parts)}>"


@dataclass(frozen=True, slots=True)
class ConditionIds:
    """A condition and its identifiers, by which evidence knows it.

    Attributes:
        label: Its label in the training data; or an identifier, if all diseases of an ontology are ranked.
        identifiers: Such as ("OMIM:190685", "ORPHA:870"); empty if none is known.
    """

    label: str
    identifiers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sign:
    """A sign of a record, as an ontology knows it.

    Attributes:
        id: Its current identifier, "HP:0000343".
        name: Its name, "Long philtrum".
        status: Whether it was observed or excluded.
    """

    id: str
    name: str
    status: Status


@dataclass(frozen=True, slots=True)
class RecordProblem:
    """A part of a record that evidence cannot use, or had to change.

    Attributes:
        code: A stable snake_case word for programs.
        message: A sentence for people, with the closest alternatives.
        used: Whether the part is used in spite of the problem, such as an obsolete term that has a successor.
    """

    code: str
    message: str
    used: bool = False


@dataclass(frozen=True, slots=True)
class InterpretedRecord:
    """What evidence uses of a record.

    Attributes:
        signs: The signs that it knows.
        problems: What it cannot use, or had to change.
    """

    signs: tuple[Sign, ...] = ()
    problems: tuple[RecordProblem, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class EvidencePart:
    """A part of a log-likelihood, such as that of one sign.

    Attributes:
        name: Such as "Long philtrum" or "age".
        log_ratio: float32 [K], the natural logarithm of its likelihood ratio for each condition; NaN if unknown.
        sign: The sign, if it is one.
    """

    name: str
    log_ratio: Float32
    sign: Sign | None = None
