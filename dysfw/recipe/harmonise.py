"""The block ``harmonise`` of a recipe: how photographs are made alike before anything but the detector sees them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ..imaging.harmonise import Background, Colour, Harmony
from .pretraining import Keys


class Harmonise(Keys):
    """See ``dysfw.imaging.harmonise.Harmony``. context: side of the square that is kept, over the face's longer side."""

    face: Annotated[int, Field(ge=32, le=1024)] = Harmony().face
    context: Annotated[float, Field(ge=1.5, le=4)] = Harmony().context
    quality: Annotated[int, Field(ge=1, le=95)] = Harmony().quality
    background: Background = Harmony().background
    colour: Colour = Harmony().colour
