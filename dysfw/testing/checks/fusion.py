"""What fusions owe."""

from __future__ import annotations

import numpy as np

from ...contracts.components import Fusion
from ...types import Bool, Float32
from ..outcome import NotApplicableError, require
from ..subject import Subject
from .fitted import are_probabilities, refuses_an_empty_state, through_a_bundle
from .harness import REGIONS, Fusing, run_harness, same


def gives_probabilities(subject: Subject) -> None:
    region_probabilities, present = _data(subject)
    are_probabilities(
        _ready(subject).fuse(region_probabilities, present), (len(region_probabilities), region_probabilities.shape[2])
    )


def leaves_absent_regions_out(subject: Subject) -> None:
    fusion, (region_probabilities, present) = _ready(subject), _data(subject)
    for filler in (0.9, np.nan):
        arbitrary = np.where(present[:, :, None], region_probabilities, np.float32(filler))
        same(
            [fusion.fuse(region_probabilities, present)],
            [fusion.fuse(arbitrary, present)],
            f"the same whatever stands at absent regions, here {filler}",
            "there is nothing to be seen there: the numbers are arbitrary",
        )


def hears_the_regions(subject: Subject) -> None:
    """Where all regions agree that one condition is nearly certain, it comes first."""
    sure = np.full((4, len(REGIONS), 4), 0.02, np.float32)
    for k in range(4):
        sure[k, :, k] = 0.94
    found = _ready(subject).fuse(sure, np.ones((4, len(REGIONS)), bool)).argmax(1)
    require(
        (found == np.arange(4)).all(),
        "the condition first of which every region is nearly certain",
        found=f"places {found.tolist()} for conditions [0, 1, 2, 3]",
        why="or it fuses something else than the votes",
    )


def accepts_no_images(subject: Subject) -> None:
    region_probabilities, present = _data(subject)
    found = _ready(subject).fuse(region_probabilities[:0], present[:0])
    require(
        found.shape == (0, region_probabilities.shape[2]),
        "[0, K] for no photographs",
        found=list(found.shape),
        why="batches can be empty",
    )


def predicts_each_image_independently(subject: Subject) -> None:
    fusion, (region_probabilities, present) = _ready(subject), _data(subject)
    alone = np.concatenate([fusion.fuse(region_probabilities[i : i + 1], present[i : i + 1]) for i in range(8)])
    same(
        [fusion.fuse(region_probabilities, present)[:8]],
        [alone],
        "the same one by one",
        "a photograph must not depend on its neighbours",
    )


def keeps_its_state_in_a_bundle(subject: Subject) -> None:
    fusion, (region_probabilities, present) = _ready(subject), _data(subject)
    restored = subject.make()
    assert isinstance(restored, Fusion)  # noqa: S101
    restored.prepare(REGIONS)
    restored.restore(through_a_bundle(fusion.state()))
    same(
        [fusion.fuse(region_probabilities, present)], [restored.fuse(region_probabilities, present)], "the same answers after a bundle",
        "a bundle must give what was trained", 0,
    )  # fmt: skip


def refuses_a_state_that_is_not_its_own(subject: Subject) -> None:
    if not _ready(subject).needs_fit:
        raise NotApplicableError("it learns nothing, so any state is its own")
    fusion = subject.make()
    assert isinstance(fusion, Fusion)  # noqa: S101
    fusion.prepare(REGIONS)
    refuses_an_empty_state(fusion)


def _data(subject: Subject) -> tuple[Float32, Bool]:
    return _task(subject).data()[:2]


def _task(subject: Subject) -> Fusing:
    task = run_harness(subject)
    assert isinstance(task, Fusing)  # noqa: S101
    return task


def _ready(subject: Subject) -> Fusion:
    fusion = _task(subject).one
    assert isinstance(fusion, Fusion)  # noqa: S101
    return fusion


CHECKS = (
    gives_probabilities,
    leaves_absent_regions_out,
    hears_the_regions,
    accepts_no_images,
    predicts_each_image_independently,
    keeps_its_state_in_a_bundle,
    refuses_a_state_that_is_not_its_own,
)
