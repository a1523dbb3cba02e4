"""Finds the encoding of a text file: one pass over its bytes, in constant memory.

UTF-8, UTF-16 and UTF-32 are recognised with certainty, by their marks or because the bytes are valid. Other files are legacy
text: their encoding is estimated from the lines that are not ASCII, and reported with an example. Detectors of languages
often fail in mostly ASCII text (a lone "Zoë" from a Mac becomes "Zo‘"), so Western encodings are distinguished by how well
the letters fit into their words. Other scripts are left to charset-normalizer.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

from ..errors import DysfwError
from ..util.text import quoted
from .remarks import Rows

CHUNK = 2**20
SAMPLE = 2**16  # bytes of lines that are not ASCII
HEAD = 4096
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins like UTF-16
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Western encodings, the most common first: Windows, old Macs, and Latin-1 for what Windows leaves undefined
WESTERN = ("cp1252", "mac_roman", "latin-1")
NAMES = {"cp1252": "Windows-1252", "mac_roman": "Mac Roman", "latin-1": "Latin-1"}
LETTERS = frozenset("ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝàáâãäåæçèéêëìíîïñòóôõöøùúûüýÿßŒœ")
OPENING, CLOSING, DASHES, OTHER_MARKS = "‘“„‚«", "’”»…", "–—", "°·²³µ®™€§"
NON_ASCII_LINE = re.compile(rb"[^\r\n]*[\x80-\xff][^\r\n]*")


@dataclass(frozen=True, slots=True)
class Encoding:
    """The encoding of a text file.

    Attributes:
        name: Python's name of the encoding.
        estimated: Whether it was estimated.
        example: A line that is not ASCII, if the encoding was estimated.
    """

    name: str
    estimated: bool = False
    example: str = ""

    def __str__(self) -> str:
        """Return the name for people."""
        return NAMES.get(self.name, self.name)


def find_encoding(path: Path) -> Encoding:
    """Find the encoding of a text file.

    Args:
        path: The file.

    Returns:
        Its encoding.

    Raises:
        DysfwError: The file is not text: it holds NUL bytes, or mixes encodings.
        OSError: The file cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(HEAD)
    if wide := _wide(head):
        return Encoding(wide)
    has_mark = head.startswith(codecs.BOM_UTF8)
    sample, is_utf8 = _scan(path)
    if is_utf8:
        return Encoding("utf-8-sig" if has_mark else "utf-8")
    _refuse_mixture(path, sample)
    if encoding := _other_script(sample):
        return Encoding(encoding, True, _example(sample, encoding))
    best = max(WESTERN, key=lambda name: _plausibility(sample, name))  # the first of equals
    return Encoding(best, True, _example(sample, best))


def _wide(head: bytes) -> str:
    """The encoding of a text with two or four bytes a character, or ""."""
    name = next((name for mark, name in MARKS if head.startswith(mark)), "")
    if name.startswith(("utf-16", "utf-32")):
        return name
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if len(head) >= 8 and max(even, odd) > 0.4 * len(head) / 2 and min(even, odd) * 8 < max(even, odd):
        return "utf-16-le" if odd > even else "utf-16-be"
    return ""


def _scan(path: Path) -> tuple[bytes, bool]:
    """Read a file once: the first lines that are not ASCII, and whether all of it is UTF-8. Refuses NUL bytes."""
    sample, line, is_utf8 = bytearray(), 1, True
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            if (position := chunk.find(0)) >= 0:
                line += chunk[:position].count(b"\n")
                raise DysfwError(
                    f"{path} is not text: line {line} holds a NUL byte",
                    hint="the file is damaged, or no table; export it again as CSV in UTF-8, as .xlsx or as .parquet",
                )
            line += chunk.count(b"\n")
            if is_utf8:
                is_utf8 = _continues(decoder, chunk)
            if not chunk.isascii() and len(sample) < SAMPLE:
                for found in NON_ASCII_LINE.finditer(chunk):
                    sample += found[0] + b"\n"
                    if len(sample) >= SAMPLE:
                        break
            elif not is_utf8 and len(sample) >= SAMPLE and line > 1:
                continue  # only NUL bytes are still of interest
    return bytes(sample), is_utf8 and _continues(decoder, b"", final=True)


def _continues(decoder: codecs.IncrementalDecoder, chunk: bytes, *, final: bool = False) -> bool:
    if chunk.isascii() and not final and not decoder.getstate()[0]:
        return True
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return False
    return True


