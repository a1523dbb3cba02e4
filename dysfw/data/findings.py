"""What the checks of a data set report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..decoding.folders import Skipped
from ..tables.remarks import Remark

MAX_EXAMPLES = 10
UNLISTED = "unreadable_folders"  # code of the finding on folders that cannot be listed
Severity = Literal["exclusion", "warning", "note"]
ORDER: tuple[Severity, ...] = ("exclusion", "warning", "note")


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem found in a data set.

    Attributes:
        code: Machine-readable name of the problem.
        severity: "exclusion" if the images are not used, "warning" or "note" if they are.
        message: One line for people.
        images: Number of images concerned.
        examples: Names of the first few images, patients or labels concerned, unless the message names them.
    """

    code: str
    severity: Severity
    message: str
    images: int
    examples: tuple[str, ...] = ()


def unlisted_folders(skipped: Skipped) -> Finding:
    """Say which folders were left out because they cannot be listed."""
    message = f"left out: {skipped.sentences()['unlisted']}; check the permissions"
    return Finding(UNLISTED, "warning", message, skipped.unlisted, tuple(skipped.examples["unlisted"][:MAX_EXAMPLES]))


def finding_of(remark: Remark) -> Finding:
    """Turn a remark on a table into a finding."""
    return Finding(remark.code, remark.severity, remark.message, remark.number, remark.examples)
