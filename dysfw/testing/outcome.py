"""What a check says: passed, failed (what was expected, what came, why it matters), not applicable, or failed as expected."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..util.text import count

Status = Literal["passed", "failed", "skipped", "expected to fail", "passes now"]


FEW = 12  # numbers of an array that are shown


class ContractViolation(Exception):
    """A component does not keep its contract."""

    def __init__(self, expected: str, found: str, why: str) -> None:
        super().__init__(f"expected: {expected}\nfound: {found}\nwhy it matters: {why}")


class NotApplicableError(Exception):
    """A check has nothing to check here; the text says why."""


def require(condition: object, expected: str, *, found: object, why: str) -> None:
    """Raise BrokenError unless the condition holds."""
    if not condition:
        raise ContractViolation(expected, _worded(found), why)


def _worded(found: object) -> str:
    """In one line."""
    if isinstance(found, np.ndarray) and found.size > FEW:
        finite = np.isfinite(found)
        rest = f", {np.count_nonzero(~finite):,} not finite" if not finite.all() else ""
        return f"{found.dtype} {list(found.shape)}{rest}"
    return " ".join(str(found).split())


@dataclass(frozen=True, slots=True)
class Outcome:
    """subject: "plugin dysfw-x" or "segmenter y". check: its name. message: the failure, or why it was skipped or expected.

    "passes now" is a failure that was expected and did not come: the expectation must go."""

    subject: str
    check: str
    status: Status
    message: str = ""

    @property
    def good(self) -> bool:
        """Whether nothing has to be done. What was skipped is not bad, and counted apart."""
        return self.status not in ("failed", "passes now")

    def __str__(self) -> str:
        indented = "".join(f"\n    {line}" for line in self.message.splitlines())
        return f"{self.status}: {self.subject}: {self.check}{indented}"


@dataclass(frozen=True, slots=True)
class Report:
    """All that was checked."""

    outcomes: tuple[Outcome, ...]

    def __iter__(self) -> Iterator[Outcome]:
        return iter(self.outcomes)

    @property
    def good(self) -> bool:
        return all(outcome.good for outcome in self.outcomes)

    def of(self, status: Status) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if outcome.status == status]

    @property
    def summary(self) -> str:
        """ "17 passed, 1 failed, 2 skipped" """
        kinds: tuple[Status, ...] = ("passed", "failed", "passes now", "skipped", "expected to fail")
        counted = [f"{len(self.of(status)):,} {status}" for status in kinds if self.of(status) or status == "passed"]
        return f"{', '.join(counted)} of {count(len(self.outcomes), 'check')}"

    def require(self) -> None:
        """Raise AssertionError with everything that is not good."""
        bad = [str(outcome) for outcome in self.outcomes if not outcome.good]
        if bad:
            raise AssertionError("\n".join([*bad, self.summary]))
