"""Fits a head for each region, and makes the out-of-fold predictions on which fusion and calibration are fitted."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..bundle.contents import OutOfFoldPredictions
from ..contracts.components import Head
from ..errors import DysfwError
from ..inference.fusion import FOLDS
from ..reliability.ood import fit_embedding_distribution
from ..stats.folds import patient_folds
from ..types import Float32, Int64, State
from ..util.progress import Progress, Silent
from ..util.text import count
from ..util.workers import map_in_workers
from .embedded_dataset import EmbeddedDataset
from .evidence import MakeEvidence, out_of_fold_evidence
from .fit_cache import FitCache

MakeHead = Callable[[tuple[str, ...]], Head]
Embed = Callable[[Int64], Float32]
Fold = tuple[Int64, Int64]  # rows to train and to test on
FoldTask = tuple[int, Int64, Int64]  # region, and the fold's rows


def fit_heads(
    make_head: MakeHead, embedded: EmbeddedDataset, progress: Progress | None = None, known: FitCache | None = None
) -> dict[str, Head]:
    """Fit one head for each region, on the images in which the region is present.

    Args:
        make_head: Makes an unfitted head for the given labels.
        embedded: The images.
        progress: Where the work is shown.
        known: Heads that are known from before; receives the others.

    Returns:
        The heads by region.

    Raises:
        DysfwError: If a head cannot be fitted.
    """
    progress = progress or Silent()
    rows, total = np.arange(len(embedded)), len(embedded.regions)
    states = {r: state for r in range(total) if known and (state := known.state(r, rows))}
    tasks = [(r, rows) for r in range(total) if r not in states]
    fitted = map_in_workers(_fit_state, Fitting(make_head, embedded), tasks, progress.note)
    for number, state in progress.track(fitted, "fitting", total, "heads", start=len(states)):
        states[tasks[number][0]] = state
        if known:
            known.put_state(*tasks[number], state)
    heads = {}
    for r, region in enumerate(embedded.regions):
        heads[region] = make_head(embedded.labels)
        heads[region].restore(states[r])
    return heads


@dataclass(frozen=True, slots=True, eq=False)
class Fitting:
    """What fitting a head needs.

    Attributes:
        make_head: Makes an unfitted head for the given labels.
        embedded: The images.
    """

    make_head: MakeHead
    embedded: EmbeddedDataset

    def head(self, r: int, rows: Int64) -> Head:
        """Fit the head of one region.

        Args:
            r: Number of the region.
            rows: int64 [n], the images to use, as far as they show the region.

        Raises:
            DysfwError: If the head cannot be fitted.
        """
        from sklearn.exceptions import ConvergenceWarning

        embedded = self.embedded
        use = rows[embedded.present[rows, r]]
        head = self.make_head(embedded.labels)
        with warnings.catch_warnings():
            warnings.simplefilter("error", ConvergenceWarning)
            try:
                head.fit(embedded.embeddings[use, r], embedded.y[use], len(embedded.labels), embedded.split_groups[use])
            except (ValueError, ConvergenceWarning) as error:
                raise DysfwError(
                    f"the head of region {embedded.regions[r]!r} cannot be fitted on {count(len(use), 'image')}: {error}"
                ) from None
        return head


def _fit_state(fitting: Fitting, task: tuple[int, Int64]) -> State:
    return fitting.head(*task).state()


def _predict_test_rows(fitting: Fitting, task: tuple[int, Int64, Int64]) -> Float32:
    """Fit the head of a region on training rows, and predict the test rows that show the region."""
    r, train_rows, test_rows = task
    head, rows = fitting.head(r, train_rows), test_rows[fitting.embedded.present[test_rows, r]]
    return head.predict(fitting.embedded.embeddings[rows, r]) if len(rows) else np.zeros((0, 0), np.float32)


def out_of_fold_predictions(
    make_head: MakeHead,
    embedded: EmbeddedDataset,
    seed: int,
    progress: Progress,
    embed: Embed | None = None,
    *,
    known: FitCache | None = None,
    make_evidence: MakeEvidence = tuple,
) -> OutOfFoldPredictions:
    """Predict each image by heads that were fitted and regularised without any image of its patient.

    Images of conditions with a single patient, which only a gallery can have, are training images in each fold and test images
    in none. Heads of different folds and regions are fitted at the same time, unless the backbone is fine-tuned.

    Args:
        make_head: Makes an unfitted head for the given labels.
        embedded: The images.
        seed: Random seed of the folds.
        progress: Where the work is shown.
        embed: If the backbone is fine-tuned: embeds all images by a backbone trained on some rows.
        known: Predictions that are known from before; receives the others.
        make_evidence: Makes the recipe's evidence, which reads the patients' records.

    Returns:
        The predictions, with each image's distance from its training images.
    """
    classes, regions = len(embedded.labels), range(len(embedded.regions))
    probabilities = np.full((*embedded.present.shape, classes), 1 / classes, np.float32)
    distances = np.full(embedded.present.shape, np.nan, np.float32)
    folds = _folds(embedded, seed)
    work = FoldWork(make_head, embedded, embed, known, progress.note)
    tasks = [(r, *fold) for fold in folds for r in regions]
    missing = [task for task in tasks if not work.fill_known(task, probabilities)]
    done = len(tasks) - len(missing)
    if done:
        progress.note(f"{count(done, 'head')} of {len(tasks)} known from an earlier training")

    def computed() -> Iterator[None]:
        for step in [folds] if embed is None else [[fold] for fold in folds]:
            yield from work.fill(
                step, [task for task in missing if any(task[1] is fold[0] for fold in step)], probabilities, distances
            )

    for _ in progress.track(computed(), "cross-validating", len(tasks), "heads", start=done):
        pass
    evidence = out_of_fold_evidence(make_evidence, embedded, folds)
    tested = np.zeros(len(embedded), bool)
    tested[[row for _, test_rows in folds for row in test_rows]] = True
    sharpness = np.full(len(embedded), np.nan) if embedded.quality is None else embedded.quality.sharpness
    # A fold with a single class is skipped; its images have no predictions, and nothing may be fitted on them.
    return OutOfFoldPredictions(
        probabilities=probabilities[tested],
        present=embedded.present[tested],
        y=embedded.y[tested],
        groups=embedded.groups[tested],
        split_groups=embedded.split_groups[tested],
        distances=distances[tested],
        sharpness=sharpness[tested].astype(np.float32),
        log_likelihoods=None if evidence is None else evidence[tested],
    )


@dataclass(frozen=True, slots=True, eq=False)
class FoldWork:
    """Computes what is not known yet of the folds of one training. Results go into arrays of all N images.

    Attributes:
        make_head: Makes an unfitted head for the given labels.
        embedded: The images.
        embed: If the backbone is fine-tuned: embeds all images by a backbone trained on some rows.
        known: Results that are known from before; receives the others.
        note: Receives one line if the work cannot be done as planned.
    """

    make_head: MakeHead
    embedded: EmbeddedDataset
    embed: Embed | None
    known: FitCache | None
    note: Callable[[str], None]

    def fill_known(self, task: FoldTask, probabilities: Float32) -> bool:
        """Fill in the predictions of a region's head in a fold, float32 [N, R, K]. Returns whether they are known."""
        predicted = self.known.predictions(*task) if self.known else None
        if predicted is not None:
            self._place(task, predicted, probabilities)
        return predicted is not None

    def fill(
        self, folds: Sequence[Fold], tasks: Sequence[FoldTask], probabilities: Float32, distances: Float32
    ) -> Iterator[None]:
        """Fit, predict, and keep the results.

        Args:
            folds: Folds with the same embeddings.
            tasks: The predictions that are missing in them.
            probabilities: float32 [N, R, K], receives the predictions for the test images.
            distances: float32 [N, R], receives the distances of the test images from the training images.

        Yields:
            Once for each task that is done.
        """
        known_distances = [self.known.distances(*fold) if self.known else None for fold in folds]
        current = self.embedded
        if self.embed and (tasks or any(one is None for one in known_distances)):
            current = current.with_embeddings(self.embed(folds[0][0]))
        for number, predicted in map_in_workers(_predict_test_rows, Fitting(self.make_head, current), tasks, self.note):
            task = tasks[number]
            self._place(task, predicted, probabilities)
            if self.known:
                self.known.put_predictions(*task, predicted)
            yield
        for fold, one in zip(folds, known_distances, strict=True):
            distances[fold[1]] = _distances(current, *fold) if one is None else one
            if self.known and one is None:
                self.known.put_distances(*fold, distances[fold[1]])

    def _place(self, task: FoldTask, predicted: Float32, probabilities: Float32) -> None:
        r, _, test_rows = task
        if len(predicted):
            probabilities[test_rows[self.embedded.present[test_rows, r]], r] = predicted


def _distances(embedded: EmbeddedDataset, train_rows: Int64, test_rows: Int64) -> Float32:
    """Distances of test images from the distribution of the training images, float32 [M, R]."""
    distribution = fit_embedding_distribution(
        embedded.embeddings[train_rows], embedded.present[train_rows], embedded.groups[train_rows]
    )
    return distribution.distances(embedded.embeddings[test_rows], embedded.present[test_rows])


def _folds(embedded: EmbeddedDataset, seed: int) -> list[tuple[Int64, Int64]]:
    """Rows to train and to test on. No patient and no publication is divided."""
    groups = embedded.split_groups
    several = np.array([len(np.unique(groups[embedded.y == k])) for k in range(len(embedded.labels))])[embedded.y] > 1
    rows, always = np.flatnonzero(several), np.flatnonzero(~several)
    folds = patient_folds(embedded.y[rows], groups[rows], FOLDS, seed)
    return [(np.sort(np.concatenate([always, rows[train_rows]])), rows[test_rows]) for train_rows, test_rows in folds]
