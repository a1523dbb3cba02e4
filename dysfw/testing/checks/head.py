"""Checks of heads."""

from __future__ import annotations

import numpy as np

from ...contracts.components import GalleryBased, Head
from ..outcome import NotApplicableError, require
from ..subject import Subject
from .fitted import reject_empty_state, require_probabilities, through_a_bundle
from .harness import BATCH_TOLERANCE, LABELS, HeadHarness, harness_of, require_equal

MIN_TRAINING_ACCURACY = 0.5  # chance is 0.25


def returns_probabilities(subject: Subject) -> None:
    """The probabilities are float32 [N, classes] and sum to 1."""
    head, x = _fitted(subject), _harness(subject).data()[0]
    require_probabilities(head.predict(x), (len(x), len(LABELS)))


def fits_the_training_data(subject: Subject) -> None:
    """The head predicts most of its training images correctly."""
    x, y, _ = _harness(subject).data()
    accuracy = float((_fitted(subject).predict(x).argmax(1) == y).mean())
    require(
        accuracy > MIN_TRAINING_ACCURACY,
        f"an accuracy above {MIN_TRAINING_ACCURACY} on its training images (four separable classes)",
        found=f"{accuracy:.2f}",
        why="a head that does not fit its training data has not learned from it",
    )


def accepts_no_images(subject: Subject) -> None:
    """An empty batch gives an empty array."""
    probabilities = _fitted(subject).predict(_harness(subject).data()[0][:0])
    require(
        probabilities.shape == (0, len(LABELS)),
        "[0, classes] for no images",
        found=list(probabilities.shape),
        why="batches can be empty",
    )


def predicts_each_image_independently(subject: Subject) -> None:
    """A result does not depend on the other images of the batch."""
    head, x = _fitted(subject), _harness(subject).data()[0]
    single = np.concatenate([head.predict(x[i : i + 1]) for i in range(5)])
    why = "an image's result must not depend on the rest of its batch"
    require_equal([head.predict(x)[:5]], [single], "the same result one by one", why, BATCH_TOLERANCE)


def accepts_a_class_without_images(subject: Subject) -> None:
    """A class may have no training images: in a fold of a cross-validation, or for a region that is never visible."""
    x, y, groups = _harness(subject).data()
    kept = y != 2
    head = _prepared(subject)
    head.fit(x[kept], y[kept], len(LABELS), groups[kept])
    require_probabilities(head.predict(x), (len(x), len(LABELS)))


def accepts_constant_features(subject: Subject) -> None:
    """Features may be constant, such as units of a backbone that are never active."""
    x, y, groups = _harness(subject).data()
    with_constants = np.hstack([x, np.zeros((len(x), 2), np.float32), np.full((len(x), 1), 7, np.float32)])
    head = _prepared(subject)
    head.fit(with_constants, y, len(LABELS), groups)
    require_probabilities(head.predict(with_constants), (len(x), len(LABELS)))


def restores_its_state_from_a_bundle(subject: Subject) -> None:
    """A head restored from a bundle gives exactly the same results."""
    head, x = _fitted(subject), _harness(subject).data()[0]
    restored = _prepared(subject)
    restored.restore(through_a_bundle(head.state()))
    why = "a bundle must give what was trained"
    require_equal([head.predict(x)], [restored.predict(x)], "the same results after a bundle", why, 0)


def rejects_an_invalid_state(subject: Subject) -> None:
    """An empty state raises ValueError."""
    reject_empty_state(_prepared(subject))


def returns_its_gallery_cases(subject: Subject) -> None:
    """A gallery-based head returns the cases that it was fitted to, and similarities of 1 to themselves."""
    head, (x, y, groups) = _fitted(subject), _harness(subject).data()
    if not isinstance(head, GalleryBased):
        raise NotApplicableError("it keeps no gallery cases (dysfw.plugin.GalleryBased)")
    cases = head.cases()
    for what, kept, given in (("x", cases.x, x), ("y", cases.y, y), ("groups", cases.groups, groups)):
        require(np.array_equal(kept, given), f"cases().{what} as passed to fit", found=kept, why="galleries list the cases")
    similarity = head.similarity(x)
    require(
        similarity.shape == (len(x), len(x)) and np.allclose(np.diag(similarity), 1, atol=1e-4),
        "similarity [N, cases], with 1 between a case and itself",
        found=f"{list(similarity.shape)}, min {np.diag(similarity).min():.3g} on the diagonal",
        why="the most similar cases are shown with a prediction",
    )


def _harness(subject: Subject) -> HeadHarness:
    harness = harness_of(subject)
    assert isinstance(harness, HeadHarness)  # noqa: S101
    return harness


def _fitted(subject: Subject) -> Head:
    head = _harness(subject).fitted
    assert isinstance(head, Head)  # noqa: S101
    return head


def _prepared(subject: Subject) -> Head:
    head = subject.make()
    assert isinstance(head, Head)  # noqa: S101
    head.prepare(LABELS)
    return head


CHECKS = (
    returns_probabilities,
    fits_the_training_data,
    accepts_no_images,
    predicts_each_image_independently,
    accepts_a_class_without_images,
    accepts_constant_features,
    restores_its_state_from_a_bundle,
    rejects_an_invalid_state,
    returns_its_gallery_cases,
)
