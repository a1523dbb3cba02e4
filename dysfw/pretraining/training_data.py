"""Assembles and checks the training data before the first step: identities, regions and ground truth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ..data.dataset import Dataset
from ..errors import DysfwError
from ..recipe.sections import Pretrain
from ..training.finetune.region_frames import RegionFrames
from ..util.progress import Progress
from ..util.text import closest, count, listed
from .ground_truth import read_ground_truth
from .samples import Samples


def training_samples(
    config: Pretrain, regions: tuple[str, ...], region_frames: RegionFrames, dataset: Dataset, seed: int, *, progress: Progress
) -> Samples:
    """Assemble the crops to train on, and report identities that contribute little.

    Args:
        config: The recipe's section ``pretrain``.
        regions: The segmenter's regions.
        region_frames: Frames of the images.
        dataset: The data set.
        seed: Random seed.
        progress: Receives the notes.

    Returns:
        The crops.

    Raises:
        DysfwError: There are too few identities, or no crops, or the ground truth is invalid.
    """
    chosen = chosen_regions(config, regions)
    if config.identity:
        _check_identities(region_frames, dataset, progress)
    paths = [sample.path for sample in region_frames.samples]
    truth = read_ground_truth(dataset.origin, paths, attributes=config.attributes > 0, landmarks=config.landmarks > 0)
    samples = Samples(region_frames, regions, chosen, truth, seed)
    if not len(samples):
        raise DysfwError(f"{dataset.origin}: no image contains any of the regions {listed(chosen)}")
    if config.augment.flip and samples.mirrors is None:
        progress.note("crops are not mirrored: the opposite side of a name with right or left is missing")
    return samples


def chosen_regions(config: Pretrain, regions: Sequence[str]) -> list[str]:
    """Return the regions to train on.

    Args:
        config: The recipe's section ``pretrain``.
        regions: The segmenter's regions.

    Raises:
        DysfwError: The segmenter does not have one of the recipe's regions.
    """
    chosen = list(regions) if config.regions == "all" else config.regions
    unknown = [name for name in chosen if name not in regions]
    if unknown:
        raise DysfwError(
            f"pretrain.regions: the segmenter has no region {unknown[0]!r}{closest(unknown[0], regions)}",
            hint=f"regions: {listed(regions)}",
        )
    return chosen


def _check_identities(region_frames: RegionFrames, dataset: Dataset, progress: Progress) -> None:
    images = Counter(sample.label for sample in region_frames.samples)
    if len(images) < 2:
        raise DysfwError(
            f"{dataset.origin}: {_identities(len(images))} with a usable image; at least 2 are required",
            hint="IDENTITIES is a folder with one subfolder per person, or a manifest whose labels are persons",
        )
    unusable = sorted({sample.label for sample in dataset.split("train")} - images.keys())
    if unusable:
        progress.note(f"{_identities(len(unusable))} skipped, without a usable image: {listed(unusable, 3)}")
    single = sorted(name for name, number in images.items() if number == 1)
    if single:
        progress.note(
            f"{_identities(len(single))} with a single image, which contain no pair of images of the same person: "
            f"{listed(single, 3)}"
        )


def _identities(number: int) -> str:
    return count(number, "identity", "identities")
