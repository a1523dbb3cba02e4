"""Contact sheets of phantoms."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image as Pillow

from dysfw.plugin import DysfwError, Progress, UInt8, atomic_write

from .condition import Condition
from .phantom import capture, make_phantom
from .sheet import contact_sheet


@dataclass(frozen=True, slots=True)
class SheetConfig:
    """What a contact sheet shows.

    Attributes:
        conditions: The conditions.
        seed: Random seed.
        rows: Rows per condition.
        columns: Images per row.
        size: Side of an image, px.
        severity: Factor on the severity of all terms.
        same_patient: Whether all images in a row show the same patient.
    """

    conditions: tuple[Condition, ...]
    seed: int
    rows: int
    columns: int
    size: int
    severity: float
    same_patient: bool


def write_sheet(config: SheetConfig, output: Path, progress: Progress) -> None:
    """Render a contact sheet to a PNG file.

    Args:
        config: What the sheet shows.
        output: The PNG file.
        progress: Receives the progress.

    Raises:
        DysfwError: The file cannot be written.
    """
    conditions = [condition for condition in config.conditions for _ in range(config.rows)]
    total = len(conditions) * config.columns
    images = progress.track(_images(config, conditions), "rendering", total, "images")
    rows = [(condition.label, [next(images) for _ in range(config.columns)]) for condition in conditions]
    content = io.BytesIO()
    Pillow.fromarray(contact_sheet(rows)).save(content, "PNG")
    try:
        with atomic_write(output) as unfinished:
            unfinished.write_bytes(content.getvalue())
    except OSError as error:
        raise DysfwError(f"cannot write {output}: {error.strerror or error}") from None


def _images(config: SheetConfig, conditions: list[Condition]) -> Iterator[UInt8]:
    """Render the images row by row, given the condition of each row."""
    for row, condition in enumerate(conditions):
        for column in range(config.columns):
            number, index = (row, column) if config.same_patient else (row * config.columns + column, 0)
            phantom = make_phantom(condition, config.seed, number, severity=config.severity)
            yield capture(phantom, index, config.size).pixels
