"""Predictions files: what is read is what was written, and every mistake is named, with all others."""

import csv
import gzip
import os

import numpy as np
import pytest
from protocol_data import dataset_of, long_tailed

from dysfw.errors import DysfwError
from dysfw.evaluation.protocol import predictions_file
from dysfw.evaluation.protocol.frequent_rare import FrequentRare
from dysfw.evaluation.protocol.predictions_file import read_predictions, write_predictions, write_splits
from dysfw.evaluation.protocol.protocol import checked_plan


@pytest.fixture(scope="module")
def plan():
    return checked_plan(FrequentRare(), long_tailed())


@pytest.fixture(scope="module")
def predictions(plan):
    rng = np.random.default_rng(0)
    made = []
    for split in plan.splits:
        scores = np.full((len(split.test_rows), len(plan.labels)), np.nan)
        scores[:, plan.candidates(split)] = rng.normal(0, 5, (len(scores), len(plan.candidates(split)))).astype(np.float32)
        made.append(scores)
    return made


@pytest.fixture
def table(plan, predictions, tmp_path):
    """The rows as text, header first, to be changed; and how to read them."""
    rows = [["setting", "split", "path", *(f"p:{label}" for label in plan.labels)]]
    for split, scores in zip(plan.splits, predictions, strict=True):
        for row, values in zip(split.test_rows, scores, strict=True):
            texts = ["" if np.isnan(value) else repr(float(value)) for value in values]
            rows.append([split.setting, str(split.number), plan.names[row], *texts])

    class Table:
        def __init__(self):
            self.rows = rows

        def write(self, name="predictions.csv"):
            opened = gzip.open if name.endswith(".gz") else open
            with opened(tmp_path / name, "wt", encoding="utf-8", newline="") as file:
                csv.writer(file, delimiter="\t" if ".tsv" in name else ",").writerows(self.rows)
            return tmp_path / name

        def problems(self):
            with pytest.raises(DysfwError) as caught:
                read_predictions(self.write(), plan)
            assert "dysfw data splits" in caught.value.hint
            return caught.value.message

        def column(self, name):
            return self.rows[0].index(name)

    return Table()


def assert_same(found, expected):
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("name", ["predictions.csv", "predictions.csv.gz", "predictions.tsv", "p.tsv.gz"])
def test_a_text_file_is_read_in_any_order(table, plan, predictions, name):
    head, *rest = table.rows
    rest = [[row[2], *row[:2], *row[:2:-1]] for row in reversed(rest)]
    table.rows = [[head[2], *head[:2], *head[:2:-1]], *rest]
    assert_same(read_predictions(table.write(name), plan)[0], predictions)


def test_a_file_that_dysfw_writes_is_read_to_the_bit(plan, predictions, tmp_path):
    write_predictions(tmp_path / "predictions.parquet", plan, predictions)
    assert_same(read_predictions(tmp_path / "predictions.parquet", plan)[0], predictions)


def test_paths_may_be_those_of_windows(table, plan, predictions):
    for row in table.rows[1:]:
        row[2] = ".\\" + row[2].replace("/", "\\")
    assert_same(read_predictions(table.write(), plan)[0], predictions)


def test_all_mistakes_are_named_at_once(table):
    table.rows[1][0] = "frequent-in-frequnt"
    table.rows[2][1] = "11"
    table.rows[3][2] = "A/A99-0.jpg"
    table.rows[4][2] = "i/i0-0.jpg"
    table.rows.append(table.rows[5])
    table.rows[6][3] = "high"
    table.rows[7][3] = ""
    table.rows[8][3] = "nan"
    table.rows[9][3] = "inf"
    rare = next(row for row in table.rows if row[0] == "rare-in-rare")
    rare[table.column("p:A")] = "0.5"
    message = table.problems()
    assert message.startswith("10 problems in ")
    for expected in (
        "unknown setting, in row 2: 'frequent-in-frequnt'; did you mean 'frequent-in-frequent'? "
        "(allowed: frequent-in-frequent, rare-in-rare, frequent-in-all, rare-in-all)",
        "unknown split, in row 3: 'frequent-in-frequent 11'",
        "path that is not in the data set, in row 4: 'A/A99-0.jpg'; did you mean 'A/A9-0.jpg'?",
        "image that is not tested in this split, in row 5: 'i/i0-0.jpg'",
        "test that has a row already, in row",
        "value that is not a number, in row 7: 'p:A high'",
        "no value for a candidate, in row 8: 'p:A'",
        "value that is not finite, in rows 9, 10: 'p:A nan', 'p:A inf'",
        "value for a condition that is no candidate, in row",
    ):
        assert expected in message


