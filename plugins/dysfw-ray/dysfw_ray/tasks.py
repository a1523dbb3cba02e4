"""The runner ``ray`` for the splits of evaluations."""

from __future__ import annotations

import pickle
import time
import uuid
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self, TypeVar

import numpy as np
import ray
from ray.exceptions import (
    NodeDiedError,
    ObjectLostError,
    OutOfMemoryError,
    RayError,
    TaskUnschedulableError,
    WorkerCrashedError,
)
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from dysfw.plugin import CannotShareError, DysfwError, TaskRunner, count, listed, pack_work

from . import remote
from .connection import Connection, cluster_error
from .interruptible import interruptible

Context = TypeVar("Context")
Item = TypeVar("Item")
T = TypeVar("T")

POLL = 0.5  # s between looks at the machines
ANSWER_SECONDS = 60.0  # in which a machine has to answer; it may have to import everything from a shared folder
ABSENCE_SECONDS = 60.0  # for which the cluster may be without machines
MAX_LOSSES = 4  # of one task with its process
LOST = (NodeDiedError, ObjectLostError)
KILLED = (WorkerCrashedError, OutOfMemoryError)


class RayTasks(TaskRunner):
    """Runs the splits of evaluations on a Ray cluster.

    Arrays are put into the object store once. A split that is lost with its process or its machine is repeated.

    Args:
        address: Address of a cluster. "auto" finds the cluster on this machine, "ray://host:10001" connects as a client. None
            starts a temporary cluster on this machine.
        tasks: Maximum number of splits at the same time. None uses all CPUs of the cluster.
        cpus: CPUs that each split reserves. It uses one; more leave it more memory.

    Raises:
        ValueError: If ``tasks`` or ``cpus`` is less than 1.
    """

    def __init__(self, address: str | None = None, *, tasks: int | None = None, cpus: int = 1) -> None:
        if cpus < 1 or (tasks is not None and tasks < 1):
            raise ValueError(f"tasks and cpus must be 1 or more, found {tasks} and {cpus}")
        super().__init__(address)
        self.tasks, self.cpus = tasks, cpus
        self._connection = Connection(address)

    def __enter__(self) -> Self:
        """Connect to the cluster.

        Raises:
            DysfwError: It cannot be reached, or no machine has enough CPUs.
        """
        self._connection.__enter__()
        machines = _machines()
        if not any(one.cpus >= self.cpus for one in machines):
            self._connection.__exit__()
            largest = max((one.cpus for one in machines), default=0)
            raise DysfwError(
                f"no machine of the Ray cluster has {count(self.cpus, 'CPU')}: {count(len(machines), 'machine')} with at most "
                f"{largest:g}",
                hint="add machines" + (f", or decrease --runner-set cpus={self.cpus}" if self.cpus > 1 else ""),
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        """Disconnect, which ends the tasks that still run."""
        self._connection.__exit__()

    def on_each_machine(self, function: Callable[[], T]) -> dict[str, T]:
        """Call a function on each machine that has CPUs; see ``dysfw.plugin.TaskRunner``."""
        return next(interruptible(iter([self._on_each_machine(function)])))

    def _on_each_machine(self, function: Callable[[], T]) -> dict[str, T]:
        work = _Work.put(_call, function)
        machines = [one for one in _machines() if one.cpus >= self.cpus]
        references = {
            work.submit(None, num_cpus=0, scheduling_strategy=NodeAffinitySchedulingStrategy(one.node, soft=False)): one
            for one in machines
        }
        ready, late = ray.wait(list(references), num_returns=len(references), timeout=ANSWER_SECONDS)
        if late:
            names = listed(references[reference].name for reference in late)
            raise DysfwError(
                f"{names} of the Ray cluster did not answer within {ANSWER_SECONDS:.0f} s",
                hint="see `ray status`; remove machines that are broken",
            )
        answers = {}
        for reference in ready:
            name = references[reference].name
            try:
                answers[name] = _result(reference)
            except (*LOST, TaskUnschedulableError):  # it has left the cluster
                continue
            except RayError as error:
                problem = cluster_error(error)
                raise DysfwError(f"{name}: {problem.message}", hint=problem.hint) from None
        return answers

    def map(
        self,
        work: Callable[[Context, Item], T],
        context: Context,
        items: Sequence[Item],
        note: Callable[[str], None],
    ) -> Iterator[tuple[int, T]]:
        """Call a function on each item, on the cluster; see ``dysfw.plugin.TaskRunner``."""
        return interruptible(_Map(_Work.put(work, context), items, note, self.cpus, self.tasks).results())


def _call(function: Callable[[], T], _: object) -> T:
    return function()


@dataclass(frozen=True, slots=True)
class _Machine:
    """A machine of the cluster.

    Attributes:
        node: Its id in Ray.
        name: Its name, unique in the cluster.
        cpus: Its CPUs, free or not.
        store: Size of its object store, bytes.
    """

    node: str
    name: str
    cpus: float
    store: float


def _machines() -> list[_Machine]:
    """The machines that are alive and have CPUs."""
    every: list[dict[str, Any]] = ray.nodes()  # type: ignore[no-untyped-call]
    alive = [node for node in every if node["Alive"] and node["Resources"].get("CPU")]
    names = Counter(node["NodeManagerHostname"] for node in alive)
    return [
        _Machine(
            node["NodeID"],
            node["NodeManagerHostname"] + (f" (node {node['NodeID'][:6]})" if names[node["NodeManagerHostname"]] > 1 else ""),
            node["Resources"]["CPU"],
            node["Resources"].get("object_store_memory", 0),
        )
        for node in alive
    ]


@dataclass(frozen=True, slots=True)
class _Work:
    """A function and its context in the object store, to which each machine copies them once.

    Attributes:
        inputs: Where they are.
        key: Identifies them.
        size: Of the arrays, bytes.
    """

    inputs: Any
    key: str
    size: int

    @classmethod
    def put(cls, work: Callable[[Context, Item], T], context: Context) -> _Work:
        """Put work into the object store.

        Raises:
            DysfwError: It cannot be sent, or the store has no room for it.
        """
        try:
            packed = pack_work(work, context)
        except CannotShareError as error:
            raise DysfwError(f"this cannot be done on a cluster: {error}", hint="leave out --runner") from None
        try:
            inputs = ray.put((packed.pickled, [np.frombuffer(array, np.uint8) for array in packed.arrays]))
        except RayError as error:
            raise DysfwError(
                f"the object store of the Ray cluster has no room for {packed.size / 1e6:,.0f} MB ({type(error).__name__})",
                hint="start it with a larger one: `ray start --object-store-memory=BYTES`",
            ) from None
        return cls(inputs, uuid.uuid4().hex, packed.size)

    def submit(self, item: object, **options: Any) -> Any:  # noqa: ANN401  # ray's types are not known
        """Start a task, and return its reference."""
        return ray.remote(max_retries=0, **options)(remote.call).remote(self.inputs, self.key, item)


def _result(reference: Any) -> Any:  # noqa: ANN401
    pickled, message, hint = ray.get(reference)
    if pickled is None:
        raise DysfwError(f"on the cluster: {message}", hint=hint)
    return pickle.loads(pickled)  # noqa: S301  # from a worker of this program


@dataclass(slots=True)
class _Map:
    """Work on the cluster, item by item.

    Attributes:
        work: What is called.
        items: Its arguments.
        note: Receives what the user should know.
        cpus: CPUs that each task reserves; more after a lack of memory, so that fewer run at the same time.
        limit: Maximum number of tasks at the same time.
        waiting: Numbers of items that are not started.
        running: Numbers of items by the references of their tasks.
        losses: How often each item was lost.
        absent: Since when no machine is left.
    """

    work: _Work
    items: Sequence[Any]
    note: Callable[[str], None]
    cpus: int
    limit: int | None
    waiting: deque[int] = field(default_factory=deque)
    running: dict[Any, int] = field(default_factory=dict)
    losses: Counter[int] = field(default_factory=Counter)
    absent: float | None = None

    def results(self) -> Iterator[tuple[int, Any] | None]:
        """Do all items, and yield the number and the result of each as soon as it is known, and None while none is."""
        self.waiting.extend(range(len(self.items)))
        self._describe()
        try:
            while self.waiting or self.running:
                self._submit()
                yield from self._finished()
                yield None
        finally:
            for reference in self.running:
                ray.cancel(reference, force=True)

    def _describe(self) -> None:
        """Say where the work is done."""
        machines = _machines()
        cpus = sum(one.cpus for one in machines)
        self.note(f"working on {count(len(machines), 'machine')} with {count(int(cpus), 'CPU')} in all")
        free: dict[str, float] = ray.available_resources()  # type: ignore[no-untyped-call]
        if free.get("CPU", 0) < self.cpus:
            self.note("all CPUs of the cluster are in use, so the work waits for a free one")
        store = min((one.store for one in machines), default=0)
        if self.work.size > store:
            self.note(
                f"{self.work.size / 1e6:,.0f} MB of arrays exceed the object store of a machine ({store / 1e6:,.0f} MB); Ray "
                "keeps them on disk, which is slower"
            )

    def _submit(self) -> None:
        """Start as many tasks as the cluster can run, and as many again, which it starts without delay."""
        machines = _machines()
        self._check_present(machines)
        slots = sum(int(one.cpus // self.cpus) for one in machines)
        most = min(self.limit, slots) if self.limit else 2 * slots
        while self.waiting and len(self.running) < most:
            number = self.waiting.popleft()
            self.running[self.work.submit(self.items[number], num_cpus=self.cpus)] = number

    def _check_present(self, machines: Sequence[_Machine]) -> None:
        """Wait for machines for a while if none is left that is large enough."""
        if any(one.cpus >= self.cpus for one in machines):
            self.absent = None
        elif self.absent is None:
            self.absent = time.monotonic()
            self.note(f"no machine is left in the cluster; waiting up to {ABSENCE_SECONDS:.0f} s for one")
        elif time.monotonic() - self.absent > ABSENCE_SECONDS:
            raise DysfwError(
                f"no machine with {count(self.cpus, 'CPU')} is left in the Ray cluster",
                hint="finished work is kept; start machines, then run the same command again",
            )

    def _finished(self) -> Iterator[tuple[int, Any]]:
        if not self.running:
            time.sleep(POLL)
            return
        ready, _ = ray.wait(list(self.running), num_returns=1, timeout=POLL)
        if ready:  # with all others that have ended, so that one line reports what was lost together
            ready, _ = ray.wait(list(self.running), num_returns=len(self.running), timeout=0)
        lost: list[int] = []
        killed: list[int] = []
        failed: DysfwError | None = None
        for reference in ready:
            number = self.running.pop(reference)
            try:
                yield number, _result(reference)
            except LOST:
                lost.append(number)
            except KILLED:
                killed.append(number)
            except DysfwError as error:  # raised after the results that have come with it
                failed = error
            except RayError as error:
                failed = cluster_error(error)
        if failed:
            raise failed
        self._repeat(lost, killed)

    def _repeat(self, lost: Sequence[int], killed: Sequence[int]) -> None:
        """Put tasks that were lost back to those that wait."""
        self.waiting.extendleft((*lost, *killed))
        self.losses.update(killed)
        if lost:
            self.note(f"a machine left the cluster; {count(len(lost), 'task')} of it will be repeated on others")
        if not killed:
            return
        if max(self.losses[number] for number in killed) >= MAX_LOSSES:
            raise DysfwError(
                f"a worker process of the cluster was killed {MAX_LOSSES} times at the same task, in most cases for lack of "
                "memory",
                hint="finished work is kept; use machines with more memory, or reserve more CPUs: --runner-set cpus=N",
            )
        largest = max((int(one.cpus) for one in _machines()), default=self.cpus)
        self.cpus = max(self.cpus, min(2 * self.cpus, largest))
        self.note(
            f"{count(len(killed), 'task')} lost because a worker process of the cluster was killed, in most cases for lack of "
            f"memory; repeated, with {count(self.cpus, 'CPU')} for each task"
        )
