"""Splits the lines of small text files that people write or download: lists of genes, and priors."""

from __future__ import annotations

import csv
import re

SEPARATORS = ("\t", ";", ",")


def cells_of(line: str) -> list[str]:
    """Split a line at tabs, or at semicolons, or at commas, or at spaces: at what comes first in this list and occurs in it.

    Args:
        line: A line of a file.

    Returns:
        Its cells without quotes and space around them; at least one.
    """
    separator = next((one for one in SEPARATORS if one in line), None)
    cells = re.split(r"\s+", line.strip()) if separator is None else next(csv.reader([line], delimiter=separator))
    return [cell.strip().strip('"').strip() for cell in cells] or [""]
