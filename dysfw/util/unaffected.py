"""Finds the label of people without a condition."""

from __future__ import annotations

import re
from collections.abc import Sequence

NAMES = re.compile(r"(^|[-_ ])(unaffected|controls?|normal|healthy)$", re.IGNORECASE)


def find_unaffected(labels: Sequence[str]) -> str | None:
    """Find the label of the unaffected, such as "unaffected", "control" or "phantom-unaffected".

    Args:
        labels: All labels.

    Returns:
        The label; None if none or several have such a name.
    """
    candidates = [label for label in labels if NAMES.search(label)]
    return candidates[0] if len(candidates) == 1 else None
