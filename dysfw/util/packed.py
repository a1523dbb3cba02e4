"""A function and its context in a form that can be sent to other processes and machines, with the arrays apart."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from .text import error_text

Context = TypeVar("Context")
Item = TypeVar("Item")
T = TypeVar("T")


class CannotShareError(Exception):
    """There are no other processes, or the work cannot be sent to them; says why."""


@dataclass(frozen=True, slots=True, eq=False)
class PackedWork:
    """A function and its context.

    Attributes:
        pickled: Both, without the arrays.
        arrays: The bytes of each array of the context. An array that occurs several times is there once.
    """

    pickled: bytes
    arrays: Sequence[memoryview]

    @property
    def size(self) -> int:
        """Size of the arrays, bytes."""
        return sum(array.nbytes for array in self.arrays)


def pack_work(work: Callable[[Context, Item], T], context: Context) -> PackedWork:
    """Pack a function and its context, without a copy of the arrays.

    Args:
        work: The function. If it or a class of the context is defined in the main module, such as a notebook, its code is sent.
        context: What all items have in common.

    Raises:
        CannotShareError: Something in the context cannot be pickled.
    """
    import cloudpickle  # sends what the main module defines by value

    buffers: list[pickle.PickleBuffer] = []
    try:
        pickled = cloudpickle.dumps((work, context), protocol=5, buffer_callback=buffers.append)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise CannotShareError(f"a component cannot be sent to others ({error_text(error)})") from None
    return PackedWork(pickled, [buffer.raw() for buffer in buffers])


def unpack_work(pickled: bytes, arrays: Sequence[Any]) -> tuple[Callable[[Any, Any], Any], Any]:
    """Unpack a function and its context.

    Args:
        pickled: As in ``PackedWork``.
        arrays: As in ``PackedWork``. They stay where they are, so they must neither change nor end.

    Returns:
        The function and its context, whose arrays are read-only if the given ones are.

    Raises:
        CannotShareError: A component is not installed here, or it can be pickled, but not restored.
    """
    try:
        work, context = pickle.loads(pickled, buffers=arrays)  # noqa: S301  # from the process that this one works for
    except Exception as error:
        raise CannotShareError(f"a component cannot be received by others ({error_text(error)})") from None
    return work, context
