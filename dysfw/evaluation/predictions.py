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
                rows = _rows(name, pooled, evaluation_data, splits)
                file.write_table(pa.Table.from_pylist(rows, schema=file.schema))
    except OSError as error:
        raise DysfwError(f"cannot write {path}: {error.strerror or error}") from None


def _schema(labels: Sequence[str]):  # type: ignore[no-untyped-def]  # noqa: ANN202  # pyarrow has no types
    import pyarrow as pa

    text = ("model", "split", "path", "patient", "source", "label", "predicted")
    fields = [pa.field(name, pa.string()) for name in text]
    fields.insert(1, pa.field("repeat", pa.int32()))
    fields += [pa.field(f"p:{label}", pa.float32()) for label in labels]
    return pa.schema([*fields, pa.field("prediction_set", pa.list_(pa.string())), pa.field("reasons", pa.list_(pa.string()))])


def _rows(
    name: str, pooled: PooledPredictions, evaluation_data: EvaluationData, splits: Sequence[Split]
) -> list[dict[str, object]]:
    embedded, rows = evaluation_data.embedded, []
    labels = embedded.labels
    for split in splits:
        for n in split.test_rows:
            probabilities = pooled.by_name[name][split.repeat, n]
            if np.isnan(probabilities).any():
                continue
            sample = embedded.samples[n]
            row: dict[str, object] = {
                "model": name, "repeat": split.repeat + 1, "split": split.name, "path": evaluation_data.names[n],
                "patient": sample.patient, "source": sample.source, "label": sample.label,
                "predicted": labels[int(probabilities.argmax())],
            }  # fmt: skip
            row |= {f"p:{label}": float(p) for label, p in zip(labels, probabilities, strict=True)}
            if name == RECIPE:
                row["prediction_set"] = [labels[k] for k in np.flatnonzero(pooled.sets[split.repeat, n])]
                row["reasons"] = [notice.code for notice in pooled.reasons[split.repeat][n]]
            rows.append(row)
    return rows
