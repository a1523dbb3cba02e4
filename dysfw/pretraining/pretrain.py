"""From a recipe and a folder for each person to a trunk that tells faces apart."""

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
from ..torch_utils import Trainable
from ..training.finetune.region_frames import Prepared, Stopped, prepare
from ..types import Failure
from ..util.locks import folder_lock
from ..util.progress import Progress, Silent
from . import checkpoint
from .backbone_file import Label, write_backbone
from .calibrate import calibrate, calibration_batches, plain_batches
from .fit_projection import fit_projection_head
from .ground_truth import read_truth
from .objective import Learner, Objective
from .samples import Samples
from .schedule import Schedule
from .training import Training
from .training_data import chosen_regions, material
from .work_folder import refuse_existing, work_folder

LONGEST_WAIT = timedelta(days=7)  # of one process for another: finding faces may take long


@dataclass(frozen=True, slots=True)
class Pretrained:
    """What came of it. finished: False where it was stopped and can go on. failures: photographs that could not be used."""

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
    label: Label,
    devices: int = 1,
    fresh: bool = False,
    stopped: Callable[[], bool] = lambda: False,
) -> Pretrained | None:
    """Train the recipe's trunk on the photographs whose split is not "test" and write the weight file ``output``.

    devices: processes on this machine. fresh: forget a checkpoint. stopped: asked again and again whether to stop, with a
    checkpoint. Goes on from the last checkpoint in the file's ``work_folder``. None in all processes but the first. Raises
    DysfwError.
    """
    refuse_existing(output)
    keys = recipe.pretrain or Pretrain()
    # What is missing is said now, not after the faces of a million photographs have been found.
    read_truth(
        dataset.origin,
        [item.path for item in dataset.split("train")],
        attributes=keys.attributes > 0,
        landmarks=keys.landmarks > 0,
    )
    # Unless told otherwise, a trunk learns in float32 on every machine.
    recipe = replace(recipe, precision="float32") if recipe.precision == "auto" else recipe
    components = build(recipe)
    chosen_regions(keys, components.segmenter.regions)
    network = trainable(components.backbone, recipe)
    fabric = _fabric(components, devices)
    if keys.batch < 2 * fabric.world_size or keys.batch % fabric.world_size:
        raise DysfwError(
            f"pretrain.batch: {keys.batch} cannot be shared by {fabric.world_size} processes, 2 or more crops each"
        )
    session = _Session(recipe, keys, components, network, fabric, dataset, output, label)
    if not fabric.is_global_zero:  # the first process does all that is done once
        fabric.barrier()
        session.run(Silent(), stopped)
        return None
    with folder_lock(work_folder(output), f"another process is training {output}"):
        if fresh:
            (work_folder(output) / checkpoint.FILE).unlink(missing_ok=True)
        try:
            prepare(recipe, components, dataset.split("train"), work_folder(output), progress, stopped=stopped)
        except Stopped:
            return Pretrained(finished=False)
        fabric.barrier()
        return session.run(progress, stopped)


def trainable(backbone: Backbone, recipe: Recipe) -> Trainable:
    """The backbone, known to offer what training needs. Raises DysfwError where it does not."""
    if isinstance(backbone, Trainable):
        return backbone
    raise DysfwError(
        f"the backbone {recipe.nodes['backbone'].full_name} cannot be trained: it does not offer its network",
        hint="take one that does, for example timm; plugins offer it by dysfw.torch_utils.Trainable",
    )


def _fabric(components: Components, devices: int) -> Fabric:
    """Device, precision and processes. torchrun may have started several processes, on several machines, already."""
    kind, _, index = components.device.partition(":")
    launched = torch.distributed.is_torchelastic_launched()
    # Blocks that are left out have no gradient, which several processes must be told to expect.
    several = DDPStrategy(find_unused_parameters=True, timeout=LONGEST_WAIT)
    fabric = Fabric(
        accelerator=kind,
        strategy=several if devices > 1 or launched else "auto",
        devices="auto" if launched else [int(index)] if index and devices == 1 else devices,
        precision="bf16-mixed" if components.precision == "bfloat16" else "32-true",
    )
    fabric.launch()
    return fabric


@dataclass(frozen=True, slots=True, eq=False)
class _Session:
    """One process's part of a training."""

    recipe: Recipe
    keys: Pretrain
    components: Components
    network: Trainable
    fabric: Fabric
    dataset: Dataset
    output: Path
    label: Label

    def run(self, progress: Progress, stopped: Callable[[], bool]) -> Pretrained:
        """Train on photographs whose frames have been found."""
        folder = work_folder(self.output)
        prepared = prepare(self.recipe, self.components, self.dataset.split("train"), folder, Silent())
        regions = self.components.segmenter.regions
        samples = material(self.keys, regions, prepared, self.dataset, self.recipe.seed, progress=progress)
        training = self._training(samples, prepared)
        _try_sizes(training)
        finished = training.run(progress, stopped)
        if finished and self.fabric.is_global_zero:
            number = calibration_batches(training)
            batches = progress.track(plain_batches(training, number), "calibrating", number, "batches")
            with self.fabric.autocast():
                calibrate(training.learner, batches)
            projection = fit_projection_head(training, progress)
            write_backbone(self.output, self.network.net, projection, self.recipe, data=prepared.fingerprint, label=self.label)
            (folder / checkpoint.FILE).unlink()
        return Pretrained(finished, len(prepared.samples), samples.identities, prepared.failures)

    def _training(self, samples: Samples, prepared: Prepared) -> Training:
        truth, dim = samples.truth, self.components.backbone.dim
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(self.recipe.seed)
            objective = Objective(
                self.keys,
                dim,
                identities=samples.identities,
                attributes=len(truth.attribute_names),
                typical=torch.from_numpy(samples.typical_landmarks()),
            )
        return Training(
            fabric=self.fabric,
            learner=Learner(self.network.module, objective).to(self.fabric.device),
            samples=samples,
            schedule=Schedule(self.keys, self.components.crop_size),
            seed=self.recipe.seed,
            folder=work_folder(self.output),
            fingerprint=self._fingerprint(prepared),
        )

    def _fingerprint(self, prepared: Prepared) -> str:
        """sha256 over all that a training depends on: the recipe, its starting weights, the data, and how it computes."""
        parts = [
            self.recipe.fingerprint,
            self.keys.model_dump(mode="json", exclude={"checkpoint"}),
            [w.sha256 for w in self.components.backbone.weights()],
            prepared.fingerprint,
            self.components.precision,
        ]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _try_sizes(training: Training) -> None:
    """Raise DysfwError where the trunk cannot take crops of every size that the schedule names: now, not after hours."""
    network, dim = training.learner.network.eval(), training.learner.objective.dim
    for size in training.schedule.sizes:
        try:
            with torch.no_grad():
                found = network(torch.zeros(1, 3, size, size, dtype=torch.uint8, device=training.fabric.device))
        except (RuntimeError, AssertionError, ValueError) as error:
            raise DysfwError(
                f"pretrain.sizes: the trunk cannot take crops of {size} px: {str(error).splitlines()[0]}"
            ) from None
        if found.shape[1] != dim:
            raise DysfwError(
                f"pretrain.sizes: the length of this trunk's embedding changes with the crops' size, here {size} px"
            )
