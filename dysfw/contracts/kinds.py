"""The five kinds of component. Apart from their contracts, so that listing what is installed imports nothing else."""

from __future__ import annotations

from typing import Literal

Kind = Literal["detector", "segmenter", "backbone", "head", "fusion"]
KINDS: tuple[Kind, ...] = ("detector", "segmenter", "backbone", "head", "fusion")
