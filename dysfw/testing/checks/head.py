"""What heads owe."""

from __future__ import annotations

import numpy as np

from ...contracts.components import GalleryBased, Head
from ..outcome import NotApplicableError, require
from ..subject import Subject
from .fitted import are_probabilities, refuses_an_empty_state, through_a_bundle
from .harness import IN_A_BATCH, LABELS, Classifying, run_harness, same

BETTER_THAN_CHANCE = 0.5  # of the photographs that it was fitted to, by chance 0.25


def gives_probabilities(subject: Subject) -> None:
    head, x = _fitted(subject), _task(subject).data()[0]
    are_probabilities(head.predict(x), (len(x), len(LABELS)))


def needs_fit(subject: Subject) -> None:
    x, y, _ = _task(subject).data()
    right = float((_fitted(subject).predict(x).argmax(1) == y).mean())
    require(
        right > BETTER_THAN_CHANCE,
        f"more than {BETTER_THAN_CHANCE} right on what it was fitted to (four classes that can be told apart)",
        found=f"{right:.2f}",
        why="or it has learned nothing",
    )


def accepts_no_images(subject: Subject) -> None:
    found = _fitted(subject).predict(_task(subject).data()[0][:0])
    require(
        found.shape == (0, len(LABELS)), "[0, classes] for no photographs", found=list(found.shape), why="batches can be empty"
    )


def predicts_each_image_independently(subject: Subject) -> None:
    head, x = _fitted(subject), _task(subject).data()[0]
    alone = np.concatenate([head.predict(x[i : i + 1]) for i in range(5)])
    same([head.predict(x)[:5]], [alone], "the same one by one", "a photograph must not depend on its neighbours", IN_A_BATCH)


def accepts_a_class_without_images(subject: Subject) -> None:
    """In a fold of a cross-validation, or for a region that no photograph of a condition shows."""
    x, y, groups = _task(subject).data()
    some = y != 2
    head = _prepared(subject)
    head.fit(x[some], y[some], len(LABELS), groups[some])
    are_probabilities(head.predict(x), (len(x), len(LABELS)))


def bears_numbers_that_never_change(subject: Subject) -> None:
    """Embeddings often hold some, as a trunk's units that are never active."""
    x, y, groups = _task(subject).data()
    still = np.hstack([x, np.zeros((len(x), 2), np.float32), np.full((len(x), 1), 7, np.float32)])
    head = _prepared(subject)
    head.fit(still, y, len(LABELS), groups)
    are_probabilities(head.predict(still), (len(x), len(LABELS)))


def keeps_its_state_in_a_bundle(subject: Subject) -> None:
    head, x = _fitted(subject), _task(subject).data()[0]
    restored = _prepared(subject)
    restored.restore(through_a_bundle(head.state()))
    same([head.predict(x)], [restored.predict(x)], "the same answers after a bundle", "a bundle must give what was trained", 0)


def refuses_a_state_that_is_not_its_own(subject: Subject) -> None:
    refuses_an_empty_state(_prepared(subject))


def keeps_its_cases(subject: Subject) -> None:
    head, (x, y, groups) = _fitted(subject), _task(subject).data()
    if not isinstance(head, GalleryBased):
        raise NotApplicableError("it keeps no cases (dysfw.contracts.components.CaseBased)")
    cases = head.cases()
    for what, kept, given in (("x", cases.x, x), ("y", cases.y, y), ("groups", cases.groups, groups)):
        require(np.array_equal(kept, given), f"cases().{what} as it was given to fit", found=kept, why="galleries list them")
    similarity = head.similarity(x)
    require(
        similarity.shape == (len(x), len(x)) and np.allclose(np.diag(similarity), 1, atol=1e-4),
        "likeness [N, cases], a case to itself 1",
        found=f"{list(similarity.shape)}, from {np.diag(similarity).min():.3g}",
        why="the likest cases are shown as reasons",
    )


def _task(subject: Subject) -> Classifying:
    task = run_harness(subject)
    assert isinstance(task, Classifying)  # noqa: S101
    return task


def _fitted(subject: Subject) -> Head:
    head = _task(subject).one
    assert isinstance(head, Head)  # noqa: S101
    return head


def _prepared(subject: Subject) -> Head:
    head = subject.make()
    assert isinstance(head, Head)  # noqa: S101
    head.prepare(LABELS)
    return head


CHECKS = (
    gives_probabilities,
    needs_fit,
    accepts_no_images,
    predicts_each_image_independently,
    accepts_a_class_without_images,
    bears_numbers_that_never_change,
    keeps_its_state_in_a_bundle,
    refuses_a_state_that_is_not_its_own,
    keeps_its_cases,
)
