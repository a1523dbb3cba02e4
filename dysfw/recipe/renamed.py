"""Names that were changed: recipes and bundles that use the old ones go on working, with a warning that says the new one.

A component lists those of its parameters in ``Component.renamed``, its own in ``ComponentSpec.formerly``; the recipe's stand
here.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping

from .problems import Path, Position, locate

# Of keys outside components: the path of the block, and in it old name -> new name.
KEYS: dict[Path, dict[str, str]] = {}


class RenamedWarning(FutureWarning):
    """A recipe uses a name that was changed. Shown to users, who can change it."""


def with_new_names(
    value: dict[str, object], path: Path, names: Mapping[str, str], positions: dict[Path, Position]
) -> dict[str, object]:
    """The block at ``path`` under its keys' new names. Where both are given, as by a recipe that extends an older one, that of
    more weight counts: ``--set`` before the recipe, the recipe before those that it extends; of two equals the new one. What
    is said later about a value is said where it is written: ``positions`` learns its new path."""
    renamed = dict(value)
    for old, new in names.items():
        if old not in renamed:
            continue
        found = renamed.pop(old)
        place = locate(positions, (*path, old))
        where = f"{place}: {'.'.join(map(str, (*path, old)))}"
        if new in renamed and _weight(positions, place) <= _weight(positions, locate(positions, (*path, new))):
            warnings.warn(
                f"{where} is now called {new!r}, which is given too: {old!r} is ignored", RenamedWarning, stacklevel=2
            )
            continue
        warnings.warn(f"{where} is now called {new!r}", RenamedWarning, stacklevel=2)
        renamed[new] = found
        below = len(path) + 1
        positions |= {(*path, new, *p[below:]): place for p, place in positions.items() if p[:below] == (*path, old)}
    return renamed


def _weight(positions: Mapping[Path, Position], place: Position) -> int:
    return 2 if place.file.startswith("--set ") else int(place.file == positions[()].file)
