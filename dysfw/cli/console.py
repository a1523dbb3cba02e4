"""A console that knows before it breaks lines which characters its stream lacks."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from ..util.text import encodable


class EncodingConsole(Console):
    """A console of rich that first puts text into the characters of the stream, which can make it longer: "°" is " deg"."""

    def print(self, *objects: Any, **options: Any) -> None:  # noqa: ANN401  # as rich's
        """Print objects; see ``rich.console.Console.print``."""
        super().print(*(encodable(one, self.encoding) if isinstance(one, str) else one for one in objects), **options)
