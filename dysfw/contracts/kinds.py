"""The six kinds of component. A separate module, so that listing components imports no numpy."""

from __future__ import annotations

from typing import Literal

Kind = Literal["detector", "segmenter", "backbone", "head", "fusion", "evidence"]
PIPELINE_KINDS: tuple[Kind, ...] = ("detector", "segmenter", "backbone", "head", "fusion")  # every recipe has one of each
KINDS: tuple[Kind, ...] = (*PIPELINE_KINDS, "evidence")  # a recipe may have any number of evidence
PLURALS: dict[Kind, str] = {
    **{kind: f"{kind}s" for kind in PIPELINE_KINDS},
    "evidence": "evidence",
}  # for messages and headings
