"""The runner ``ray``."""

from __future__ import annotations

import json
import logging
import os
import socket
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import islice
from typing import TYPE_CHECKING

from dysfw.plugin import BatchItem, BatchRunner, BatchTask, DysfwError, Row, error_text

from .local_cluster import local_cluster
from .stages import Predict, decode, items_to_json

if TYPE_CHECKING:
    from dysfw.plugin import Pipeline

# Set before Ray is imported: disables its log messages.
os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
import ray
import ray.data
from ray.exceptions import OutOfMemoryError, RayError, RayTaskError

IMAGES_PER_ROW = 16  # images per row of the Ray data set
ROWS_PER_CALL = 4  # rows per call of an actor, over which the stages of its pipeline overlap
IMAGES_PER_DATASET = 131_072  # limits the driver's memory; actors restart for each data set
CONNECT_TIMEOUT = 10.0  # s
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
        with _Connection(self.address):
            actors, cpus = self._resources(gpus)
            remaining = iter(numbered)
            while images := list(islice(remaining, IMAGES_PER_DATASET)):
                yield from self._run_dataset(task, images, actors, cpus, gpus)

    def _run_dataset(
        self, task: BatchTask, images: list[tuple[int, BatchItem]], actors: int, cpus: int, gpus: bool
    ) -> Iterator[tuple[int, list[Row]]]:
        starts = range(0, len(images), IMAGES_PER_ROW)
        rows = [{"items": items_to_json(images[start : start + IMAGES_PER_ROW])} for start in starts]
        data = ray.data.from_items(rows, override_num_blocks=len(rows)).flat_map(
            decode, fn_kwargs={"plugins": task.plugins}, num_cpus=1
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
            raise _cluster_error(error) from error

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


class _Connection:
    """Connects to the cluster; an existing connection is used and stays open."""

    def __init__(self, address: str | None) -> None:
        self._address, self._stack = address, ExitStack()

    def __enter__(self) -> None:
        if ray.is_initialized():
            return
        _check_reachable(self._address)
        settings = {} if self._address else self._stack.enter_context(local_cluster())
        try:
            # Output of the workers is not shown; failures are raised as errors.
            ray.init(address=self._address, logging_level=logging.ERROR, log_to_driver=False, **settings)
        except Exception as error:  # ConnectionError, ValueError, RuntimeError …, depending on the version
            self._stack.close()
            raise _connection_error(self._address, error) from None
        self._stack.callback(ray.shutdown)
        logging.getLogger("ray.data").setLevel(logging.ERROR)
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        context.execution_options.preserve_order = True  # so that parts of the table are completed early
        context.print_on_execution_start = False

    def __exit__(self, *_: object) -> None:
        self._stack.close()


def _check_reachable(address: str | None) -> None:
    """Raise DysfwError if the address does not respond; Ray itself retries for ten minutes."""
    host, colon, port = (address or "").removeprefix("ray://").rpartition(":")
    if colon and port.isdigit():
        try:
            socket.create_connection((host.strip("[]"), int(port)), timeout=CONNECT_TIMEOUT).close()
        except OSError as error:
            raise _connection_error(address, error) from None


def _connection_error(address: str | None, error: Exception) -> DysfwError:
    return DysfwError(
        f"no Ray cluster could be reached at {address or 'this machine'}: {error_text(error)}",
        hint="start one with `ray start --head`, or remove --address",
    )


def _cluster_error(error: Exception) -> DysfwError:
    """Convert an error of a worker."""
    cause: BaseException = error
    while isinstance(cause, RayTaskError) and cause.cause is not None:
        cause = cause.cause
    if isinstance(cause, DysfwError):
        return DysfwError(f"on the cluster: {cause.message}", hint=cause.hint)
    if isinstance(cause, OutOfMemoryError) or "OutOfMemory" in str(cause):
        return DysfwError(
            "a worker of the cluster repeatedly ran out of memory",
            hint="use fewer actors with --runner-set actors=N, or larger machines; finished parts are kept",
        )
    return DysfwError(f"the work failed on the cluster: {error_text(cause)}", hint="finished parts are kept")
