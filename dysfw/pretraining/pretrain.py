"""Trains a recipe's backbone to recognise identities."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import torch
from lightning_fabric import Fabric
from lightning_fabric.strategies.ddp import DDPStrategy

from ..contracts.components import Backbone
from ..data.dataset import Dataset
from ..errors import DysfwError
from ..inference.build import Components, build
from ..recipe.model import Recipe
from ..recipe.sections import Pretrain
from ..runtime.torch_utils import Trainable
from ..training.finetune.region_frames import RegionFrames, StopRequested, find_region_frames
from ..types import Failure
from ..util.atomic import refuse_existing
from ..util.locks import folder_lock
from ..util.progress import Progress, Silent
from . import checkpoint
from .backbone_file import WeightsInfo, write_backbone
from .calibrate import batches_needed, unaugmented_batches, update_batch_norm
from .fit_projection import fit_projection_head
from .ground_truth import read_ground_truth
from .objective import Objective, PretrainingModel
from .samples import Samples
from .schedule import Schedule
from .training import Training
from .training_data import chosen_regions, training_samples
from .work_folder import work_folder

PROCESS_TIMEOUT = timedelta(days=7)  # processes wait while the first one finds the faces


@dataclass(frozen=True, slots=True)
class PretrainingResult:
    """The result of a training run.

    Attributes:
        finished: False if the run was stopped; the same call resumes it.
        images: Number of training images.
        identities: Number of identities.
        failures: Images that could not be used.
    """

    finished: bool
    images: int = 0
    identities: int = 0
    failures: tuple[Failure, ...] = ()


def pretrain(
    recipe: Recipe,
    dataset: Dataset,
    output: Path,
    progress: Progress,
    *,
    info: WeightsInfo,
    devices: int = 1,
    fresh: bool = False,
    should_stop: Callable[[], bool] = lambda: False,
) -> PretrainingResult | None:
    """Train the recipe's backbone and write a weight file.

    A run resumes from the last checkpoint in the file's ``work_folder``.

    Args:
        recipe: The recipe.
        dataset: Labelled images; those whose split is "test" are not used.
        output: The weight file to write.
        progress: Progress display.
        info: Licence, description and precision of the weight file.
        devices: Number of processes on this machine.
        fresh: Ignore an existing checkpoint.
        should_stop: Called repeatedly; True saves a checkpoint and stops.

    Returns:
        The result; None in every process but the first.

    Raises:
        DysfwError: The recipe, the data, the checkpoint or the output is unsuitable.
    """
    refuse_existing(output, file=True)
    config = recipe.pretrain or Pretrain()
    # Report missing ground truth now, not after the faces of a million images have been found.
    read_ground_truth(
        dataset.origin,
        [sample.path for sample in dataset.split("train")],
        attributes=config.attributes > 0,
        landmarks=config.landmarks > 0,
    )
    # By default, training uses float32 on every machine.
    recipe = replace(recipe, precision="float32") if recipe.precision == "auto" else recipe
    components = build(recipe)
    chosen_regions(config, components.segmenter.regions)
    network = trainable(components.backbone, recipe)
    fabric = _fabric(components, devices)
    size, processes = config.batch_size, fabric.world_size
    if size < 2 * processes or size % processes:
        raise DysfwError(
            f"pretrain.batch_size: {size} cannot be divided among {processes} processes with at least 2 crops each"
        )
    session = _Session(recipe, config, components, network, fabric, dataset, output, info)
    if not fabric.is_global_zero:  # the first process finds the faces
        fabric.barrier()
        session.run(Silent(), should_stop)
        return None
    with folder_lock(work_folder(output), f"another process is training {output}"):
        if fresh:
            (work_folder(output) / checkpoint.FILE).unlink(missing_ok=True)
        try:
            samples = dataset.split("train")
            find_region_frames(recipe, components, samples, work_folder(output), progress, should_stop=should_stop)
        except StopRequested:
            return PretrainingResult(finished=False)
        fabric.barrier()
        return session.run(progress, should_stop)


def trainable(backbone: Backbone, recipe: Recipe) -> Trainable:
    """Return the backbone if it can be trained.

    Raises:
        DysfwError: The backbone does not implement ``dysfw.runtime.torch_utils.Trainable``.
    """
    if isinstance(backbone, Trainable):
        return backbone
    raise DysfwError(
        f"the backbone {recipe.nodes['backbone'].full_name} cannot be trained",
        hint="use another one, for example timm; a trainable backbone implements dysfw.runtime.torch_utils.Trainable",
    )


def _fabric(components: Components, devices: int) -> Fabric:
    """Set up device, precision and processes; torchrun may already have started processes on several machines."""
    kind, _, index = components.device.partition(":")
    launched = torch.distributed.is_torchelastic_launched()
    # With progressive depth, some blocks have no gradient.
    distributed = DDPStrategy(find_unused_parameters=True, timeout=PROCESS_TIMEOUT)
    fabric = Fabric(
        accelerator=kind,
        strategy=distributed if devices > 1 or launched else "auto",
        devices="auto" if launched else [int(index)] if index and devices == 1 else devices,
        precision="bf16-mixed" if components.precision == "bfloat16" else "32-true",
    )
    fabric.launch()
    return fabric


@dataclass(frozen=True, slots=True, eq=False)
class _Session:
    """The part of one process in a training run."""

    recipe: Recipe
    config: Pretrain
    components: Components
    network: Trainable
    fabric: Fabric
    dataset: Dataset
    output: Path
    info: WeightsInfo

    def run(self, progress: Progress, should_stop: Callable[[], bool]) -> PretrainingResult:
        """Train on images whose frames have been found."""
        folder = work_folder(self.output)
        region_frames = find_region_frames(self.recipe, self.components, self.dataset.split("train"), folder, Silent())
        regions = self.components.segmenter.regions
        samples = training_samples(self.config, regions, region_frames, self.dataset, self.recipe.seed, progress=progress)
        training = self._training(samples, region_frames)
        _check_sizes(training)
        finished = training.run(progress, should_stop)
        if finished and self.fabric.is_global_zero:
            number = batches_needed(training)
            batches = progress.track(unaugmented_batches(training, number), "updating batch norm", number, "batches")
            with self.fabric.autocast():
                update_batch_norm(training.model, batches)
            projection = fit_projection_head(training, progress)
            data = region_frames.fingerprint
            write_backbone(self.output, self.network.net, projection, self.recipe, data=data, info=self.info)
            (folder / checkpoint.FILE).unlink()
        return PretrainingResult(finished, len(region_frames.samples), samples.identities, region_frames.failures)

    def _training(self, samples: Samples, region_frames: RegionFrames) -> Training:
        truth, dim = samples.truth, self.components.backbone.dim
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(self.recipe.seed)
            objective = Objective(
                self.config,
                dim,
                identities=samples.identities,
                attributes=len(truth.attribute_names),
                mean_landmarks=torch.from_numpy(samples.mean_landmarks()),
            )
        return Training(
            fabric=self.fabric,
            model=PretrainingModel(self.network.module, objective).to(self.fabric.device),
            samples=samples,
            schedule=Schedule(self.config, self.components.crop_size),
            seed=self.recipe.seed,
            folder=work_folder(self.output),
            fingerprint=self._fingerprint(region_frames),
        )

    def _fingerprint(self, region_frames: RegionFrames) -> str:
        """Return the sha256 of everything that the result depends on: recipe, starting weights, data and precision."""
        parts = [
            self.recipe.fingerprint,
            self.config.model_dump(mode="json", exclude={"checkpoint"}),
            [w.sha256 for w in self.components.backbone.weights()],
            region_frames.fingerprint,
            self.components.precision,
        ]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _check_sizes(training: Training) -> None:
    """Check that the backbone accepts every crop size of the schedule, before hours of training.

    Raises:
        DysfwError: A size is not accepted, or changes the length of the embedding.
    """
    network, dim = training.model.network.eval(), training.model.objective.dim
    for size in training.schedule.sizes:
        try:
            with torch.no_grad():
                embeddings = network(torch.zeros(1, 3, size, size, dtype=torch.uint8, device=training.fabric.device))
        except (RuntimeError, AssertionError, ValueError) as error:
            raise DysfwError(
                f"pretrain.sizes: the backbone does not accept crops of {size} px: {str(error).splitlines()[0]}"
            ) from None
        if embeddings.shape[1] != dim:
            raise DysfwError(f"pretrain.sizes: crops of {size} px change the length of this backbone's embedding")
