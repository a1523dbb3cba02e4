"""The five kinds of component. A separate module, so that listing components imports no numpy."""

from __future__ import annotations

from typing import Literal

Kind = Literal["detector", "segmenter", "backbone", "head", "fusion"]
KINDS: tuple[Kind, ...] = ("detector", "segmenter", "backbone", "head", "fusion")