def _refuse_mixture(path: Path, sample: bytes) -> None:
    """Refuse a file that several programs wrote to: no encoding reads all of it."""
    text = sample.decode("utf-8", "surrogateescape")
    invalid = sum("\udc80" <= c <= "\udcff" for c in text)
    valid = sum(not c.isascii() for c in text) - invalid
    if valid <= invalid and not _has_lines_of_both(sample):
        return
    as_utf8, others, example = _lines_of_each(path)
    raise DysfwError(
        f"{path} mixes UTF-8 with another encoding, for example in {example}: {others} not in UTF-8, {as_utf8} in UTF-8",
        hint="correct these lines, and save the file as CSV in UTF-8",
    )


def _has_lines_of_both(sample: bytes) -> bool:
    """Whether some lines are UTF-8 beyond chance, and others are not."""
    lines = sample.splitlines()
    as_utf8 = [line for line in lines if _is_utf8(line)]
    others = b"\n".join(line for line in lines if not _is_utf8(line))
    if not as_utf8 or not others:
        return False
    if _is_latin(others):
        return any(map(_is_surely_utf8, as_utf8))
    # One character of two bytes is often valid by chance in Chinese: 2 in 100 pairs of them are.
    return sum(sum(byte >= 0xC0 for byte in line) > 1 for line in as_utf8) * 3 > len(lines)


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _is_surely_utf8(line: bytes) -> bool:
    """Whether a line that is valid UTF-8 is not Western text in another encoding: Mac Roman's "l’école" is valid by chance."""
    return any(byte >= 0xE0 for byte in line) or _plausibility(line, "utf-8") > max(_plausibility(line, one) for one in WESTERN)


def _lines_of_each(path: Path) -> tuple[str, str, str]:
    """The first lines that are UTF-8 and not ASCII, the first that are not UTF-8, and one of these as an example."""
    as_utf8, others, example = Rows(), Rows(), ""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.isascii():
                continue
            (as_utf8 if _is_utf8(line) else others).add(number)
            if not example and not _is_utf8(line):
                example = quoted(line.rstrip(b"\r\n").decode("utf-8", "backslashreplace"))
    return str(as_utf8).replace("row", "line"), str(others).replace("row", "line"), example


def _is_latin(sample: bytes) -> bool:
    """Whether a text in a legacy encoding is Latin: its words hold few letters with accents, other scripts hold little else."""
    runs = [len(run) for run in re.findall(rb"[\x80-\xff]+", sample)]
    return sum(length for length in runs if length > 2) * 2 < sum(runs)


def _other_script(sample: bytes) -> str:
    """The encoding of a script that is not Latin, such as Cyrillic or Chinese; "" for Latin text."""
    if _is_latin(sample):
        return ""
    from charset_normalizer import from_bytes

    best = from_bytes(sample).best()
    return best.encoding if best else ""


def _plausibility(sample: bytes, encoding: str) -> float:
    """How well the characters that are not ASCII fit into their words: a mean from 0 (not at all) to 1; -1 if undefined."""
    try:
        text = sample.decode(encoding)
    except UnicodeDecodeError:
        return -1.0
    scores = [
        _fit(before, c, text[n + 1 : n + 3])
        for n, (before, c) in enumerate(zip(" " + text, text, strict=False))
        if not c.isascii()
    ]
    return sum(scores) / max(1, len(scores))


def _fit(before: str, c: str, after: str) -> float:
    """How well a character fits between the one before it and the two after it, from 0 to 1."""
    inside, follows = before.isalpha(), after[:1].isalpha()
    if c in LETTERS:
        lone = not inside and not follows
        mixed = (c.isupper() and inside and before.islower()) or (c.islower() and inside and after[:1].isupper())
        return 0.3 if lone or mixed else 1.0
    if c in DASHES:
        return 0.2 if inside and after[:1].islower() else 1.0
    if c in OPENING:
        return 0.0 if inside else 1.0
    if c in CLOSING:
        possessive = after[:1] == "s" and not after[1:].isalpha()  # the patient’s
        return 0.6 if follows and not possessive else 1.0
    return 0.5 if c in OTHER_MARKS else 0.0


def _example(sample: bytes, encoding: str) -> str:
    return quoted(sample.decode(encoding, "replace").splitlines()[0])
