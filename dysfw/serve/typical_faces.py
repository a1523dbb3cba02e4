"""Synthetic faces with the signs of a condition: drawn when they are asked for, and kept for the next request."""

from __future__ import annotations

import asyncio
import io
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image as Pillow

from ..knowledge.face_generator import FaceGenerator
from ..knowledge.ontology import ConditionSign
from ..types import ConditionIds, Sex
from .plugin_calls import call_plugin

NUMBER = 6  # faces of a condition
SIZE = 320  # px
QUALITY = 88
MAX_KEPT = 600  # faces, of some 20 kB each


@dataclass(frozen=True, slots=True)
class DrawnFace:
    """A drawn face.

    Attributes:
        jpeg: The image.
        shown: Names of the signs that it shows.
        not_shown: Names of facial signs of the condition that it does not show.
    """

    jpeg: bytes
    shown: tuple[str, ...]
    not_shown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FaceOf:
    """Which face is wanted.

    Attributes:
        condition: The condition.
        number: Which of its faces, from 0.
        age: Age in years; None for any.
        sex: None for any.
    """

    condition: ConditionIds
    number: int
    age: float | None = None
    sex: Sex | None = None


class TypicalFaces:
    """Draws faces, one at a time, so that two processors still serve predictions.

    Args:
        generator: What draws.
    """

    def __init__(self, generator: FaceGenerator) -> None:
        self._generator = generator
        self._drawing = asyncio.Lock()
        self._kept: OrderedDict[FaceOf, DrawnFace | None] = OrderedDict()

    async def face(self, wanted: FaceOf, signs: Sequence[ConditionSign]) -> DrawnFace | None:
        """Draw a face, or return the one that was drawn before.

        Args:
            wanted: Which face.
            signs: The condition's signs.

        Returns:
            The face; None if no sign can be drawn.

        Raises:
            RequestError: The generator failed.
        """
        async with self._drawing:
            if wanted not in self._kept:
                self._kept[wanted] = await call_plugin("the generator of typical faces", self._draw, wanted, signs)
                if len(self._kept) > MAX_KEPT:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(wanted)
            return self._kept[wanted]

    def _draw(self, wanted: FaceOf, signs: Sequence[ConditionSign]) -> DrawnFace | None:
        face = self._generator.generate(
            wanted.condition, signs, number=wanted.number, size=SIZE, age=wanted.age, sex=wanted.sex
        )
        if face is None:
            return None
        file = io.BytesIO()
        Pillow.fromarray(face.pixels).save(file, "JPEG", quality=QUALITY)
        return DrawnFace(file.getvalue(), tuple(face.shown), tuple(face.not_shown))
