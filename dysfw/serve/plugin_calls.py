"""Calls of plugins that provide knowledge. What they do wrong hurts one request, and nothing of the request is logged."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from ..errors import DysfwError
from ..util.text import error_place
from .problems import RequestError

log = logging.getLogger("dysfw.serve")
R = TypeVar("R")
A = ParamSpec("A")


async def call_plugin(what: str, function: Callable[A, R], *given: A.args, **keys: A.kwargs) -> R:
    """Call a plugin in a thread of its own.

    Args:
        what: What the plugin is, for messages: "the ontology".
        function: Its function.
        *given: Arguments.
        **keys: Arguments by name.

    Returns:
        What the function returns.

    Raises:
        RequestError: The function refuses the request, or it failed.
    """
    try:
        return await asyncio.to_thread(function, *given, **keys)
    except DysfwError as error:
        hint = f"; {error.hint}" if error.hint else ""
        raise RequestError(400, "refused", f"{error.message}{hint}") from None
    except Exception as error:  # a plugin may raise anything; its message may quote the record
        log.error("%s failed: %s", what, error_place(error))
        message = f"{what} failed ({type(error).__name__}); predictions still work. See the server's log, and please report it"
        raise RequestError(500, "plugin_failed", message) from None
