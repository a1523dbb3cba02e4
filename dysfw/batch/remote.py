"""Photographs that lie elsewhere (s3://, gs://, file:// …), by fsspec, which knows the services."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import DysfwError, ImageError
from ..imaging.decode import read_bytes
from ..util.text import error_text
from ..weights import network

ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
HERE = ("file", "local", "memory")  # schemes that do not leave this machine
MAGIC = re.compile(r"[*?\[]")
NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class RemoteImage:
    """A photograph at an address."""

    address: str

    def __str__(self) -> str:
        return self.address

    def read(self, most: int) -> bytes:
        """Raises ImageError (missing_file, unreadable), and DysfwError where the service cannot be used from here at all."""
        system, path = system_of(self.address)
        if _is_this_machine(system):
            content = read_bytes(Path(path))  # which also knows pipes, and refuses them
            return content[:most]
        try:
            with system.open(path, "rb") as file:
                return bytes(file.read(most))
        except FileNotFoundError as error:
            # Over HTTP a service that does not answer is called so too.
            if error.__cause__ is not None and getattr(error.__cause__, "status", None) != NOT_FOUND:
                raise ImageError("unreadable", f"cannot be read: {error_text(error.__cause__)}") from None
            raise ImageError("missing_file", "no such file") from None
        except Exception as error:  # each service has errors of its own
            raise ImageError("unreadable", f"cannot be read: {error_text(error)}") from None


def is_address(text: str) -> bool:
    return bool(ADDRESS.match(text))


def system_of(address: str) -> tuple[Any, str]:
    """fsspec's file system, and the path in it. Raises DysfwError where it may not or cannot be used."""
    scheme = address.partition("://")[0].lower()
    if network.is_offline() and scheme not in HERE:
        raise DysfwError(f"{address} is not on this machine, and {network.OFFLINE} is set", hint=f"unset {network.OFFLINE}")
    try:
        from fsspec.core import url_to_fs
    except ImportError:
        raise DysfwError(f"{address} needs fsspec, which is not installed", hint="pip install 'dysfw[remote]'") from None
    try:
        system, path = url_to_fs(address)
    except ImportError as error:  # its message says what to install
        raise DysfwError(f"{address}: {error}") from None
    except Exception as error:
        raise DysfwError(f"{address} cannot be opened: {error_text(error)}") from None
    return system, path


def _is_this_machine(system: Any) -> bool:  # noqa: ANN401  # fsspec has no types
    from fsspec.implementations.local import LocalFileSystem

    return isinstance(system, LocalFileSystem)


def _found(system: Any, path: str) -> list[str]:  # noqa: ANN401
    """The one file that the path is, or all under it, or all that it matches as a pattern, but hidden ones."""
    magic = MAGIC.search(path)
    names: list[str] = system.glob(path) if magic else system.find(path)
    said = path[: magic.start()].rpartition("/")[0] if magic else path
    return [name for name in names if not any(part.startswith(".") for part in name.removeprefix(said).split("/"))]


def list_addresses(source: str) -> Iterator[str]:
    """The addresses of all files at ``source``: one file, all under a folder, or all that a pattern matches. Raises
    DysfwError."""
    system, path = system_of(source)
    try:
        found = _found(system, path)
    except Exception as error:
        raise DysfwError(f"{source} cannot be listed: {error_text(error)}") from None
    for name in sorted(found):
        yield system.unstrip_protocol(name)
