"""Reads the bodies of requests, in memory only, within limits of bytes and time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import NoReturn

from starlette.requests import Request

from .auth_middleware import too_large
from .problems import RequestError
from .settings import MIB, Settings

MAX_JSON = MIB  # bytes of a body that is no image
SLOWEST = 16_384  # bytes in a s: a slow link may take longer for more, but not for nothing


@asynccontextmanager
async def arriving(request: Request, max_bytes: int, settings: Settings) -> AsyncIterator[AsyncGenerator[bytes, None]]:
    """Give the parts of a body as they arrive.

    Args:
        request: The request.
        max_bytes: Its limit.
        settings: The server's settings. The body must arrive within ``upload_timeout``, and one second more for each 16 KiB.

    Yields:
        The parts, to iterate over.

    Raises:
        RequestError: The body is larger, or too slow.
        ClientDisconnect: The client disconnected.
    """
    began = asyncio.get_running_loop().time()

    async def parts(timeout: asyncio.Timeout) -> AsyncGenerator[bytes, None]:
        received = 0
        async for chunk in request.stream():
            received += len(chunk)
            if received > max_bytes:
                raise too_large(max_bytes)
            timeout.reschedule(began + settings.upload_timeout + received / SLOWEST)
            yield chunk

    try:
        async with asyncio.timeout(settings.upload_timeout) as timeout:
            yield parts(timeout)
    except TimeoutError:
        message = f"the request did not arrive within {settings.upload_timeout:g} s and 1 s for each {SLOWEST // 1024} KiB"
        raise RequestError(408, "too_slow", message) from None


async def read_body(request: Request, settings: Settings) -> bytes:
    """Read a body that is no image.

    Args:
        request: The request.
        settings: The server's settings.

    Raises:
        RequestError: It is larger than 1 MiB, or too slow.
        ClientDisconnect: The client disconnected.
    """
    async with arriving(request, MAX_JSON, settings) as parts:
        return b"".join([chunk async for chunk in parts])


def parse_json(content: bytes) -> object:
    """Parse JSON.

    Args:
        content: The bytes.

    Raises:
        RequestError: They are no JSON. The message does not quote them.
    """
    try:
        return json.loads(content, parse_constant=_no_constant)
    except (ValueError, RecursionError):  # ValueError: also text that is not UTF-8
        raise RequestError(400, "malformed", "the request is not valid JSON") from None


def _no_constant(_: str) -> NoReturn:
    raise ValueError("NaN and Infinity are no JSON")
