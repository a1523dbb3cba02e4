"""Checks what a PDF needs, and writes it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import BinaryIO, Literal, cast, get_args

from ...errors import DysfwError
from ...explain.explanation import Explanation, explain
from ...inference.pipeline import Pipeline
from ...types import BasePrediction
from ...util.atomic import atomic_write
from ...util.install import install_command
from ...util.text import closest, listed
from .comparison import ComparisonImage

Paper = Literal["a4", "letter"]
PAPERS: tuple[Paper, ...] = get_args(Paper)


def paper_called(name: str, option: str = "paper") -> Paper:
    """Check the name of a paper size.

    Args:
        name: Such as "a4" or "A4".
        option: What the user wrote it after, for the error.

    Raises:
        DysfwError: There is no such size.
    """
    if name.casefold() in PAPERS:
        return cast(Paper, name.casefold())
    raise DysfwError(f"{option} {name}: no such paper size{closest(name, PAPERS)}", hint=f"allowed: {listed(PAPERS)}")


def refuse_without_reportlab() -> None:
    """Check that PDFs can be written, before any work is done for them.

    Raises:
        DysfwError: reportlab is not installed.
    """
    if not find_spec("reportlab"):
        raise DysfwError("a PDF of a result needs reportlab, which is not installed", hint=install_command("dysfw", "pdf"))


def save_pdf(
    target: Path | BinaryIO,
    result: BasePrediction,
    pipeline: Pipeline,
    *,
    top: int,
    explanation: Explanation | None = None,
    paper: Paper = "a4",
    comparisons: Sequence[ComparisonImage] = (),
) -> None:
    """Write a result as a PDF: warnings, photos, ranking, prediction set, record, reasons and the bundle's performance.

    The file contains the photos and the record. Its metadata holds neither a folder nor a part of the record.

    Args:
        target: Path or open file.
        result: The prediction for a face or a patient, with the pixels of its images.
        pipeline: The pipeline that made it.
        top: Maximum number of conditions in the ranking.
        explanation: Explanation of the prediction; without one the first condition's is computed, without saliency maps.
        paper: Size of the pages.
        comparisons: Images that are shown beside the patient's.

    Raises:
        DysfwError: reportlab is not installed, there is no such paper size, or the file cannot be written.
        ValueError: The pixels of the images were not kept.
    """
    size = paper_called(paper)
    refuse_without_reportlab()
    from .document import pdf_bytes

    content = pdf_bytes(result, pipeline, top, explanation or explain(pipeline, result), paper=size, comparisons=comparisons)
    try:
        if isinstance(target, Path):
            with atomic_write(target) as unfinished:
                unfinished.write_bytes(content)
        else:
            target.write(content)
    except (OSError, io.UnsupportedOperation) as error:
        reason = getattr(error, "strerror", None) or error
        raise DysfwError(f"cannot write the PDF {target}: {reason}", hint="choose another path") from None
