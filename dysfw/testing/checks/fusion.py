"""Checks of fusions."""

from __future__ import annotations

import numpy as np

from ...contracts.components import Fusion
from ...types import Bool, Float32
from ..outcome import NotApplicableError, require
from ..subject import Subject
from .fitted import reject_empty_state, require_probabilities, through_a_bundle
from .harness import REGIONS, FusionHarness, harness_of, require_equal


def returns_probabilities(subject: Subject) -> None:
    """The fused probabilities are float32 [N, K] and sum to 1."""
    region_probabilities, present = _data(subject)
    shape = (len(region_probabilities), region_probabilities.shape[2])
    require_probabilities(_fitted(subject).fuse(region_probabilities, present), shape)


def ignores_absent_regions(subject: Subject) -> None:
    """Values of absent regions, NaN included, do not change the result."""
    fusion, (region_probabilities, present) = _fitted(subject), _data(subject)
    for filler in (0.9, np.nan):
        arbitrary = np.where(present[:, :, None], region_probabilities, np.float32(filler))
        require_equal(
            [fusion.fuse(region_probabilities, present)],
            [fusion.fuse(arbitrary, present)],
            f"the same result for any values of absent regions, here {filler}",
            "an absent region was not visible: its values are arbitrary",
        )


def follows_the_regions(subject: Subject) -> None:
    """A condition ranks first if all regions give it a high probability."""
    certain = np.full((4, len(REGIONS), 4), 0.02, np.float32)
    for k in range(4):
        certain[k, :, k] = 0.94
    predicted = _fitted(subject).fuse(certain, np.ones((4, len(REGIONS)), bool)).argmax(1)
    require(
        (predicted == np.arange(4)).all(),
        "the condition first to which every region gives 0.94",
        found=f"conditions {predicted.tolist()} instead of [0, 1, 2, 3]",
        why="the result must follow from the region probabilities",
    )


def accepts_no_images(subject: Subject) -> None:
    """An empty batch gives an empty array."""
    region_probabilities, present = _data(subject)
    fused = _fitted(subject).fuse(region_probabilities[:0], present[:0])
    require(
        fused.shape == (0, region_probabilities.shape[2]),
        "[0, K] for no images",
        found=list(fused.shape),
        why="batches can be empty",
    )


def predicts_each_image_independently(subject: Subject) -> None:
    """A result does not depend on the other images of the batch."""
    fusion, (region_probabilities, present) = _fitted(subject), _data(subject)
    single = np.concatenate([fusion.fuse(region_probabilities[i : i + 1], present[i : i + 1]) for i in range(8)])
    require_equal(
        [fusion.fuse(region_probabilities, present)[:8]],
        [single],
        "the same result one by one",
        "an image's result must not depend on the rest of its batch",
    )


def restores_its_state_from_a_bundle(subject: Subject) -> None:
    """A fusion restored from a bundle gives exactly the same results."""
    fusion, (region_probabilities, present) = _fitted(subject), _data(subject)
    restored = subject.make()
    assert isinstance(restored, Fusion)  # noqa: S101
    restored.prepare(REGIONS)
    restored.restore(through_a_bundle(fusion.state()))
    require_equal(
        [fusion.fuse(region_probabilities, present)],
        [restored.fuse(region_probabilities, present)],
        "the same results after a bundle",
        "a bundle must give what was trained",
        0,
    )


def rejects_an_invalid_state(subject: Subject) -> None:
    """An empty state raises ValueError."""
    if not _fitted(subject).needs_fit:
        raise NotApplicableError("it is not fitted, so any state is valid")
    fusion = subject.make()
    assert isinstance(fusion, Fusion)  # noqa: S101
    fusion.prepare(REGIONS)
    reject_empty_state(fusion)


def _data(subject: Subject) -> tuple[Float32, Bool]:
    return _harness(subject).data()[:2]


def _harness(subject: Subject) -> FusionHarness:
    harness = harness_of(subject)
    assert isinstance(harness, FusionHarness)  # noqa: S101
    return harness


def _fitted(subject: Subject) -> Fusion:
    fusion = _harness(subject).fitted
    assert isinstance(fusion, Fusion)  # noqa: S101
    return fusion


CHECKS = (
    returns_probabilities,
    ignores_absent_regions,
    follows_the_regions,
    accepts_no_images,
    predicts_each_image_independently,
    restores_its_state_from_a_bundle,
    rejects_an_invalid_state,
)
