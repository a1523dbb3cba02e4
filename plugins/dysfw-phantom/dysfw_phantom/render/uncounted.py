"""A decorator for compiled functions that work on given arrays only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba as nb

F = TypeVar("F", bound=Callable[..., None])
G = TypeVar("G", bound=Callable[..., Any])
WITHOUT_COUNTS: dict[str, Any] = {"_nrt": False}  # an option that numba's type stubs lack


def uncounted(function: F) -> F:
    """Compile a function without numba's reference counts.

    Each view of an array otherwise costs two atomic operations, also in functions that are inlined. In the shading of an image
    this was a third of the time.

    Args:
        function: It allocates no array and returns none.

    Returns:
        The compiled function.
    """
    return cast(F, nb.njit(cache=True, **WITHOUT_COUNTS)(function))


def inlined(function: G) -> G:
    """Compile a function that LLVM inlines wherever it is called, without reference counts as ``uncounted``.

    With ``inline="always"`` numba would copy its code before it infers the types, again for each call: most of the time that
    the renderer takes to compile.

    Args:
        function: It allocates no array and returns none.

    Returns:
        The compiled function.
    """
    return cast(G, nb.njit(forceinline=True, **WITHOUT_COUNTS)(function))
