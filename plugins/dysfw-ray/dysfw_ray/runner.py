"""The runner ``ray``."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

import ray
import ray.data
from ray.exceptions import RayError, RayTaskError

from dysfw.plugin import BatchItem, BatchRunner, BatchTask, DysfwError, Row

from .connection import Connection, cluster_error
from .interruptible import interruptible
from .stages import Predict, decode, items_to_json

if TYPE_CHECKING:
    from dysfw.plugin import Pipeline

IMAGES_PER_ROW = 16  # images per row of the Ray data set
ROWS_PER_CALL = 4  # rows per call of an actor, over which the stages of its pipeline overlap
IMAGES_PER_DATASET = 131_072  # limits the driver's memory; actors restart for each data set
DECODER_CPUS = 1  # per actor
DEFAULT_ACTOR_CPUS = 2


class Ray(BatchRunner):
    """Runs a batch on a Ray cluster.

    Images are read and decoded on all CPUs. Actors, each with its own copy of the models, predict. Ray Data balances the two
    stages. If a worker or a machine fails, its unfinished work is repeated elsewhere.

    Args:
        address: Address of a cluster. "auto" finds the cluster on this machine, "ray://host:10001" connects as a client. None
            starts a temporary cluster on this machine.
        actors: Number of actors. None uses one per GPU, or as many as the CPUs allow.
        cpus: CPUs per actor, 1 or more. None uses 2, or 1 if there are too few.
        gpus: Whether each actor uses a GPU, regardless of the device in the recipe.

    Raises:
        ValueError: If ``actors`` or ``cpus`` is less than 1.
    """

    def __init__(
        self, address: str | None = None, *, actors: int | None = None, cpus: int | None = None, gpus: bool = False
    ) -> None:
        if (cpus is not None and cpus < 1) or (actors is not None and actors < 1):
            raise ValueError(f"actors and cpus must be 1 or more, found {actors} and {cpus}")
        super().__init__(address)
        self.actors, self.cpus, self.gpus = actors, cpus, gpus

    def run(
        self, task: BatchTask, pipeline: Pipeline, numbered: Iterable[tuple[int, BatchItem]]
    ) -> Iterator[tuple[int, list[Row]]]:
        """Predict all images on the cluster.

        Args:
            task: The task.
            pipeline: The task's pipeline on this machine; only its device is used.
            numbered: Images with their numbers, read lazily.

        Yields:
            The number of each image and its rows, in order.

        Raises:
            DysfwError: If the cluster cannot be reached or is too small, or the work fails on it.
        """
        gpus = self.gpus or pipeline.components.device.startswith("cuda")
        with Connection(self.address):
            _quiet_data()
            actors, cpus = self._resources(gpus)
            remaining = iter(numbered)
            while images := list(islice(remaining, IMAGES_PER_DATASET)):
                yield from interruptible(self._run_dataset(task, images, actors, cpus, gpus))

    def _run_dataset(
        self, task: BatchTask, images: list[tuple[int, BatchItem]], actors: int, cpus: int, gpus: bool
    ) -> Iterator[tuple[int, list[Row]]]:
        starts = range(0, len(images), IMAGES_PER_ROW)
        rows = [{"items": items_to_json(images[start : start + IMAGES_PER_ROW])} for start in starts]
        data = ray.data.from_items(rows, override_num_blocks=len(rows)).flat_map(
            decode,  # type: ignore[arg-type]  # ray's types do not know fn_kwargs
            fn_kwargs={"plugins": task.plugins},
            num_cpus=1,
        )
        data = data.map_batches(
            Predict,
            fn_constructor_args=(task, "cuda" if gpus else None),
            batch_size=ROWS_PER_CALL,
            num_cpus=cpus,
            num_gpus=1 if gpus else 0,
            concurrency=(1, actors),
        )
        try:
            for row in data.iter_rows():
                number, predicted = json.loads(row["predicted"])
                yield number, predicted
        except (RayError, RayTaskError) as error:
            raise cluster_error(error) from error

    def _resources(self, gpus: bool) -> tuple[int, int]:
        """Number of actors, and CPUs per actor."""
        resources: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
        cluster_cpus, cluster_gpus = int(resources.get("CPU", 0)), int(resources.get("GPU", 0))
        if gpus and not cluster_gpus:
            raise DysfwError(f"the Ray cluster has no GPU ({cluster_cpus} CPUs)", hint="remove gpus, or add machines")
        cpus = self.cpus or max(1, min(DEFAULT_ACTOR_CPUS, cluster_cpus - DECODER_CPUS))
        if cluster_cpus < cpus + DECODER_CPUS:
            raise DysfwError(
                f"the Ray cluster has {cluster_cpus} CPUs; an actor needs {cpus}, and decoding {DECODER_CPUS}",
                hint="add machines" + (f", or decrease --runner-set cpus={cpus}" if cpus > 1 else ""),
            )
        return self.actors or (cluster_gpus if gpus else cluster_cpus // (cpus + DECODER_CPUS)), cpus


def _quiet_data() -> None:
    """Settings of Ray Data: no output of its own, and results in order, so that parts of the table are completed early."""
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.execution_options.preserve_order = True
    context.print_on_execution_start = False