def test_missing_rows_are_counted_with_examples(table, plan):
    total = len(table.rows) - 1
    del table.rows[5:]
    assert f"{total - 4} of {total} tests have no row, such as frequent-in-frequent, split 1, " in table.problems()


def test_columns_of_conditions_are_checked(table):
    table.rows[0][table.column("p:h")] = "p:H"
    message = table.problems()
    assert "1 column of unknown conditions: 'p:H'; did you mean 'p:h'?" in message
    assert "1 column missing: 'p:h'" in message
    assert "no value" not in message  # said once, not for each row


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"setting,split\n", "no column 'path'"),
        (b"a,b\n1,2\n", "no column 'setting'"),
        (b"\x89PNG\r\n\x1a\n\0\0", "is not text"),
        (b"\x1f\x8b broken", "cannot unpack"),
        (gzip.compress(b"setting,split,path\n" * 9)[:-6], "cannot unpack"),
        (b"setting,split,path\n", "tests have no row"),
    ],
    ids=["empty", "column", "columns", "image", "gzip", "cut", "no rows"],
)
def test_files_that_are_no_predictions_are_named(plan, tmp_path, content, message):
    path = tmp_path / "given.csv"
    path.write_bytes(content)
    with pytest.raises(DysfwError, match=message) as caught:
        read_predictions(path, plan)
    assert str(path) in caught.value.message
    assert "/dysfw-" not in caught.value.message  # where it was unpacked


def test_files_that_are_too_large_are_refused(plan, tmp_path, monkeypatch):
    monkeypatch.setattr(predictions_file, "MAX_BYTES", 1000)
    (tmp_path / "large.csv").write_bytes(b"setting,split,path\n" * 100)
    (tmp_path / "large.csv.gz").write_bytes(gzip.compress(b"setting,split,path\n" * 100))
    for name in ("large.csv", "large.csv.gz"):
        with pytest.raises(DysfwError, match="more than 1,000 bytes|larger than 1,000 bytes"):
            read_predictions(tmp_path / name, plan)


def test_splits_are_written_with_every_gallery_and_test(plan, tmp_path):
    write_splits(tmp_path / "splits.csv", plan)
    rows = list(csv.DictReader((tmp_path / "splits.csv").open(encoding="utf-8")))
    training = [row for row in rows if row["role"] == "training"]
    assert training == rows[: len(training)]
    assert [row["path"] for row in training] == [plan.names[n] for n in plan.training_rows]
    assert {(row["setting"], row["split"]) for row in training} == {("training", "0")}
    for split in plan.splits:
        own = [row for row in rows if (row["setting"], row["split"]) == (split.setting, str(split.number))]
        assert [row["path"] for row in own if row["role"] == "gallery"] == [plan.names[n] for n in split.gallery_rows]
        assert [row["path"] for row in own if row["role"] == "test"] == [plan.names[n] for n in split.test_rows]
        assert all(row["path"].startswith(row["label"] + "/") for row in own)


@pytest.mark.skipif(os.name == "nt", reason="names of files are text there")
def test_names_that_are_no_text_or_end_in_a_space_are_written_and_read(tmp_path):
    endings = ("", " ", "\udce9")
    rows = [(label, None, f"{label}{n}{endings[n]}", 1) for label in ("A", "B\udcff") for n in range(3)]
    plan = checked_plan(FrequentRare(), dataset_of(rows))
    predictions = [np.zeros((len(split.test_rows), 2)) for split in plan.splits]
    write_predictions(tmp_path / "predictions.parquet", plan, predictions)
    assert_same(read_predictions(tmp_path / "predictions.parquet", plan)[0], predictions)
    write_splits(tmp_path / "splits.csv", plan)
    assert r"B\xff/B\xff2\xe9-0.jpg,B\xff" in (tmp_path / "splits.csv").read_text(encoding="utf-8")
    assert len(plan.fingerprint) == 64
