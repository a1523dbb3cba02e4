"""Checks the entries of ``dysfw_decoders``."""

from __future__ import annotations

import re

from .hookspecs import DecoderSpec

HEAD = 4096  # bytes at the start of a file in which signatures lie
MIN_SIGNATURE = 2  # bytes
EXTENSION = re.compile(r"(\.[a-z0-9]+)?")


def problem_of_decoder(spec: DecoderSpec) -> str:
    """Explain what is wrong with an entry.

    Args:
        spec: The entry.

    Returns:
        The end of a sentence that begins with its name; "" if it is valid.
    """
    if not spec.signatures:
        return "must have a signature: decoders are chosen by how a file begins"
    for signature in spec.signatures:
        if not all(isinstance(offset, int) and offset >= 0 and isinstance(part, bytes) for offset, part in signature):
            return f"must have signatures of (offset, bytes) pairs, found {signature!r}"
        if sum(len(part) for _, part in signature) < MIN_SIGNATURE:
            return f"must have signatures of at least {MIN_SIGNATURE} bytes, found {signature!r}"
        if any(offset + len(part) > HEAD for offset, part in signature):
            return f"must have signatures within the first {HEAD} bytes, found {signature!r}"
    for extension in spec.extensions:
        if not EXTENSION.fullmatch(extension):
            return f'must have extensions in lower case with a dot (".xyz"), or "" for none, found {extension!r}'
    return ""
