"""What is wrong with a recipe, and where: all of it at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..errors import DysfwError
from ..util.text import count

Key = str | int
Path = tuple[Key, ...]  # from the top of a recipe to a value: ("backbone", "of", 0, "model")


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """Where a value is written: a file or "--set …", line and column counted from 1 (0 where there are none)."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, at one place."""

    position: Position
    path: Path
    message: str

    def __str__(self) -> str:
        where = ".".join(map(str, self.path))
        return f"{self.position}: {where}: {self.message}" if where else f"{self.position}: {self.message}"


class RecipeError(DysfwError):
    """Everything that is wrong with a recipe."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(problems, key=lambda p: p.position)
        lines = "\n".join(f"  {problem}" for problem in self.problems)
        super().__init__(
            f"{count(len(self.problems), 'problem')} in the recipe:\n{lines}",
            hint="`dysfw components` lists what a recipe may name, `dysfw recipe schema` every parameter.",
        )


def locate(positions: Mapping[Path, Position], path: Path) -> Position:
    """The position of the value at ``path``, or of the nearest thing around it."""
    while path not in positions and path:
        path = path[:-1]
    return positions[path]
