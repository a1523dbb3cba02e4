"""Opens image files with Pillow, one format at a time."""

from __future__ import annotations

import contextlib
import io
import threading
import warnings
from collections.abc import Iterator
from typing import Any

from PIL import Image as Pillow
from PIL import ImageFile, UnidentifiedImageError

from ..errors import ImageError
from .limits import check_size


class _NoPillowWarnings:
    """Suppresses Pillow's warnings: on large images, which are rejected anyway, and on damaged metadata, which are dropped.

    ``warnings.catch_warnings`` is not thread-safe, so the first thread to enter sets the filter and the last one resets it.
    """

    def __init__(self) -> None:
        self._lock, self._users = threading.Lock(), 0
        self._catcher: Any = None

    def __enter__(self) -> None:
        with self._lock:
            self._users += 1
            if self._users == 1:
                self._catcher = warnings.catch_warnings()
                self._catcher.__enter__()
                warnings.filterwarnings("ignore", module="PIL")

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._users -= 1
            if not self._users:
                self._catcher.__exit__(None, None, None)


_no_pillow_warnings = _NoPillowWarnings()


@contextlib.contextmanager
def pillow_file(content: bytes, form: type[ImageFile.ImageFile]) -> Iterator[Pillow.Image]:
    """Open an image by its header; its pixels are decoded on first use.

    Args:
        content: Bytes of the file.
        form: Pillow's class for the format. No other is tried, whatever the bytes are.

    Yields:
        The image. Its size is allowed.

    Raises:
        ImageError: truncated, too_many_pixels or too_small.
    """
    with _no_pillow_warnings:
        try:
            opened = form(io.BytesIO(content))
        except (SyntaxError, UnidentifiedImageError) as error:  # how Pillow's formats reject a file
            raise damaged(error) from error
        with opened:
            check_size(*opened.size)
            yield opened


def damaged(error: object = "") -> ImageError:
    """Make the error for damaged image data.

    Args:
        error: What the decoding library says.
    """
    detail = str(error).strip()
    return ImageError("truncated", f"the image data are damaged or truncated{f' ({detail})' if detail else ''}")
