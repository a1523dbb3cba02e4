"""The runner ``ray``."""

from __future__ import annotations

import json
import logging
import os
import socket
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from dysfw.plugin import BatchItem, BatchRunner, BatchTask, DysfwError, Row, error_text

from .stages import Predict, decode, listed

if TYPE_CHECKING:
    from dysfw.plugin import Pipeline

# Before Ray is imported: it would report its use, and its own log is no message for users.
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
import ray
import ray.data
from ray.exceptions import OutOfMemoryError, RayError, RayTaskError

BATCH = 16  # photographs on one row: what the engine judges together
AT_ONCE = 4  # rows that a judge gets in one call: it decodes none, so that its stages overlap over these
WINDOW = 131_072  # photographs in one data set, so that the driver's memory stays flat; judges start anew for each
PATIENCE = 10.0  # s until a cluster must have answered
LEFT = 1  # processors beside each judge, which read and decode
USUAL = 2  # processors of a judge


class Ray(BatchRunner):
    """Reads and decodes on all processors of a cluster, and judges in as many actors as fit, each with its models loaded once;
    Ray Data holds those back that are ahead. A worker or machine that dies costs what it had in hand, which others do again.

    address: of a cluster ("auto" finds the one on this machine, "ray://host:10001" is a client's); None starts one on this
    machine, for as long as the work lasts. judges: actors; None takes one for each GPU, or as many as the processors allow.
    cpus: processors that each judge takes, 1 or more; None takes 2, or 1 where there are no more. gpus: each judge has a GPU,
    whatever device the recipe names.
    """

    def __init__(
        self, address: str | None = None, *, judges: int | None = None, cpus: int | None = None, gpus: bool = False
    ) -> None:
        if (cpus is not None and cpus < 1) or (judges is not None and judges < 1):
            raise ValueError(f"judges and cpus must be 1 or more, found {judges} and {cpus}")
        super().__init__(address)
        self.judges, self.cpus, self.gpus = judges, cpus, gpus

    def judge(
        self, task: BatchTask, pipeline: Pipeline, numbered: Iterable[tuple[int, BatchItem]]
    ) -> Iterator[tuple[int, list[Row]]]:
        """Raises DysfwError where there is no such cluster, it has too little of something, or the work fails on it."""
        gpus = self.gpus or pipeline.components.device.startswith("cuda")
        with _connected(self.address):
            judges, cpus = self._judges(gpus)
            ahead = iter(numbered)
            while window := list(islice(ahead, WINDOW)):
                yield from self._judge(task, window, judges, cpus, gpus)

    def _judge(
        self, task: BatchTask, window: list[tuple[int, BatchItem]], judges: int, cpus: int, gpus: bool
    ) -> Iterator[tuple[int, list[Row]]]:
        rows = [{"listed": listed(window[start : start + BATCH])} for start in range(0, len(window), BATCH)]
        data = ray.data.from_items(rows, override_num_blocks=len(rows)).flat_map(decode, num_cpus=1)
        data = data.map_batches(
            Predict,
            fn_constructor_args=(task, "cuda" if gpus else None),
            batch_size=AT_ONCE,
            num_cpus=cpus,
            num_gpus=1 if gpus else 0,
            concurrency=(1, judges),
        )
        try:
            for row in data.iter_rows():
                number, judged = json.loads(row["predicted"])
                yield number, judged
        except (RayError, RayTaskError) as error:
            raise _explained(error) from error

    def _judges(self, gpus: bool) -> tuple[int, int]:
        """How many, and the processors of each."""
        there: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
        processors, cards = int(there.get("CPU", 0)), int(there.get("GPU", 0))
        if gpus and not cards:
            raise DysfwError(f"the Ray cluster has no GPU ({processors} processors)", hint="leave gpus out, or add machines")
        cpus = self.cpus or max(1, min(USUAL, processors - LEFT))
        if processors < cpus + LEFT:
            raise DysfwError(
                f"the Ray cluster has {processors} processors; one judge takes {cpus}, and reading {LEFT}",
                hint="add machines" + (f", or lower --runner-set cpus={cpus}" if cpus > 1 else ""),
            )
        return self.judges or (cards if gpus else processors // (cpus + LEFT)), cpus


class _connected:  # noqa: N801  # reads as what it does
    """A connection to the cluster; one that was there before stays."""

    def __init__(self, address: str | None) -> None:
        self._address, self._ours = address, False

    def __enter__(self) -> None:
        if ray.is_initialized():
            return
        _refuse_silent(self._address)
        settings: dict[str, Any] = {} if self._address else {"include_dashboard": False}
        try:
            # What the machines' own programs print is theirs: failures come back as errors.
            ray.init(address=self._address, logging_level=logging.ERROR, log_to_driver=False, **settings)
        except Exception as error:  # ConnectionError, ValueError, RuntimeError …: as the version has it
            raise _unreachable(self._address, error) from None
        self._ours = True
        logging.getLogger("ray.data").setLevel(logging.ERROR)
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        context.execution_options.preserve_order = True  # so that parts of the table are complete soon
        context.print_on_execution_start = False

    def __exit__(self, *_: object) -> None:
        if self._ours:
            ray.shutdown()


def _refuse_silent(address: str | None) -> None:
    """Raise DysfwError where nobody listens: Ray itself would try for ten minutes."""
    host, colon, port = (address or "").removeprefix("ray://").rpartition(":")
    if colon and port.isdigit():
        try:
            socket.create_connection((host.strip("[]"), int(port)), timeout=PATIENCE).close()
        except OSError as error:
            raise _unreachable(address, error) from None


def _unreachable(address: str | None, error: Exception) -> DysfwError:
    return DysfwError(
        f"no Ray cluster could be reached at {address or 'this machine'}: {error_text(error)}",
        hint="start one with `ray start --head`, or leave --address out",
    )


def _explained(error: Exception) -> DysfwError:
    """What a worker died of, in words."""
    cause: BaseException = error
    while isinstance(cause, RayTaskError) and cause.cause is not None:
        cause = cause.cause
    if isinstance(cause, DysfwError):
        return DysfwError(f"on the cluster: {cause.message}", hint=cause.hint)
    if isinstance(cause, OutOfMemoryError) or "OutOfMemory" in str(cause):
        return DysfwError(
            "a worker of the cluster ran out of memory, again and again",
            hint="take fewer judges with --runner-set judges=N, or larger machines; finished parts are kept",
        )
    return DysfwError(f"the work failed on the cluster: {error_text(cause)}", hint="finished parts are kept")
