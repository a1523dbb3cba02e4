"""Images at addresses such as s3:// and gs://, read with fsspec."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..decoding.files import read_bytes
from ..decoding.folders import is_system_file
from ..errors import DysfwError, ImageError
from ..util.install import install_command
from ..util.paths import is_file_address
from ..util.text import error_text
from ..weights import network

ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
LOCAL_SCHEMES = ("file", "local", "memory")
WILDCARD = re.compile(r"[*?\[]")
HTTP_NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class RemoteImage:
    """An image at an address.

    Attributes:
        address: The address, with its scheme.
    """

    address: str

    def __str__(self) -> str:
        return self.address

    def read(self, most: int) -> bytes:
        """Read the image.

        Args:
            most: Maximum number of bytes.

        Returns:
            The first bytes.

        Raises:
            ImageError: missing_file or unreadable.
            DysfwError: The service cannot be used from this machine.
        """
        system, path = open_file_system(self.address)
        if _is_this_machine(system):
            content = read_bytes(Path(path))  # rejects pipes
            return content[:most]
        try:
            with system.open(path, "rb") as file:
                return bytes(file.read(most))
        except FileNotFoundError as error:
            # Over HTTP, fsspec raises this also if the service does not answer.
            if error.__cause__ is not None and getattr(error.__cause__, "status", None) != HTTP_NOT_FOUND:
                raise ImageError("unreadable", f"cannot be read: {error_text(error.__cause__)}") from None
            raise ImageError("missing_file", "no such file") from None
        except Exception as error:  # each service raises its own errors
            raise ImageError("unreadable", f"cannot be read: {error_text(error)}") from None


def is_address(text: str) -> bool:
    """Return whether a text begins with a scheme such as s3://. Addresses of this machine's files (file://) are paths."""
    return bool(ADDRESS.match(text)) and not is_file_address(text)


def open_file_system(address: str) -> tuple[Any, str]:
    """Open the file system of an address.

    Args:
        address: The address, with its scheme.

    Returns:
        fsspec's file system and the path in it.

    Raises:
        DysfwError: The file system cannot be opened, or is not on this machine in offline mode.
    """
    scheme = address.partition("://")[0].lower()
    if network.is_offline() and scheme not in LOCAL_SCHEMES:
        raise DysfwError(f"{address} is not on this machine, and {network.OFFLINE} is set", hint=f"unset {network.OFFLINE}")
    try:
        from fsspec.core import url_to_fs
    except ImportError:
        raise DysfwError(f"{address} needs fsspec, which is not installed", hint=install_command("dysfw", "remote")) from None
    try:
        system, path = url_to_fs(address)
    except ImportError as error:  # the message says what to install
        raise DysfwError(f"{address}: {error}") from None
    except Exception as error:
        raise DysfwError(f"{address} cannot be opened: {error_text(error)}") from None
    return system, path


def _is_this_machine(system: Any) -> bool:  # noqa: ANN401  # fsspec has no types
    from fsspec.implementations.local import LocalFileSystem

    return isinstance(system, LocalFileSystem)


def _list_files(system: Any, path: str) -> list[str]:  # noqa: ANN401
    """The file at a path, all files below it, or all that match it as a pattern."""
    names: list[str] = system.glob(path) if WILDCARD.search(path) else system.find(path)
    return names


def list_addresses(source: str) -> Iterator[tuple[str, bool]]:
    """List the files at an address.

    Args:
        source: Address of a file, a folder or a pattern.

    Yields:
        The addresses of the file, of all files below the folder, or of all files that match the pattern; and whether each is
        hidden or made by a storage system.

    Raises:
        DysfwError: The address cannot be listed.
    """
    system, path = open_file_system(source)
    try:
        names = _list_files(system, path)
    except Exception as error:
        raise DysfwError(f"{source} cannot be listed: {error_text(error)}") from None
    wildcard = WILDCARD.search(path)
    root = path[: wildcard.start()].rpartition("/")[0] if wildcard else path
    for name in sorted(names):
        inside = name.removeprefix(root).split("/")
        yield system.unstrip_protocol(name), any(map(is_system_file, filter(None, inside)))
