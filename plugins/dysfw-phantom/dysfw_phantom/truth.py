"""Ground truth of each image as a table: terms, axes, identity, landmarks, regions and capture conditions."""

from __future__ import annotations

import csv
import dataclasses
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from dysfw import RESEARCH_USE

from .expression import EXPRESSIONS
from .landmarks import REGIONS, landmark_points, landmark_visible, region_outline
from .mesh import load_head
from .patient import ANCESTRIES
from .phantom import Phantom, RenderedImage
from .published.patients import PatientRecord
from .terms import terms

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

FORMAT = "dysfw.phantom.truth/1"
ROW_GROUP = 4_096  # rows that are written together
NOTE = f"Phantoms: synthetic faces, no real people. {RESEARCH_USE}"
MANIFEST_COLUMNS = (
    "path", "label", "patient", "split", "source", "age", "sex", "hpo_observed", "hpo_excluded", "publication",
)  # fmt: skip
Row = dict[str, object]


def record(phantom: Phantom, published: PatientRecord | None) -> Row:
    """Create the columns of the manifest that describe the patient, as a clinician would record them.

    Args:
        phantom: The phantom.
        published: What is recorded of the patient. An age or sex that is not published stays empty.

    Returns:
        Text by column: age in years, sex, HPO ids with semicolons, and the number of a publication.
    """
    patient = phantom.patient
    if published:
        return _record(published.age, published.sex or "", published.observed, published.excluded, published.publication)
    return _record(patient.age, {0.0: "female", 1.0: "male"}.get(patient.sex, ""), tuple(patient.terms), (), "")


def _record(age: float | None, sex: str, observed: Sequence[str], excluded: Sequence[str], publication: str) -> Row:
    return {
        "age": "" if age is None else f"{age:.2f}", "sex": sex,
        "hpo_observed": ";".join(observed), "hpo_excluded": ";".join(excluded), "publication": publication,
    }  # fmt: skip


def truth_row(phantom: Phantom, image: RenderedImage) -> Row:
    """Create the row of one image, without the columns that describe the file.

    Args:
        phantom: The phantom.
        image: Its image.

    Returns:
        Values by column. Points are in px, with the centre of the first pixel at 0.5.
    """
    return dict(
        [
            *_patient(phantom),
            *_positions(image),
            *_columns("image", _fields(image.capture) | {"expression": _expression(image)}),
            *_columns("appearance", _fields(phantom.appearance)),
        ]
    )


def _patient(phantom: Phantom) -> Iterator[tuple[str, object]]:
    patient = phantom.patient
    for term in terms():
        yield f"term:{term}", float(patient.terms.get(term, 0.0))
    for name, value in patient.axes.items():
        yield f"attribute:{name}", float(value)
    yield "attribute:age", float(patient.age)
    yield "attribute:sex", float(patient.sex)
    for name, value in patient.traits.items():
        if name != "side":
            yield f"attribute:trait.{name}", float(value)
    for name, fraction in zip(ANCESTRIES, patient.ancestry, strict=True):
        yield f"attribute:trait.base shape {name}", float(fraction)
    yield "patient:side", float(patient.traits["side"])


def _positions(image: RenderedImage) -> Iterator[tuple[str, object]]:
    head = load_head()
    visible = landmark_visible(head, image.visible)
    for name, (x, y) in landmark_points(head, image.points).items():
        yield f"landmark:{name}:x", float(x)
        yield f"landmark:{name}:y", float(y)
        yield f"landmark:{name}:visible", bool(visible[name])
    for name in REGIONS:
        yield f"region:{name}", region_outline(head, name, image.points).ravel().tolist()


def _expression(image: RenderedImage) -> dict[str, float]:
    """Return the strength of every expression; most are 0."""
    return {name: float(image.capture.expression.get(name, 0.0)) for name in EXPRESSIONS}


def _fields(record: DataclassInstance) -> dict[str, object]:
    return {field.name: getattr(record, field.name) for field in dataclasses.fields(record)}


def _columns(kind: str, values: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Yield a column for each field; each key of a mapping becomes a column."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _columns(kind, value)
        elif isinstance(value, tuple | list | np.ndarray):
            yield f"{kind}:{name}", [float(x) for x in value]
        else:
            yield f"{kind}:{name}", value


def rows_to_table(rows: Sequence[Row]) -> pa.Table:
    """Convert rows to a table.

    Args:
        rows: Rows with the same columns.

    Returns:
        The table; real numbers are float32.
    """
    schema = pa.schema([(name, _type(value)) for name, value in rows[0].items()])
    return pa.Table.from_pylist(rows, schema)


def _type(value: object) -> pa.DataType:
    match value:
        case bool():
            return pa.bool_()
        case int():
            return pa.int64()
        case float():
            return pa.float32()
        case list():
            return pa.list_(pa.float32())
    return pa.string()


def write_truth(parts: Sequence[Path], path: Path) -> None:
    """Concatenate the tables of all chunks, without holding all of them in memory.

    Args:
        parts: Parquet files of the chunks.
        path: The Parquet file to write.
    """
    schema = pq.read_schema(parts[0]).with_metadata({"format": FORMAT, "note": NOTE})
    waiting: list[pa.Table] = []
    with pq.ParquetWriter(path, schema, compression="zstd") as file:
        for part in parts:
            waiting.append(pq.read_table(part).replace_schema_metadata(schema.metadata))
            if sum(len(table) for table in waiting) >= ROW_GROUP:
                file.write_table(pa.concat_tables(waiting))
                waiting.clear()
        if waiting:
            file.write_table(pa.concat_tables(waiting))


def manifest_csv(truth: Path) -> str:
    """Create the manifest.

    Args:
        truth: The ground truth.

    Returns:
        CSV text with the columns ``MANIFEST_COLUMNS``.
    """
    table = pq.read_table(truth, columns=list(MANIFEST_COLUMNS))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(MANIFEST_COLUMNS)
    writer.writerows(zip(*(table[name].to_pylist() for name in MANIFEST_COLUMNS), strict=True))
    return text.getvalue()
