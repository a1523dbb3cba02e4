"""Checks of a decoder. Those that need files take them from the plugin's tests."""

from __future__ import annotations

import contextlib
import functools
import io
import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from ...decoding.decoded import DecodedImage
from ...decoding.formats import decoder_of
from ...errors import ImageError
from ...registry.hookspecs import DecoderSpec
from ...registry.registry import Entry, Registry
from ...util.text import error_text
from ..outcome import NotApplicableError, require

PARTS = (0.1, 0.3, 0.5, 0.7, 0.9)  # of a file that is cut
THREADS = 4


@dataclass(frozen=True, eq=False)
class DecoderSubject:
    """A decoder under check.

    Attributes:
        entry: The decoder.
        registry: The registry with it and its rivals.
        examples: Makes some intact files of its format.
    """

    entry: Entry[DecoderSpec]
    registry: Registry
    examples: Callable[[], Sequence[bytes]] = field(default=tuple)

    @functools.cached_property
    def files(self) -> Sequence[bytes]:
        """The files. Raises NotApplicableError if the tests give none."""
        if not (files := self.examples()):
            raise NotApplicableError(f'no files: pass files={{"{self.entry.spec.name}": …}} to conformance')
        return files

    def decode(self, content: bytes) -> DecodedImage:
        """Decode a file."""
        return self.registry.decoder(self.entry)(content)  # type: ignore[no-any-return]  # a check looks at it


def can_be_imported(subject: DecoderSubject) -> None:
    """The target is a function."""
    decode = subject.registry.decoder(subject.entry)
    require(callable(decode), "a function of the bytes of a file", found=type(decode), why="it is called for every file")


def refuses_rubbish(subject: DecoderSubject) -> None:
    """A file that has the signature and nothing else of the format is refused."""
    noise = random.Random(0)  # noqa: S311  # no secret
    for signature in subject.entry.spec.signatures:
        for rest in (b"", bytes(2000), noise.randbytes(2000)):
            content = bytearray(max(offset + len(part) for offset, part in signature)) + rest
            for offset, part in signature:
                content[offset : offset + len(part)] = part
            try:
                found: object = subject.decode(bytes(content))
            except Exception:  # noqa: S112  # any error is right here
                continue
            require(False, "an error", found=type(found), why="rubbish must not become an image")


def recognises_its_files(subject: DecoderSubject) -> None:
    """Its signatures lead to it."""
    for content in subject.files:
        found = decoder_of(content, subject.registry)
        require(
            found == subject.entry, subject.entry.full_name, found=found.full_name, why="another decoder would read the file"
        )


def returns_pixels(subject: DecoderSubject) -> None:
    """uint8 [height, width, 3], the same each time, also from several threads."""
    for content in subject.files:
        first = subject.decode(content)
        require(isinstance(first, DecodedImage), "a DecodedImage", found=type(first), why="the core reads its fields")
        pixels = first.pixels
        shape = isinstance(pixels, np.ndarray) and pixels.dtype == np.uint8 and pixels.ndim == 3 and pixels.shape[2] == 3
        require(shape, "pixels of uint8 [height, width, 3]", found=pixels, why="components take nothing else")
        with ThreadPoolExecutor(THREADS) as threads:
            for again in threads.map(subject.decode, [content] * THREADS):
                same = np.array_equal(again.pixels, pixels)
                require(same, "the same pixels", found="others", why="files are decoded in several threads")


def prints_nothing(subject: DecoderSubject) -> None:
    """Nothing is written to standard output or standard error."""
    text = io.StringIO()
    with contextlib.redirect_stdout(text), contextlib.redirect_stderr(text):
        for content in subject.files:
            subject.decode(content)
    require(not text.getvalue(), "no output", found=text.getvalue(), why="programs read the output of commands")


def refuses_cut_files(subject: DecoderSubject) -> None:
    """A file that is cut is refused, or its pixels are all there."""
    for content in subject.files:
        whole = subject.decode(content).pixels
        for part in PARTS:
            try:
                pixels = subject.decode(content[: int(len(content) * part)]).pixels
            except Exception as error:
                is_known = not isinstance(error, ImageError) or bool(error.code and error.message)
                require(is_known, "an ImageError with code and message", found=error_text(error), why="people read it")
                continue
            found = f"an image of a file cut at {part:.0%}"
            require(np.array_equal(pixels, whole), "an error", found=found, why="half an image would count as a whole one")


CHECKS = (can_be_imported, refuses_rubbish, recognises_its_files, returns_pixels, prints_nothing, refuses_cut_files)
