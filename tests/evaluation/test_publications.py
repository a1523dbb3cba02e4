"""No split divides a publication, in evaluation as in training."""

from pathlib import Path

import numpy as np
import pytest

from dysfw.data.dataset import Sample
from dysfw.errors import DysfwError
from dysfw.evaluation.splits import SplitConfig, describe_protocol, leave_out_small_conditions, make_splits
from dysfw.training.embedded_dataset import EmbeddedDataset
from dysfw.training.fit import _folds

LABELS = ("a", "b")


def published(papers=6, patients=5):
    """Two conditions, each in several publications with several patients."""
    samples = [
        Sample(Path(f"{label}-{paper}-{n}.jpg"), label, f"{label}-{paper}-{n}", publication=f"{label}-{paper}")
        for label in LABELS for paper in range(papers) for n in range(patients)
    ]  # fmt: skip
    y = np.array([LABELS.index(sample.label) for sample in samples])
    return EmbeddedDataset(
        embeddings=np.zeros((len(samples), 1, 4), np.float32), present=np.ones((len(samples), 1), bool), y=y,
        groups=np.arange(len(samples)), samples=tuple(samples), sha256=("",) * len(samples), failures=(),
        labels=LABELS, regions=("face",),
    )  # fmt: skip


def papers_of(embedded, rows):
    return {embedded.samples[n].publication for n in rows}


@pytest.mark.parametrize("folds", [2, 3, 5])
def test_no_fold_divides_a_publication(folds):
    embedded = published()
    splits, _ = make_splits(embedded, SplitConfig(folds=folds, repeats=2), "folds")
    pairs = [(split.train_rows, split.test_rows) for split in splits] + _folds(embedded, 0)
    for train_rows, test_rows in pairs:
        assert papers_of(embedded, train_rows).isdisjoint(papers_of(embedded, test_rows))
    assert sorted(np.concatenate([split.test_rows for split in splits if split.repeat == 0])) == list(range(len(embedded)))


def test_conditions_of_too_few_publications_are_named_so():
    embedded = published(papers=2, patients=9)
    with pytest.raises(DysfwError, match=r"too few publications for 5 folds in 'a' \(2 publications\)") as caught:
        leave_out_small_conditions(embedded.samples, SplitConfig(folds=5), "folds")
    assert "--folds 2" in caught.value.hint


def test_the_report_claims_it():
    protocol = describe_protocol("folds", SplitConfig(), [], knows_patients=True, knows_publications=True)
    assert "No patient and no publication is on both sides of a split" in protocol.claim
