"""Runners of tasks: what runs the splits of an evaluation, on this machine or on a cluster."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import ClassVar, Self, TypeVar

from ..recipe.runners import make_runner
from ..registry.registry import Registry
from ..util.workers import map_in_workers

Context = TypeVar("Context")
Item = TypeVar("Item")
T = TypeVar("T")


class TaskRunner(ABC):
    """Base class of runners of tasks.

    The constructor's signature is the schema of ``--runner-set``: each parameter but ``address`` needs an annotation and a
    default. A runner is used as a context manager, so that it can connect before any work, and disconnect after it.

    Attributes:
        remote: Whether tasks run on other machines. As many tasks as possible are then given to it at once.

    Args:
        address: Address of a cluster, if the runner uses one.
    """

    remote: ClassVar[bool] = True

    def __init__(self, address: str | None = None) -> None:
        self.address = address

    def __enter__(self) -> Self:
        """Connect.

        Raises:
            DysfwError: The cluster cannot be reached or used.
        """
        return self

    def __exit__(  # noqa: B027  # a runner without a connection has nothing to end
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        """Disconnect, and end all tasks that are still running."""

    @abstractmethod
    def on_each_machine(self, function: Callable[[], T]) -> dict[str, T]:
        """Call a function once on each machine that may run tasks.

        Args:
            function: What to call. It can be pickled, and takes little time.

        Returns:
            What it returned, by name of the machine.

        Raises:
            DysfwError: A machine does not answer.
        """

    @abstractmethod
    def map(
        self,
        work: Callable[[Context, Item], T],
        context: Context,
        items: Sequence[Item],
        note: Callable[[str], None],
    ) -> Iterator[tuple[int, T]]:
        """Call a function on each item.

        Each call has one thread for linear algebra and starts no processes (``dysfw.plugin.work_alone``), so that the results
        are the same wherever it runs. Work that is lost with a process or a machine is repeated. If the caller stops early or
        is interrupted, all calls end at once.

        Args:
            work: What to call, with the context and an item.
            context: What all items have in common. Its arrays are sent to each machine once (``dysfw.plugin.pack_work``), and
                are read-only there.
            items: The items. Each is small.
            note: Receives one line for everything that the user should know, such as that work has to be repeated.

        Yields:
            The number of each item and its result, once, as soon as it is known.

        Raises:
            DysfwError: The function raised it, or the work cannot be done.
        """


class LocalTasks(TaskRunner):
    """Runs tasks on all processors of this machine.

    Args:
        address: Not allowed.

    Raises:
        ValueError: An address is given.
    """

    remote = False

    def __init__(self, address: str | None = None) -> None:
        if address is not None:
            raise ValueError(f"--address {address}: the runner local uses this machine only; choose another with --runner")
        super().__init__(address)

    def on_each_machine(self, function: Callable[[], T]) -> dict[str, T]:
        """Call the function here."""
        return {"this machine": function()}

    def map(
        self,
        work: Callable[[Context, Item], T],
        context: Context,
        items: Sequence[Item],
        note: Callable[[str], None],
    ) -> Iterator[tuple[int, T]]:
        """Call the function in worker processes; see ``dysfw.util.workers.map_in_workers``."""
        return map_in_workers(work, context, items, note)


def load_task_runner(registry: Registry, name: str, address: str | None = None, options: Sequence[str] = ()) -> TaskRunner:
    """Create a runner of tasks; see ``dysfw.recipe.runners.make_runner``."""
    return make_runner(registry, TaskRunner, name, address, options, work="tasks")  # type: ignore[type-abstract]
