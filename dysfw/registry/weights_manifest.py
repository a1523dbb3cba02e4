"""Validates entries of a plugin's weights manifest."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from .hookspecs import WeightsSpec

LOOPBACK = ("127.0.0.1", "::1", "localhost")
SHA256 = re.compile(r"[0-9a-f]{64}")
FILE = re.compile(r"\w[\w.+ -]*")
REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")


def problem_of(spec: WeightsSpec) -> str:
    """Find what is wrong with an entry.

    Args:
        spec: The entry.

    Returns:
        A phrase that follows the name of the weights; "" if nothing is wrong.
    """
    sources = {"file": spec.file if spec.ships else "", "address": spec.address, "hub": spec.hub}
    given = {key: value for key, value in sources.items() if value}
    if len(given) != 1:
        found = ", ".join(f"{key} {value!r}" for key, value in given.items()) or f"file {spec.file!r} alone"
        return f"must either ship with a package (file: package:path) or have one source (address or hub), found {found}"
    parts = spec.file.split("/") if spec.hub else [spec.file]
    if not spec.ships and not all(FILE.fullmatch(part) for part in parts):
        return f"must name its file without a folder (on the hub a folder is allowed), found {spec.file!r}"
    if spec.address and not _is_secure(spec.address):
        return f"must have an https address, found {spec.address!r}"
    if spec.hub and not REPOSITORY.fullmatch(spec.hub):
        return f'must name its repository on the hub as "owner/repository", found {spec.hub!r}'
    if not SHA256.fullmatch(spec.sha256) and (spec.sha256 or spec.address):
        return f"must have a sha256 of 64 lower-case hexadecimal digits, found {spec.sha256!r}"
    return "" if spec.size >= 0 else f"must have a size in bytes, or 0 if unknown, found {spec.size}"


def _is_secure(address: str) -> bool:
    parts = urlsplit(address)
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK))
