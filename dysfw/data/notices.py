"""Findings on images that are used although something was noticed while they were read: such as several faces."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from ..types import Notice
from ..util.text import count
from .findings import MAX_EXAMPLES, Finding, Severity

# A sentence for many images; notices with other codes are quoted from the first image.
SENTENCES = {
    "several_faces": "with several faces; of each, only the face that the detector chose is used",
    "small_face": "with a face so small that fine signs are lost",
    "rolled_face": "with a face on its side or upside down",
    "rotated_head": "with a rotated head; frontal photos work best",
    "absent_region": "in which some region is not used",
    "greyscale": "without colour; backbones are trained on colour images",
}
WARNINGS = ("several_faces", "rolled_face")  # a wrong person or a wrong face may have been used


def notice_findings(images: Iterable[tuple[str, Sequence[Notice]]]) -> Iterator[Finding]:
    """Describe the notices of a data set's images as findings.

    Args:
        images: Name and notices of each image.

    Yields:
        A finding for each code, the most important ones first.
    """
    names: defaultdict[str, list[str]] = defaultdict(list)
    first: dict[str, str] = {}
    for name, notices in images:
        for notice in {notice.code: notice for notice in notices}.values():
            names[notice.code].append(name)
            first.setdefault(notice.code, notice.message)
    order = [*SENTENCES, *sorted(names.keys() - SENTENCES.keys())]
    for code in filter(names.__contains__, order):
        number = len(names[code])
        text = SENTENCES.get(code, f"with a notice: {first[code]}")
        severity: Severity = "warning" if code in WARNINGS else "note"
        yield Finding(code, severity, f"{count(number, 'image')} {text}", number, tuple(names[code][:MAX_EXAMPLES]))
