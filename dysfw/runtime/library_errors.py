"""Turns the errors of a runtime's library into those that ``dysfw.contracts.runtime`` names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ..util.out_of_memory import is_out_of_memory
from ..util.text import error_text

Reason = Callable[[Exception], str]


@contextmanager
def reading_model(model: Path | bytes, library: str, reason: Reason = error_text) -> Iterator[None]:
    """Explain why a library cannot open a model.

    Args:
        model: An ONNX file, or its content.
        library: The library.
        reason: What an error says of the model, in one line.

    Yields:
        Nothing.

    Raises:
        ValueError: The model cannot be used.
        MemoryError: Memory does not suffice.
    """
    try:
        yield
    except Exception as error:  # libraries have errors of their own, without a common base class
        _refuse_lack_of_memory(error, reason)
        source = model if isinstance(model, Path) else "the network"
        raise ValueError(f"{source} cannot be used by {library}: {reason(error)}") from error


@contextmanager
def running_model(library: str, reason: Reason = error_text) -> Iterator[None]:
    """Explain why a library cannot run a model.

    Args:
        library: The library.
        reason: As in ``reading_model``.

    Yields:
        Nothing.

    Raises:
        MemoryError: Memory does not suffice.
        RuntimeError: The library failed for another reason.
    """
    try:
        yield
    except Exception as error:
        _refuse_lack_of_memory(error, reason)
        raise RuntimeError(f"{library} cannot run this network: {reason(error)}") from error


def _refuse_lack_of_memory(error: Exception, reason: Reason) -> None:
    if is_out_of_memory(error):
        raise MemoryError(f"out of memory: {reason(error)}") from error
