"""Whether an entry of a plugin's manifest of weights can be followed."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from .hookspecs import WeightsSpec

LOOPBACK = ("127.0.0.1", "::1", "localhost")
SHA256 = re.compile(r"[0-9a-f]{64}")
FILE = re.compile(r"\w[\w.+ -]*")
REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")


def problem_of(spec: WeightsSpec) -> str:
    """What is wrong with it, after the name of the weights; "" where nothing is."""
    places = {"file": spec.file if spec.ships else "", "address": spec.address, "hub": spec.hub}
    given = {key: value for key, value in places.items() if value}
    if len(given) != 1:
        found = ", ".join(f"{key} {value!r}" for key, value in given.items()) or f"file {spec.file!r} alone"
        return f"must either ship (file: package:path) or be published in one place (address or hub), found {found}"
    parts = spec.file.split("/") if spec.hub else [spec.file]
    if not spec.ships and not all(FILE.fullmatch(part) for part in parts):
        return f"must say what its file is called, without a folder (on the hub also within one), found {spec.file!r}"
    if spec.address and not _is_secure(spec.address):
        return f"must be published at an https address, found {spec.address!r}"
    if spec.hub and not REPOSITORY.fullmatch(spec.hub):
        return f'must name its place on the hub as "owner/repository", found {spec.hub!r}'
    if not SHA256.fullmatch(spec.sha256) and (spec.sha256 or spec.address):
        return f"must state a sha256 of 64 lower-case hexadecimal digits, found {spec.sha256!r}"
    return "" if spec.size >= 0 else f"must state its size in bytes, or 0 for unknown, found {spec.size}"


def _is_secure(address: str) -> bool:
    parts = urlsplit(address)
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK))
