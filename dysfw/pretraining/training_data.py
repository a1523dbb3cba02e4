"""What a training learns from, put together and judged before a single step: persons, regions and truth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ..data.dataset import Dataset
from ..errors import DysfwError
from ..recipe.sections import Pretrain
from ..training.finetune.region_frames import Prepared
from ..util.progress import Progress
from ..util.text import closest, count, listed
from .ground_truth import read_truth
from .samples import Samples


def material(
    keys: Pretrain, regions: tuple[str, ...], prepared: Prepared, dataset: Dataset, seed: int, *, progress: Progress
) -> Samples:
    """The crops to learn from. regions: of the segmenter. Says what is odd about them; raises DysfwError where nothing can be
    learned from them."""
    chosen = chosen_regions(keys, regions)
    if keys.identity:
        _judge_identities(prepared, dataset, progress)
    truth = read_truth(
        dataset.origin, [item.path for item in prepared.samples], attributes=keys.attributes > 0, landmarks=keys.landmarks > 0
    )
    samples = Samples(prepared, regions, chosen, truth, seed)
    if not len(samples):
        raise DysfwError(f"{dataset.origin}: no photograph shows any of the regions {listed(chosen)}")
    if keys.augment.flip and samples.mirrors is None:
        progress.note("crops are not mirrored: some name says right or left and its partner is missing")
    return samples


def chosen_regions(keys: Pretrain, regions: Sequence[str]) -> list[str]:
    """The regions to learn from. regions: of the segmenter. Raises DysfwError where the recipe names one that is not there."""
    chosen = list(regions) if keys.regions == "all" else keys.regions
    unknown = [name for name in chosen if name not in regions]
    if unknown:
        raise DysfwError(
            f"pretrain.regions: the segmenter has no {unknown[0]!r} (it has {listed(regions)}){closest(unknown[0], regions)}"
        )
    return chosen


def _judge_identities(prepared: Prepared, dataset: Dataset, progress: Progress) -> None:
    images = Counter(item.label for item in prepared.samples)
    if len(images) < 2:
        raise DysfwError(
            f"{dataset.origin}: {_identities(len(images))} with a usable photograph; at least 2 are needed",
            hint="IDENTITIES is a folder with one folder for each person, or a manifest whose labels are persons",
        )
    lost = sorted({item.label for item in dataset.split("train")} - images.keys())
    if lost:
        progress.note(f"{_identities(len(lost))} without a usable photograph left out: {listed(lost, 3)}")
    single = sorted(name for name, number in images.items() if number == 1)
    if single:
        progress.note(
            f"{_identities(len(single))} with a single photograph, which teach nothing about what two pictures of one person "
            f"share: {listed(single, 3)}"
        )


def _identities(number: int) -> str:
    return count(number, "identity", "identities")
