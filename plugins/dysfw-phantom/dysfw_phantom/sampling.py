"""Draws a contact sheet of phantoms."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image as Pillow

from dysfw.plugin import DysfwError, Progress, UInt8

from .condition import Condition
from .phantom import capture, make_phantom
from .sheet import contact_sheet


@dataclass(frozen=True, slots=True)
class Sheet:
    """What to draw. rows: of each condition. same_patient: a row shows one patient."""

    conditions: tuple[Condition, ...]
    seed: int
    rows: int
    columns: int
    size: int
    severity: float
    same_patient: bool


def write_sheet(sheet: Sheet, output: Path, progress: Progress) -> None:
    """Draw it into a PNG file. Raises DysfwError where the file cannot be written."""
    wanted = [(condition, row) for condition in sheet.conditions for row in range(sheet.rows)]
    total = len(wanted) * sheet.columns
    cells = progress.track(_images(sheet, wanted), "rendering", total, "images")
    rows = [(condition.label, [next(cells) for _ in range(sheet.columns)]) for condition, _ in wanted]
    content = io.BytesIO()
    Pillow.fromarray(contact_sheet(rows)).save(content, "PNG")
    try:
        output.write_bytes(content.getvalue())
    except OSError as error:
        raise DysfwError(f"cannot write {output}: {error.strerror or error}") from None


def _images(sheet: Sheet, wanted: list[tuple[Condition, int]]) -> Iterator[UInt8]:
    """Row by row."""
    for row, (condition, _) in enumerate(wanted):
        for column in range(sheet.columns):
            number, index = (row, column) if sheet.same_patient else (row * sheet.columns + column, 0)
            phantom = make_phantom(condition, sheet.seed, number, severity=sheet.severity)
            yield capture(phantom, index, sheet.size).pixels
