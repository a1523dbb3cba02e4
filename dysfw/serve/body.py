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


async def limited(request: Request, max_bytes: int) -> AsyncGenerator[bytes, None]:
    """Yield the parts of a body.

    Args:
        request: The request.
        max_bytes: Its limit.

    Raises:
        RequestError: The body is larger.
        ClientDisconnect: The client disconnected.
    """
    received = 0
    async for chunk in request.stream():
        received += len(chunk)
        if received > max_bytes:
            raise too_large(max_bytes)
        yield chunk


@asynccontextmanager
async def in_time(settings: Settings) -> AsyncIterator[None]:
    """Raise RequestError if a body does not arrive in time.

    Args:
        settings: The server's settings.
    """
    try:
        async with asyncio.timeout(settings.upload_timeout):
            yield
    except TimeoutError:
        message = f"the request did not arrive within {settings.upload_timeout:g} s"
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
    async with in_time(settings):
        return b"".join([chunk async for chunk in limited(request, MAX_JSON)])


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
