"""Writes cases and their matched controls as one manifest."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ..types import PatientRecord
from .dataset import Sample
from .draft import write_rows

MATCHED_TO = "matched_to"
PLAIN = ("split", "source", "publication")  # columns that are written if any image has a value
CONSENT = {True: "yes", False: "no", None: ""}


def write_matched(output: Path, samples: Sequence[Sample], matched_to: Mapping[Path, str]) -> None:
    """Write a manifest with everything that is known of each image.

    Args:
        output: The file, ``.csv`` or ``.xlsx``. Paths are written relative to its folder.
        samples: The images.
        matched_to: The name of the case that each control was chosen for, by path; empty if nobody was matched.

    Raises:
        DysfwError: It cannot be written.
    """
    rows = [_cells(sample, matched_to) for sample in samples]
    always = ("label", "patient", *((MATCHED_TO,) if matched_to else ()))
    columns = [name for name in rows[0] if name in always or any(row[name] for row in rows)] if rows else list(always)
    write_rows(output, ("path", *columns), _rows(samples, rows, columns))


def _rows(samples: Sequence[Sample], rows: Sequence[Mapping[str, str]], columns: Sequence[str]) -> Iterator[list[Path | str]]:
    for sample, cells in zip(samples, rows, strict=True):
        yield [sample.path, *(cells[name] for name in columns)]


def _cells(sample: Sample, matched_to: Mapping[Path, str]) -> dict[str, str]:
    return {
        "label": sample.label,
        "patient": sample.patient or "",
        MATCHED_TO: matched_to.get(sample.path, ""),
        **{name: getattr(sample, name) or "" for name in PLAIN},
        "composite_consent": CONSENT[sample.composite_consent],
        **_record_cells(sample.record),
    }


def _record_cells(record: PatientRecord) -> dict[str, str]:
    return {
        "age": "" if record.age is None else f"{record.age:.6f}".rstrip("0").rstrip("."),
        "sex": record.sex or "",
        "ancestry": record.ancestry or "",
        "hpo_observed": _signs(record.observed),
        "hpo_excluded": _signs(record.excluded),
    }


def _signs(signs: Sequence[str]) -> str:
    """Signs in one cell; as a JSON list if a name holds what separates names."""
    text = ";".join(signs)
    plain = text.count(";") < max(1, len(signs)) and not any(mark in text for mark in "|\n\r\t[")
    return text if plain else json.dumps(list(signs), ensure_ascii=False)
