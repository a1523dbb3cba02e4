"""Problems of a recipe and their positions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ..errors import DysfwError
from ..util.text import count

Key = str | int
Path = tuple[Key, ...]  # from the top of a recipe to a value: ("backbone", "of", 0, "model")


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """Position of a value.

    Attributes:
        file: Path of a file, or "--set …".
        line: Line, from 1; 0 if there is none.
        column: Column, from 1; 0 if there is none.
    """

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem at one place.

    Attributes:
        position: Position of the value.
        path: Path of the value in the recipe.
        message: What is wrong and what is allowed.
        cause: The error that the message states, if there was one.
    """

    position: Position
    path: Path
    message: str
    cause: DysfwError | None = field(default=None, compare=False)

    def __str__(self) -> str:
        where = ".".join(map(str, self.path))
        return f"{self.position}: {where}: {self.message}" if where else f"{self.position}: {self.message}"


class RecipeError(DysfwError):
    """All problems of a recipe.

    Args:
        problems: The problems.

    Attributes:
        problems: The problems, by position.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(problems, key=lambda p: p.position)
        lines = "\n".join(f"  {problem}" for problem in self.problems)
        super().__init__(
            f"{count(len(self.problems), 'problem')} in the recipe:\n{lines}",
            hint="`dysfw components` lists the installed components, `dysfw recipe schema` their parameters.",
        )


def locate(positions: Mapping[Path, Position], path: Path) -> Position:
    """Find the position of a value.

    Args:
        positions: Positions by path.
        path: Path of the value.

    Returns:
        Its position, or that of the innermost value around it.
    """
    while path not in positions and path:
        path = path[:-1]
    return positions[path]
