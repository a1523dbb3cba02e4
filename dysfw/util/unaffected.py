"""Which label is that of people without a condition."""

from __future__ import annotations

import re
from collections.abc import Sequence

NAMES = re.compile(r"(^|[-_ ])(unaffected|controls?|normal|healthy)$", re.IGNORECASE)


def find_unaffected(labels: Sequence[str]) -> str | None:
    """The only label that is called so, if just one is: "unaffected", "control", "phantom-unaffected" …"""
    found = [label for label in labels if NAMES.search(label)]
    return found[0] if len(found) == 1 else None
