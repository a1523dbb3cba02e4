"""Finds the signs of a record, and what cannot be used of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain

from dysfw.plugin import InterpretedRecord, PatientRecord, RecordProblem, Sign, listed, quoted

from .data import HpoData
from .names import Match
from .ontology import PHENOTYPIC_ABNORMALITY

MAX_TEXT = 80  # characters of a text that a message quotes
MAX_SUGGESTED = 20  # unknown texts of a record with the closest terms; a search takes 10 ms or more


@dataclass(slots=True)
class RecordReader:
    """Reads the signs of records.

    Attributes:
        data: The release.
        suggest: Whether problems name the closest terms, which takes time.
    """

    data: HpoData
    suggest: bool = True
    _searches: int = 0
    _problems: list[RecordProblem] = field(default_factory=list)

    def read(self, record: PatientRecord) -> InterpretedRecord:
        """Find the signs of a record.

        A sign that is observed and excluded is left out, since nobody knows which is right. So is an excluded sign of which the
        patient has a kind. A sign that follows from another one adds nothing: the patient who has a kind of it has it too, and
        the patient without it has no kind of it. Only the one that says more counts.

        Args:
            record: The record.

        Returns:
            Its signs, each once, and a problem for each text that cannot be used or had to be changed.
        """
        self._problems, self._searches = [], 0
        observed = self._terms(record.observed, "observed")
        excluded = self._terms(record.excluded, "excluded")
        for id in [id for id in observed if id in excluded]:
            self._report("contradictory_term", f"{self._named(id)} is observed and excluded, so that it is left out")
            del observed[id], excluded[id]
        implied = self._leave_out_implied_observed(observed)
        for id in [id for id in excluded if id in implied]:
            self._report(
                "contradictory_term",
                f"{self._named(id)} is excluded, but {self._named(implied[id])}, which is a kind of it, is observed; "
                "the excluded term is left out",
            )
            del excluded[id]
        self._leave_out_implied_excluded(excluded)
        name = self.data.ontology.name
        signs = chain((Sign(id, name(id), "observed") for id in observed), (Sign(id, name(id), "excluded") for id in excluded))
        return InterpretedRecord(tuple(signs), tuple(self._problems))

    def _leave_out_implied_observed(self, observed: dict[str, None]) -> dict[str, str]:
        """Leave out observed terms that others imply.

        Returns:
            All terms above those that are left, each with one that implies it.
        """
        ancestors = {id: self.data.ontology.ancestors(id) for id in observed}
        above = {one for own in ancestors.values() for one in own}
        implied = {one: id for id, own in ancestors.items() if id not in above for one in own}
        for id in [id for id in observed if id in implied]:
            self._report(
                "implied_term",
                f"{self._named(id)} follows from {self._named(implied[id])}, which is a kind of it and is also observed; "
                "only the latter is used, so that both count once",
                True,
            )
            del observed[id]
        return implied

    def _leave_out_implied_excluded(self, excluded: dict[str, None]) -> None:
        """Leave out excluded terms that others imply: those below another excluded term."""
        for id in list(excluded):
            if above := next((one for one in self.data.ontology.ancestors(id) if one in excluded), None):
                self._report(
                    "implied_term",
                    f"{self._named(id)} is a kind of {self._named(above)}, which is also excluded; "
                    "only the latter is used, so that both count once",
                    True,
                )
                del excluded[id]

    def _terms(self, texts: tuple[str, ...], status: str) -> dict[str, None]:
        """Find terms of one status; a dict for its order."""
        found: dict[str, None] = {}
        for text in texts:
            if not text.strip():
                continue
            id = self._term(text)
            if id in found:
                self._report("duplicate_term", f"{self._named(id)} is listed as {status} more than once; it counts once", True)
            elif id:
                found[id] = None
        return found

    def _term(self, text: str) -> str | None:
        """Find the sign that a text means; None if it is none, with a problem."""
        match = self.data.names.find(text, 0)
        if match.how == "unknown" and self.suggest and self._searches < MAX_SUGGESTED:
            self._searches += 1
            match = self.data.names.find(text)
        if match.id is None:
            self._report_missing(text, match)
            return None
        if not self.data.ontology.is_sign(match.id):
            self._report_branch(match.id)
            return None
        if match.how == "former id":
            self._report("obsolete_term", f"{_quoted(text)} is a former id of {self._named(match.id)}, which is used", True)
        if match.how == "inexact synonym":
            self._report("inexact_synonym", f"{_quoted(text)} means about {self._named(match.id)}, which is used", True)
        return match.id

    def _report_missing(self, text: str, match: Match) -> None:
        candidates = listed((self._named(id) for id in match.candidates), 5)
        if match.how == "obsolete":
            hint = f"it may mean {candidates}" if match.candidates else "it has no successor"
            self._report("obsolete_term", f"{_quoted(text)} is an obsolete term of HPO, and is left out; {hint}")
        elif match.how == "ambiguous":
            self._report("ambiguous_term", f"{_quoted(text)} can mean {candidates}; it is left out: write one of these ids")
        else:
            hint = f"the closest: {candidates}" if match.candidates else "write an id such as HP:0000343, or a name"
            version = self.data.release.version
            self._report("unknown_term", f"{_quoted(text)} is no term of HPO {version}, and is left out; {hint}")

    def _report_branch(self, id: str) -> None:
        if id == PHENOTYPIC_ABNORMALITY:
            reason = "stands for any sign"
        else:
            reason = f"belongs to {self.data.ontology.branch(id)!r} and is no sign; only phenotypic abnormalities count"
        self._report("not_a_sign", f"{self._named(id)} {reason}; it is left out")

    def _report(self, code: str, message: str, used: bool = False) -> None:
        self._problems.append(RecordProblem(code, message, used))

    def _named(self, id: str | None) -> str:
        return f"{self.data.ontology.name(id)} ({id})" if id else ""


def _quoted(text: str) -> str:
    return quoted(text, MAX_TEXT)
