"""The contract of face generators: they draw synthetic faces with the signs of a condition."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from ..types import ConditionIds, Sex, UInt8
from .ontology import ConditionSign


@dataclass(frozen=True, slots=True, eq=False)
class GeneratedFace:
    """A synthetic face.

    Attributes:
        pixels: uint8 [S, S, 3], sRGB.
        shown: Names of the signs that it shows.
        not_shown: Names of facial signs of the condition that it does not show: not every patient has each sign, and not every
            sign can be drawn.
    """

    pixels: UInt8
    shown: tuple[str, ...]
    not_shown: tuple[str, ...]


class FaceGenerator(ABC):
    """Base class of face generators, which plugins register with a ``FaceGeneratorSpec``.

    Threads of a server share one object: its methods must be safe to call at the same time.
    """

    @abstractmethod
    def generate(
        self,
        condition: ConditionIds,
        signs: Sequence[ConditionSign],
        *,
        number: int,
        size: int,
        age: float | None = None,
        sex: Sex | None = None,
    ) -> GeneratedFace | None:
        """Draw a typical face of a condition.

        Each sign is drawn as often as patients have it, so the faces differ as patients do. The same arguments give the same
        face.

        Args:
            condition: The condition.
            signs: Its signs, as an ontology knows them; empty if none is known.
            number: Which of the condition's faces, from 0.
            size: Side of the image, px.
            age: Age in years; None for any.
            sex: None for any.

        Returns:
            The face; None if no sign of the condition can be drawn.
        """
