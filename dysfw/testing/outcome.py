"""Results of checks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..util.text import count

Status = Literal["passed", "failed", "skipped", "expected to fail", "passed unexpectedly"]

MAX_SHOWN = 12  # longest array whose values a message shows


class ContractViolationError(Exception):
    """A component or plugin violates its contract.

    Args:
        expected: What the contract requires.
        found: What was found instead.
        why: Why it matters.
    """

    def __init__(self, expected: str, found: str, why: str) -> None:
        super().__init__(f"expected: {expected}\nfound: {found}\nwhy it matters: {why}")


class NotApplicableError(Exception):
    """A check does not apply to a subject; the message says why."""


def require(condition: object, expected: str, *, found: object, why: str) -> None:
    """Require that a condition holds.

    Args:
        condition: Anything with a truth value.
        expected: What the contract requires.
        found: What was found instead; a long array is summarised.
        why: Why it matters.

    Raises:
        ContractViolationError: If it does not hold.
    """
    if not condition:
        raise ContractViolationError(expected, _one_line(found), why)


def _one_line(found: object) -> str:
    if isinstance(found, np.ndarray) and found.size > MAX_SHOWN:
        finite = np.isfinite(found)
        rest = f", {np.count_nonzero(~finite):,} not finite" if not finite.all() else ""
        return f"{found.dtype} {list(found.shape)}{rest}"
    return " ".join(str(found).split())


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one check.

    Attributes:
        subject: What was checked: "plugin dysfw-x" or "segmenter y".
        check: Name of the check.
        status: The result. "passed unexpectedly" means that a failure was expected and did not occur; remove the expectation.
        message: The failure, or why the check was skipped or expected to fail.
    """

    subject: str
    check: str
    status: Status
    message: str = ""

    @property
    def good(self) -> bool:
        """Whether no action is needed. True for skipped checks, which are counted separately."""
        return self.status not in ("failed", "passed unexpectedly")

    def __str__(self) -> str:
        indented = "".join(f"\n    {line}" for line in self.message.splitlines())
        return f"{self.status}: {self.subject}: {self.check}{indented}"


@dataclass(frozen=True, slots=True)
class Report:
    """The results of several checks.

    Attributes:
        outcomes: One for each check, in order.
    """

    outcomes: tuple[Outcome, ...]

    def __iter__(self) -> Iterator[Outcome]:
        return iter(self.outcomes)

    @property
    def good(self) -> bool:
        """Whether all outcomes are good."""
        return all(outcome.good for outcome in self.outcomes)

    def of(self, status: Status) -> list[Outcome]:
        """The outcomes of one status."""
        return [outcome for outcome in self.outcomes if outcome.status == status]

    @property
    def summary(self) -> str:
        """Counts by status, such as "17 passed, 1 failed, 2 skipped of 20 checks"."""
        kinds: tuple[Status, ...] = ("passed", "failed", "passed unexpectedly", "skipped", "expected to fail")
        counted = [f"{len(self.of(status)):,} {status}" for status in kinds if self.of(status) or status == "passed"]
        return f"{', '.join(counted)} of {count(len(self.outcomes), 'check')}"

    def require(self) -> None:
        """Require that all outcomes are good.

        Raises:
            AssertionError: With every outcome that is not good.
        """
        bad = [str(outcome) for outcome in self.outcomes if not outcome.good]
        if bad:
            raise AssertionError("\n".join([*bad, self.summary]))
