"""Writes ``predictions.parquet``: every single prediction, from which any other measure can be computed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..errors import DysfwError
from ..util.atomic import atomic_write
from .evaluation_data import EvaluationData
from .fold_runner import RECIPE
from .pooled_predictions import PooledPredictions
from .splits import Split


def write_predictions(path: Path, pooled: PooledPredictions, evaluation_data: EvaluationData, splits: Sequence[Split]) -> None:
    """Write a row for each model, repeat and tested image.

    The columns are model, repeat (from 1), split, path, patient, source, label, predicted, and "p:LABEL" for the probability of
    each condition. Rows of the recipe also have prediction_set (labels) and reasons (codes; empty if the prediction is
    reliable).

    Args:
        path: The Parquet file to write.
        pooled: The predictions.
        evaluation_data: The images.
        splits: The splits in which they were tested.

    Raises:
        DysfwError: If the file cannot be written.
    """
    import pyarrow as pa
    from pyarrow import parquet

    try:
        schema = _schema(evaluation_data.embedded.labels)
        with atomic_write(path) as unfinished, parquet.ParquetWriter(unfinished, schema) as file:
            for name in pooled.by_name:
                parts = [_table(name, pooled, evaluation_data, split) for split in splits]
                file.write_table(pa.concat_tables(parts))
    except OSError as error:
        raise DysfwError(f"cannot write {path}: {error.strerror or error}") from None


def _schema(labels: Sequence[str]):  # type: ignore[no-untyped-def]  # noqa: ANN202  # pyarrow has no types
    import pyarrow as pa

    text = ("model", "split", "path", "patient", "source", "label", "predicted")
    fields = [pa.field(name, pa.string()) for name in text]
    fields.insert(1, pa.field("repeat", pa.int32()))
    fields += [pa.field(f"p:{label}", pa.float32()) for label in labels]
    return pa.schema([*fields, pa.field("prediction_set", pa.list_(pa.string())), pa.field("reasons", pa.list_(pa.string()))])


def _table(  # type: ignore[no-untyped-def]  # noqa: ANN202  # pyarrow has no types
    name: str, pooled: PooledPredictions, evaluation_data: EvaluationData, split: Split
):
    """The rows of one model in one split.

    They are made column by column: as Python objects, the probabilities of hundreds of conditions would fill the memory.
    """
    import pyarrow as pa

    embedded, predicted = evaluation_data.embedded, pooled.by_name[name][split.repeat]
    labels = np.array(embedded.labels, object)
    rows = split.test_rows[~np.isnan(predicted[split.test_rows]).any(axis=1)]
    probabilities, samples = predicted[rows], [embedded.samples[n] for n in rows]
    columns: dict[str, object] = {
        "model": [name] * len(rows), "repeat": [split.repeat + 1] * len(rows), "split": [split.name] * len(rows),
        "path": [evaluation_data.names[n] for n in rows], "patient": [one.patient for one in samples],
        "source": [one.source for one in samples], "label": [one.label for one in samples],
        "predicted": labels[probabilities.argmax(axis=1)],
    }  # fmt: skip
    columns |= {f"p:{label}": probabilities[:, k] for k, label in enumerate(embedded.labels)}
    own = name == RECIPE
    columns["prediction_set"] = [labels[row].tolist() if own else None for row in pooled.sets[split.repeat, rows]]
    columns["reasons"] = [
        [notice.code for notice in pooled.reasons[split.repeat][n]] if own else None for n in rows
    ]  # fmt: skip
    schema = _schema(embedded.labels)
    return pa.table([pa.array(columns[field.name], field.type) for field in schema], schema=schema)
