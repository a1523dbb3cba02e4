"""Checks of a runtime, on a small network whose results are known."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from safetensors.numpy import load

from ...contracts.runtime import Runtime, Session
from ...registry.hookspecs import RuntimeSpec
from ...registry.registry import Entry, Registry
from ...types import Float32, UInt8
from ..outcome import NotApplicableError, require

NETWORK = "network"  # .onnx and .safetensors, which tools/graphs.py writes
TOLERANCE = {"float32": 1e-5, "bfloat16": 0.03}  # of the largest result
THREADS = 4
CALLS = 8  # in each thread
OPERATOR, UNKNOWN = b"BatchNormalization", b"UnknownOperatorXYZ"  # of the same length, so that the file stays intact


@dataclass(frozen=True, eq=False)
class RuntimeSubject:
    """A runtime under check.

    Attributes:
        entry: The runtime.
        registry: The registry with it.
    """

    entry: Entry[RuntimeSpec]
    registry: Registry

    @functools.cached_property
    def runtime(self) -> Runtime:
        """An instance."""
        loaded = self.registry.load_class(self.entry, "runtime")
        why = "networks are opened by it"
        require(issubclass(loaded, Runtime), "a subclass of dysfw.plugin.Runtime", found=loaded, why=why)
        return loaded()  # type: ignore[no-any-return]  # require has just narrowed it

    def open(self, model: Path | bytes | None = None, precision: str = "float32") -> Session:
        """Open a network on the CPU, by default the one whose results are known."""
        if ("cpu", precision) not in self.entry.spec.speeds:
            raise NotApplicableError(f"it does not compute in {precision} on cpu")
        return self.runtime.open(_network() if model is None else model, "cpu", precision)


@functools.cache
def _network() -> bytes:
    return (files(__package__) / f"{NETWORK}.onnx").read_bytes()


@functools.cache
def _known() -> tuple[UInt8, Float32]:
    """Crops uint8 [N, 24, 24, 3], and their embeddings float32 [N, 8]."""
    tensors = load((files(__package__) / f"{NETWORK}.safetensors").read_bytes())
    return tensors["crops"], tensors["embeddings"]


def states_its_version(subject: RuntimeSubject) -> None:
    """The version of the library is known."""
    version = subject.runtime.version
    require(isinstance(version, str) and version, "a version", found=repr(version), why="it is part of results and cache keys")


def describes_inputs_and_outputs(subject: RuntimeSubject) -> None:
    """A session states name, type and shape of what it takes and computes."""
    session = subject.open()
    found = [(one.name, np.dtype(one.dtype), tuple(one.shape)) for one in (*session.inputs, *session.outputs)]
    expected = [("crops", np.dtype(np.uint8), (None, 24, 24, 3)), ("embeddings", np.dtype(np.float32), (None, 8))]
    require(found == expected, str(expected), found=found, why="a backbone learns its size and dimension from them")


def computes_in_float32(subject: RuntimeSubject) -> None:
    """Results in float32 are those of the network, to rounding."""
    _require_known(subject, "float32")


def computes_in_bfloat16(subject: RuntimeSubject) -> None:
    """Results in bfloat16 are near those in float32."""
    _require_known(subject, "bfloat16")


def _require_known(subject: RuntimeSubject, precision: str) -> None:
    crops, expected = _known()
    outputs = subject.open(precision=precision)(crops)
    require(isinstance(outputs, tuple), "a tuple of outputs", found=type(outputs), why="a network may have several")
    error = float(np.abs(np.asarray(outputs[0], np.float32) - expected).max() / np.abs(expected).max())
    limit = TOLERANCE[precision]
    require(error <= limit, f"relative errors up to {limit:g}", found=f"{error:.2g}", why="runtimes must agree")


def opens_files_and_bytes(subject: RuntimeSubject) -> None:
    """A file gives the same results as its content."""
    crops, _ = _known()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "network.onnx"
        path.write_bytes(_network())
        same = np.array_equal(subject.open(path)(crops)[0], subject.open()(crops)[0])
    require(same, "the same results", found="different ones", why="networks come from files and from memory")


def takes_batches_of_any_size(subject: RuntimeSubject) -> None:
    """Batches of one image and of many give the same results, in any order."""
    session, (crops, expected) = subject.open(), _known()
    for size in (1, len(crops), 2):
        (embeddings,) = session(crops[:size])
        near = np.allclose(embeddings, expected[:size], atol=TOLERANCE["float32"] * np.abs(expected).max())
        require(near, f"the same results for a batch of {size}", found=embeddings, why="batches have different sizes")


def keeps_results_of_earlier_calls(subject: RuntimeSubject) -> None:
    """A later call does not change an array that was returned."""
    session, (crops, _) = subject.open(), _known()
    (first,) = session(crops)
    before = first.copy()
    session(crops[::-1].copy())
    require(np.array_equal(first, before), "unchanged results", found="changed ones", why="results are used later")


def serves_several_threads(subject: RuntimeSubject) -> None:
    """Threads that use one session at once get their own results."""
    session, (crops, expected) = subject.open(), _known()

    def wrong(row: int) -> int:
        images, known = np.repeat(crops[row : row + 1], row + 1, axis=0), expected[row]
        limit = TOLERANCE["float32"] * np.abs(expected).max()
        return sum(not np.allclose(session(images)[0], known, atol=limit) for _ in range(CALLS))

    with ThreadPoolExecutor(THREADS) as executor:
        number = sum(executor.map(wrong, range(min(THREADS, len(crops)))))
    require(not number, "right results in every thread", found=f"{number} wrong ones", why="a server's threads share a session")


def refuses_a_damaged_model(subject: RuntimeSubject) -> None:
    """A file that is cut or something else raises ValueError with one line."""
    _require_refused(subject, {"half a file": _network()[: len(_network()) // 2], "text": b"Dear colleague,"})


def refuses_an_unknown_operator(subject: RuntimeSubject) -> None:
    """An operator that the runtime lacks raises ValueError with one line."""
    _require_refused(subject, {"an unknown operator": _network().replace(OPERATOR, UNKNOWN)})


def _require_refused(subject: RuntimeSubject, models: dict[str, bytes]) -> None:
    for what, model in models.items():
        try:
            found: object = subject.open(model)
        except ValueError as error:
            found = error
        lines: Sequence[str] = str(found).splitlines() if isinstance(found, ValueError) else ()
        require(len(lines) == 1, f"ValueError with one line for {what}", found=found, why="users read it as it is")


CHECKS = (
    states_its_version,
    describes_inputs_and_outputs,
    computes_in_float32,
    computes_in_bfloat16,
    opens_files_and_bytes,
    takes_batches_of_any_size,
    keeps_results_of_earlier_calls,
    serves_several_threads,
    refuses_a_damaged_model,
    refuses_an_unknown_operator,
)
