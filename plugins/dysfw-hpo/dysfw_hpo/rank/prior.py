"""Prior probabilities of diseases, as the user gives them. Without them there are likelihood ratios and no probabilities."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dysfw.plugin import DysfwError, count, local_path, quoted, read_text

from .catalog import Catalog
from .lists import cells_of

Float64 = npt.NDArray[np.float64]
UNIFORM = "uniform"
MAX_SHOWN = 10  # problems that a message shows
TOLERANCE = 1e-6  # for the sum of priors, which people round
HINT = "write one disease a line: its id, a tab and its prior probability, such as OMIM:122470, a tab and 0.001"


@dataclass(frozen=True, slots=True, eq=False)
class Prior:
    """How probable each disease is before anything is known of the patient.

    Attributes:
        name: What results call it.
        probabilities: float64 [C], sum 1.
    """

    name: str
    probabilities: Float64


def uniform_prior(catalog: Catalog) -> Prior:
    """Take all diseases as equally probable."""
    number = len(catalog)
    return Prior(f"uniform over {number:,} diseases", np.full(number, 1 / number))


def find_prior(word: str, catalog: Catalog) -> Prior:
    """Read the value of ``--prior``.

    Args:
        word: "uniform", or the name of a file with a disease and its prior on each line. Diseases that are not listed share
            what is left equally.
        catalog: The C diseases.

    Returns:
        The prior.

    Raises:
        DysfwError: There is no such file, or lines of it cannot be used; the message names them.
    """
    if word == UNIFORM:
        return uniform_prior(catalog)
    path = local_path(word)
    given: dict[int, float] = {}
    problems = []
    for number, cells in _lines(path):
        if problem := _add(cells, catalog, given):
            problems.append(f"line {number}: {problem}")
    if not given and not problems:
        problems.append("it holds no disease")
    total = sum(given.values())
    if not problems and total > 1 + TOLERANCE:
        problems.append(f"the probabilities sum to {total:g}; at most 1 is allowed")
    if not problems and not total and len(given) == len(catalog):
        problems.append("all probabilities are 0")
    if problems:
        shown = "\n".join(f"  {problem}" for problem in problems[:MAX_SHOWN])
        more = f"\n  and {len(problems) - MAX_SHOWN:,} more" if len(problems) > MAX_SHOWN else ""
        raise DysfwError(f"{count(len(problems), 'problem')} in the prior {path}:\n{shown}{more}", hint=HINT)
    rest = max(0.0, 1 - total) / max(1, len(catalog) - len(given))
    probabilities = np.full(len(catalog), rest)
    probabilities[list(given)] = list(given.values())
    name = f"{path.name}: {count(len(given), 'disease')} listed, {rest:.2g} for each other"
    return Prior(name, probabilities / probabilities.sum())


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Numbered lines as cells, without comments, empty lines and a header."""
    started = False
    for number, line in enumerate(read_text(path, "prior").lstrip("\ufeff").splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        cells = cells_of(line)
        if started or ":" in cells[0] or (len(cells) > 1 and _number(cells[1]) is not None):
            yield number, cells
        started = True


def _add(cells: list[str], catalog: Catalog, given: dict[int, float]) -> str:
    """Add a line; returns what is wrong with it, or ""."""
    if len(cells) < 2:
        return f"found {quoted(cells[0], 40)} alone; expected a disease and a probability"
    id, share = cells[0].upper(), _number(cells[1])
    number = catalog.number_of.get(id)
    if number is None:
        return f"no annotated disease has the id {quoted(cells[0], 40)}"
    if number in given:
        return f"{id} is listed twice, or its entry in the other database is: {catalog[number].ids}"
    if share is None or not 0 <= share <= 1:
        return f"{id}: found {quoted(cells[1], 40)}; expected a probability from 0 to 1"
    given[number] = share
    return ""


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
