"""Runners of a batch: this process, or a cluster."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..decoding.files import Source
from ..decoding.formats import decoder_settings
from ..errors import DysfwError
from ..inference.jobs import ImageJob
from ..inference.loading import open_pipeline
from ..inference.pipeline import Pipeline
from ..recipe.runners import make_runner
from ..registry.registry import Registry, load_registry
from ..types import Failure, Prediction
from ..util.environment import version_of
from .item import BatchItem
from .rows import Row, rows_of


@dataclass(frozen=True, slots=True)
class BatchTask:
    """What to do with each image, in a form that can be sent to another machine.

    Attributes:
        recipe: Absolute path of a recipe's file or a bundle's folder.
        overrides: Changes of the recipe, as in ``--set``.
        plugins: The only plugins to load; None for all.
        all_faces: Whether to predict for every detected face.
        region_probabilities: Whether to include the probabilities of each region.
        fingerprints: Fingerprints of recipe and bundle, and versions of the software, which must be the same everywhere.
    """

    recipe: Path
    overrides: tuple[str, ...]
    plugins: tuple[str, ...] | None
    all_faces: bool
    region_probabilities: bool
    fingerprints: dict[str, str]

    def open(self, device: str | None = None) -> Pipeline:
        """Open the pipeline on this machine.

        Args:
            device: Device to use; None for the recipe's.

        Returns:
            The pipeline.

        Raises:
            DysfwError: Recipe, bundle or versions on this machine differ from ``fingerprints``.
        """
        overrides = (*self.overrides, *([f"device={device}"] if device else []))
        pipeline = open_pipeline(self.recipe, load_registry(self.plugins), overrides)
        here = fingerprints_of(pipeline)
        names = {*here, *self.fingerprints} - ({"device", "runtimes"} if device else set())
        if differing := sorted(name for name in names if here.get(name) != self.fingerprints.get(name)):
            pairs = ((name, here.get(name), self.fingerprints.get(name)) for name in differing)
            text = "; ".join(f"{name} is {value} here and {expected} there" for name, value, expected in pairs)
            raise DysfwError(
                f"this machine differs from the one that started the batch: {text}",
                hint="install the same versions on all machines",
            )
        return pipeline

    def predict(self, pipeline: Pipeline, numbered: Iterable[tuple[int, BatchItem]]) -> Iterator[tuple[int, list[Row]]]:
        """Predict from images.

        Args:
            pipeline: The pipeline, opened on this machine.
            numbered: Images with their numbers, read as needed.

        Yields:
            The number and the rows of each image, in order.
        """
        pending: deque[tuple[int, BatchItem]] = deque()

        def sources() -> Iterator[Source]:
            for number, item in numbered:
                pending.append((number, item))
                yield item.image_source

        return self._rows(pipeline.predict_each(sources(), all_faces=self.all_faces), pending)

    def predict_decoded(
        self, pipeline: Pipeline, batches: Iterable[tuple[Sequence[tuple[int, BatchItem]], Sequence[ImageJob]]]
    ) -> Iterator[tuple[int, list[Row]]]:
        """Predict from images that were decoded elsewhere; see ``dysfw.batch.serialization``.

        Args:
            pipeline: The pipeline, opened on this machine.
            batches: Batches of decoded images, each with the images and their numbers.

        Yields:
            The number and the rows of each image, in order.
        """
        pending: deque[tuple[int, BatchItem]] = deque()

        def decoded() -> Iterator[Sequence[ImageJob]]:
            for numbered, batch in batches:
                pending.extend(numbered)
                yield batch

        return self._rows(pipeline.predict_decoded(decoded(), all_faces=self.all_faces), pending)

    def _rows(
        self, results: Iterable[Sequence[Prediction | Failure]], pending: deque[tuple[int, BatchItem]]
    ) -> Iterator[tuple[int, list[Row]]]:
        """Convert results to rows; another thread appends the images to ``pending``, in the same order."""
        for image_results in results:
            number, item = pending.popleft()
            yield number, rows_of(number, item, image_results, region_probabilities=self.region_probabilities)


def fingerprints_of(pipeline: Pipeline) -> dict[str, str]:
    """Collect everything but the images that determines the predictions.

    Args:
        pipeline: The pipeline.

    Returns:
        Fingerprints of recipe and bundle, device, precision, and versions of the distributions in use, those that decode
        images included, with their settings.
    """
    fingerprints = {"recipe": pipeline.recipe.fingerprint, "precision": pipeline.components.precision}
    fingerprints["runtimes"] = ", ".join(pipeline.components.runtimes)
    fingerprints["device"] = pipeline.components.device.partition(":")[0]
    fingerprints["bundle"] = pipeline.manifest.fingerprint if pipeline.manifest else ""
    distributions = {node.origin.partition(" ")[0] for node in pipeline.recipe.every_node()}
    return fingerprints | decoder_settings() | {name: version_of(name) or "" for name in sorted({"dysfw", *distributions})}


class BatchRunner(ABC):
    """Base class of runners.

    The constructor's signature is the schema of ``--runner-set``: each parameter but ``address`` needs an annotation and a
    default.

    Args:
        address: Address of a cluster, if the runner uses one.
    """

    def __init__(self, address: str | None = None) -> None:
        self.address = address

    @abstractmethod
    def run(
        self, task: BatchTask, pipeline: Pipeline, numbered: Iterable[tuple[int, BatchItem]]
    ) -> Iterator[tuple[int, list[Row]]]:
        """Predict from images.

        Args:
            task: What to do with each image.
            pipeline: The task's pipeline, opened on this machine.
            numbered: Images with their numbers, to be read as needed.

        Returns:
            The number and the rows of each image, once, in approximately the same order.

        Raises:
            DysfwError: The work cannot be done.
        """


class Local(BatchRunner):
    """Predicts in this process.

    Args:
        address: Not allowed.

    Raises:
        ValueError: An address is given.
    """

    def __init__(self, address: str | None = None) -> None:
        if address is not None:
            raise ValueError(f"--address {address}: the runner local uses this machine only; choose another with --runner")
        super().__init__(address)

    def run(
        self, task: BatchTask, pipeline: Pipeline, numbered: Iterable[tuple[int, BatchItem]]
    ) -> Iterator[tuple[int, list[Row]]]:
        """Predict from images, in order; see ``BatchRunner.run``."""
        return task.predict(pipeline, numbered)


def load_runner(registry: Registry, name: str, address: str | None, options: Sequence[str] = ()) -> BatchRunner:
    """Create a runner of batches; see ``dysfw.recipe.runners.make_runner``."""
    return make_runner(registry, BatchRunner, name, address, options, work="batch")  # type: ignore[type-abstract]
