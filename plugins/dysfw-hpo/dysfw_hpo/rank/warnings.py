"""What to know of a ranking before it is used, in the words of ``dysfw rank``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dysfw.plugin import PatientRecord, count, listed

if TYPE_CHECKING:
    from .patient import RankedPatient


def warnings_of(result: RankedPatient) -> list[str]:
    """List the warnings of a result, but not those on signs and images, which it holds elsewhere.

    Args:
        result: The result.
    """
    warnings, panel, recipe = [], result.ranking.panel, result.recipe
    if panel and panel.message:
        warnings.append(panel.message)
    if recipe and recipe.phantoms:
        warnings.append(of_phantoms(recipe.name, recipe.phantoms))
    if result.unused:
        warnings.append(of_unused(result.unused))
    return warnings


def of_phantoms(name: str, phantoms: Sequence[str]) -> str:
    """Warn of a recipe that was trained on phantoms.

    Args:
        name: The recipe or the bundle.
        phantoms: Its labels that imitate diseases.
    """
    return (
        f"{name} was trained on PHANTOMS that imitate {count(len(phantoms), 'disease')}: for a photo of a person, what it says "
        "of the face is meaningless, and so is the ranking"
    )


def of_unused(parts: Sequence[str]) -> str:
    """Warn of parts of the record that the ranking does not use.

    Args:
        parts: Their names.
    """
    return f"not used to rank: {listed(parts)}; a recipe with the evidence demographics uses age and sex, for what it knows"


def nothing_to_rank(record: PatientRecord, *, with_images: bool) -> str:
    """Say why there is nothing to rank by.

    Args:
        record: The record, of which no sign can be used.
        with_images: Whether there are images, of which none can be used.
    """
    images = "no image can be used" if with_images else "there is no image"
    written = len(record.observed) + len(record.excluded)
    if written:
        also = f", and {images}" if with_images else ""
        return f"there is nothing to rank by: none of the {count(written, 'sign')} of the record can be used{also}"
    others = [name for name in ("age", "sex", "ancestry") if getattr(record, name) is not None]
    if others:
        return f"there is nothing to rank by: the record has {listed(others)}, but no sign, and {images}"
    if with_images:
        return f"there is nothing to rank by: the patient has no signs, and {images}"
    return "there is nothing to rank by: the patient has neither signs nor an image"
