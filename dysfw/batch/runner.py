"""Who does the work of a batch: this process, or many machines."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pydantic
import yaml

from ..errors import DysfwError
from ..imaging.decode import Source
from ..inference.jobs import ImageJob
from ..inference.loading import open_pipeline
from ..inference.pipeline import Pipeline
from ..recipe.signature import signature_of
from ..registry.registry import Registry, load_registry
from ..types import Failure, Prediction
from ..util.environment import version_of
from ..util.text import closest, listed
from .item import BatchItem
from .rows import Row, rows_of


@dataclass(frozen=True, slots=True)
class BatchTask:
    """What is to be done with each photograph, in words that another machine understands.

    recipe: the absolute path of a recipe's file, or of a bundle's folder. overrides: as in ``--set``. plugins: the only ones to
    load, None for all. fingerprints: of recipe and bundle, and the versions at work, which must be the same everywhere.
    """

    recipe: Path
    overrides: tuple[str, ...]
    plugins: tuple[str, ...] | None
    all_faces: bool
    region_probabilities: bool
    fingerprints: dict[str, str]

    def open(self, device: str | None = None) -> Pipeline:
        """The pipeline, on the machine that calls this. device: another than the recipe's. Raises DysfwError where this machine
        has another recipe, bundle or version than the task names."""
        overrides = (*self.overrides, *([f"device={device}"] if device else []))
        pipeline = open_pipeline(self.recipe, load_registry(self.plugins), overrides)
        here = fingerprints_of(pipeline)
        shaping = {*here, *self.fingerprints} - ({"device"} if device else set())
        if names := sorted(name for name in shaping if here.get(name) != self.fingerprints.get(name)):
            shown = "; ".join(f"{n} is {here.get(n)} here and {self.fingerprints.get(n)} where the work began" for n in names)
            raise DysfwError(f"this machine would judge otherwise: {shown}", hint="install the same everywhere")
        return pipeline

    def stream(self, pipeline: Pipeline, numbered: Iterable[tuple[int, BatchItem]]) -> Iterator[tuple[int, list[Row]]]:
        """The rows of each photograph, by its number, in order. numbered: read as it is needed."""
        under_way: deque[tuple[int, BatchItem]] = deque()

        def sources() -> Iterator[Source]:
            for number, item in numbered:
                under_way.append((number, item))
                yield item.opened

        return self._rows(pipeline.predict_each(sources(), all_faces=self.all_faces), under_way)

    def judged(
        self, pipeline: Pipeline, batches: Iterable[tuple[Sequence[tuple[int, BatchItem]], Sequence[ImageJob]]]
    ) -> Iterator[tuple[int, list[Row]]]:
        """The same of photographs that were decoded elsewhere, see ``dysfw.batch.serialization``: each batch with its numbers."""
        under_way: deque[tuple[int, BatchItem]] = deque()

        def decoded() -> Iterator[Sequence[ImageJob]]:
            for numbered, batch in batches:
                under_way.extend(numbered)
                yield batch

        return self._rows(pipeline.predict_decoded(decoded(), all_faces=self.all_faces), under_way)

    def _rows(
        self, results: Iterable[Sequence[Prediction | Failure]], under_way: deque[tuple[int, BatchItem]]
    ) -> Iterator[tuple[int, list[Row]]]:
        """under_way: the photographs whose results come, in their order; another thread adds to it."""
        for own in results:
            number, item = under_way.popleft()
            yield number, rows_of(number, item, own, region_probabilities=self.region_probabilities)


def fingerprints_of(pipeline: Pipeline) -> dict[str, str]:
    """All that decides what a pipeline says, short of the photographs."""
    found = {"recipe": pipeline.recipe.fingerprint, "precision": pipeline.components.precision}
    found["device"] = pipeline.components.device.partition(":")[0]
    found["bundle"] = pipeline.manifest.fingerprint if pipeline.manifest else ""
    distributions = {node.origin.partition(" ")[0] for node in pipeline.recipe.every_node()}
    return found | {name: version_of(name) or "" for name in sorted({"dysfw", *distributions})}


class BatchRunner(ABC):
    """Its constructor's signature is the schema of ``--runner-set``, beside ``address``: annotated, with defaults."""

    def __init__(self, address: str | None = None) -> None:
        """address: of a cluster, where the runner works on one."""
        self.address = address

    @abstractmethod
    def run(
        self, task: BatchTask, pipeline: Pipeline, numbered: Iterable[tuple[int, BatchItem]]
    ) -> Iterator[tuple[int, list[Row]]]:
        """The rows of each photograph, once, by its number; in about the order of the list, which is read as it is needed.

        pipeline: the task's, opened on this machine. Raises DysfwError where the work cannot be done.
        """


class Local(BatchRunner):
    """This process."""

    def __init__(self, address: str | None = None) -> None:
        if address is not None:
            raise ValueError(f"--address {address}: the runner local works on this machine; name another with --runner")
        super().__init__(address)

    def run(
        self, task: BatchTask, pipeline: Pipeline, numbered: Iterable[tuple[int, BatchItem]]
    ) -> Iterator[tuple[int, list[Row]]]:
        return task.stream(pipeline, numbered)


def load_runner(registry: Registry, name: str, address: str | None, options: Sequence[str] = ()) -> BatchRunner:
    """The runner of that name. options: "key=value", of its constructor. Raises DysfwError where there is none, or it cannot
    work like that."""
    found = registry.runner(name)
    if not issubclass(found, BatchRunner):
        raise DysfwError(f"the runner {name!r} is no subclass of dysfw.batch.runner.BatchRunner")
    schema = signature_of(found)
    allowed = [key for key in schema.names if key != "address"]
    arguments: dict[str, object] = {}
    for option in options:
        key, equals, value = option.partition("=")
        if not equals or key not in allowed:
            raise DysfwError(
                f"--runner-set {option}: the runner {name} has no such option{closest(key, allowed)}",
                hint=f"written as key=value; it has: {listed(allowed)}",
            )
        arguments[key] = yaml.safe_load(value)
    try:
        return found(**schema.plain(address=address, **arguments).model_dump())
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        raise DysfwError(f"--runner-set {'.'.join(map(str, first['loc']))}: {first['msg']}, found {first['input']!r}") from None
    except ValueError as error:
        raise DysfwError(str(error)) from None
