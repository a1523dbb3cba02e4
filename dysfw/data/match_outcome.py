"""What matching found: who was chosen, who could not be matched and why, and how alike the groups are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import DysfwError
from ..util.text import count, listed
from .balance import BalanceRow, balance
from .dataset import Sample
from .match_patients import EXACT, NEAR, MatchPatient, traits_of
from .matching import Matching, match

SCHEMA = "dysfw.match/1"


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A case without a control.

    Attributes:
        patient: Its name.
        code: A snake_case word for programs.
        reason: Why, for people. It says nothing of the patient's record.
    """

    patient: str
    code: str
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class MatchOutcome:
    """The result of matching.

    Attributes:
        cases: All cases.
        controls: All controls who could be chosen.
        chosen: For each case its controls, the most similar first.
        unmatched: The cases that have none.
        unknown: Controls of whom a variable is unknown, by variable.
        rows: The balance before and after.
    """

    cases: tuple[MatchPatient, ...]
    controls: tuple[MatchPatient, ...]
    chosen: tuple[tuple[MatchPatient, ...], ...]
    unmatched: tuple[Unmatched, ...]
    unknown: dict[str, int]
    rows: tuple[BalanceRow, ...]

    @property
    def matched_cases(self) -> tuple[MatchPatient, ...]:
        """The cases with at least one control."""
        return tuple(case for case, found in zip(self.cases, self.chosen, strict=True) if found)

    @property
    def matched_controls(self) -> tuple[MatchPatient, ...]:
        """The controls that were chosen."""
        return tuple(one for found in self.chosen for one in found)

    def samples(self, *, keep_unmatched: bool) -> tuple[Sample, ...]:
        """The images of the cases and of their controls.

        Args:
            keep_unmatched: Whether cases without a control are among them.
        """
        cases = self.cases if keep_unmatched else self.matched_cases
        return tuple(sample for one in (*cases, *self.matched_controls) for sample in one.samples)

    @property
    def matched_to(self) -> dict[Path, str]:
        """The name of the case that each image of a control was chosen for, by path."""
        pairs = zip(self.cases, self.chosen, strict=True)
        return {sample.path: case.name for case, found in pairs for one in found for sample in one.samples}


def match_patients(
    cases: Sequence[MatchPatient],
    controls: Sequence[MatchPatient],
    variables: Sequence[str],
    *,
    ratio: int,
    caliper: float,
    keep_unmatched: bool = False,
) -> MatchOutcome:
    """Choose the controls, and compare the groups.

    Args:
        cases: The cases.
        controls: The controls.
        variables: What they are matched on, some of ``VARIABLES``.
        ratio: The most controls that a case gets.
        caliper: The most by which a pair may differ, in pooled standard deviations.
        keep_unmatched: Whether cases without a control count after matching.

    Raises:
        DysfwError: A variable is unknown of all cases or of all controls, or there are too many patients.
    """
    _refuse_unknown(cases, controls, variables)
    matching = match(*traits_of(cases, controls, variables), ratio=ratio, caliper=caliper)
    chosen = tuple(tuple(controls[n] for n in found) for found in matching.controls)
    kept = [case for case, found in zip(cases, chosen, strict=True) if found or keep_unmatched]
    after = (kept, [one for found in chosen for one in found])
    unmatched = tuple(_why(case, n, matching, variables) for n, case in enumerate(cases) if not chosen[n])
    unknown = {name: sum(getattr(one, name) is None for one in controls) for name in variables}
    rows = balance((cases, controls), after if after[1] else None)
    return MatchOutcome(
        tuple(cases), tuple(controls), chosen, unmatched, {name: n for name, n in unknown.items() if n}, rows
    )  # fmt: skip


def _refuse_unknown(cases: Sequence[MatchPatient], controls: Sequence[MatchPatient], variables: Sequence[str]) -> None:
    problems = [
        f"{name} is unknown of all {count(len(group), role)}"
        for role, group in (("case", cases), ("control", controls))
        for name in variables
        if all(getattr(one, name) is None for one in group)
    ]
    if problems:
        raise DysfwError(
            f"cannot match: {listed(problems)}",
            hint="fill in the column of the manifest (yaw needs a segmenter that estimates the pose, such as face_mesh), or "
            "leave it out of --on",
        )


def _why(case: MatchPatient, n: int, matching: Matching, variables: Sequence[str]) -> Unmatched:
    if lacking := case.lacks(variables):
        return Unmatched(case.name, "unknown", f"{listed(lacking)} unknown, or contradictory")
    exact = [name for name in EXACT if name in variables]
    if not matching.same[n]:
        return Unmatched(case.name, "no_control_alike", f"no control of the same {' and '.join(exact)}")
    near = [name for name in NEAR if name in variables]
    alike = f" of the same {' and '.join(exact)}" if exact else ""
    if not matching.near[n]:
        return Unmatched(case.name, "outside_caliper", f"no control{alike} within the caliper of {listed(near)}")
    return Unmatched(case.name, "too_few_controls", f"too few controls{alike}: all that fit were chosen for other cases")
