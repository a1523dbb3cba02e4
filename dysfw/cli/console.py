"""A console that knows before it breaks lines which characters its stream lacks."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.text import Text

from ..output.wrapping import hanging
from ..util.text import encodable


class EncodingConsole(Console):
    """A console of rich that first puts text into the characters of the stream, which can make it longer: "°" is " deg".

    A paragraph that is wider than the terminal is broken at spaces, and its further lines are indented.
    """

    def print(self, *objects: Any, **options: Any) -> None:  # noqa: ANN401  # as rich's
        """Print objects; see ``rich.console.Console.print``."""
        objects = tuple(encodable(one, self.encoding) if isinstance(one, str) else one for one in objects)
        if len(objects) == 1 and isinstance(objects[0], str) and not options.get("soft_wrap", self.soft_wrap):
            text = self.render_str(objects[0], markup=options.get("markup"), highlight=False)
            paragraphs = text.split("\n", allow_blank=True)
            objects = (Text("\n").join(line for one in paragraphs for line in hanging(one, self.width)),)
            options["soft_wrap"] = True  # it is done: rich must not break paths
        super().print(*objects, **options)

    def on_broken_pipe(self) -> None:
        """Let the program end as one whose output nobody reads; rich would exit with 1."""
        raise  # noqa: PLE0704  # called while the BrokenPipeError is handled
