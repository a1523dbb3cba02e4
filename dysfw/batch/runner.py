"""Who does the work of a batch: this process, or many machines."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..cache.store import StageCache
from ..engine.assemble import open_pipeline
from ..engine.pipeline import Pipeline
from ..environment import version_of
from ..errors import DysfwError
from ..imaging.decode import Source
from ..registry.registry import Registry, load_registry
from .entry import Entry
from .rows import Row, rows_of


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be done with each photograph, in words that another machine understands.

    recipe: the absolute path of a recipe's file, or of a bundle's folder. overrides: as in ``--set``. plugins: the only ones to
    load, None for all. fingerprints: of recipe and bundle, and the versions at work, which must be the same everywhere.
    """

    recipe: Path
    overrides: tuple[str, ...]
    plugins: tuple[str, ...] | None
    all_faces: bool
    votes: bool
    fingerprints: dict[str, str]

    def open(self, registry: Registry | None = None, cache: StageCache | None = None) -> Pipeline:
        """The pipeline. Raises DysfwError where this machine has another recipe, bundle or version than the task names."""
        pipeline = open_pipeline(self.recipe, registry or load_registry(self.plugins), self.overrides, cache)
        if self.fingerprints and (here := fingerprints_of(pipeline)) != self.fingerprints:
            names = sorted(name for name in {*here, *self.fingerprints} if here.get(name) != self.fingerprints.get(name))
            shown = "; ".join(f"{n} is {here.get(n)} here and {self.fingerprints.get(n)} where the work began" for n in names)
            raise DysfwError(f"this machine would judge otherwise: {shown}", hint="install the same everywhere")
        return pipeline

    def stream(self, pipeline: Pipeline, numbered: Iterable[tuple[int, Entry]]) -> Iterator[tuple[int, list[Row]]]:
        """The rows of each photograph, by its number, in order. numbered: read as it is needed."""
        under_way: deque[tuple[int, Entry]] = deque()

        def sources() -> Iterator[Source]:
            for number, entry in numbered:
                under_way.append((number, entry))
                yield entry.opened

        for results in pipeline.predict_each(sources(), all_faces=self.all_faces):
            number, entry = under_way.popleft()
            yield number, rows_of(number, entry, results, votes=self.votes)


def fingerprints_of(pipeline: Pipeline) -> dict[str, str]:
    """All that decides what a pipeline says, short of the photographs."""
    found = {"recipe": pipeline.recipe.fingerprint, "precision": pipeline.components.precision}
    found["device"] = pipeline.components.device.partition(":")[0]
    found["bundle"] = pipeline.manifest.fingerprint if pipeline.manifest else ""
    distributions = {node.origin.partition(" ")[0] for node in pipeline.recipe.every_node()}
    return found | {name: version_of(name) or "" for name in sorted({"dysfw", *distributions})}


class Runner(ABC):
    """address: of a cluster, where the runner works on one."""

    def __init__(self, address: str | None = None) -> None:
        self.address = address

    @abstractmethod
    def judge(self, task: Task, pipeline: Pipeline, numbered: Iterable[tuple[int, Entry]]) -> Iterator[tuple[int, list[Row]]]:
        """The rows of each photograph, once, by its number; in about the order of the list, which is read as it is needed.

        pipeline: the task's, opened on this machine. Raises DysfwError where the work cannot be done.
        """


class Local(Runner):
    """This process."""

    def __init__(self, address: str | None = None) -> None:
        if address is not None:
            raise DysfwError(f"--address {address}: the runner local works on this machine", hint="name another with --runner")
        super().__init__(address)

    def judge(self, task: Task, pipeline: Pipeline, numbered: Iterable[tuple[int, Entry]]) -> Iterator[tuple[int, list[Row]]]:
        return task.stream(pipeline, numbered)


def load_runner(registry: Registry, name: str, address: str | None) -> Runner:
    """The runner of that name. Raises DysfwError where there is none, or it cannot work there."""
    found = registry.runner(name)
    if not issubclass(found, Runner):
        raise DysfwError(f"the runner {name!r} is no subclass of dysfw.batch.runner.Runner")
    return found(address)
