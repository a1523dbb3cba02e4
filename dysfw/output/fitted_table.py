"""Tables that fit any terminal: the columns that matter stay, the others wrap, move below or disappear."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions
from rich.text import Text

from ..util.text import encodable, printable
from .wrapping import wrapped

GAP = 2  # characters between columns
MIN_WRAPPED = 12  # characters that a wrapped column gets before others move below
MIN_KEY = 5  # characters that a wrapped key column keeps on the narrowest terminal
INDENT = 3  # characters before the lines below a row
Role = Literal["id", "key", "more", "bar"]
Cell = str | Text
Widths = dict[int, int]  # number of a column: its width in characters


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a ``FittedTable``.

    Attributes:
        title: The heading.
        role: "id" names the row, is always shown, and is repeated where a table continues below; "key" is always shown;
            "more" moves below if there is no room; "bar" only repeats a number as a drawing, and is the first to go.
        right: Whether cells are aligned to the right and never broken over lines, as numbers.
        wrap: Whether long cells are broken over lines. Nothing is ever cut.
        style: The style of cells, see ``rich.style``.
    """

    title: str = ""
    role: Role = "key"
    right: bool = False
    wrap: bool = True
    style: str = ""


def multiline(text: str) -> Text:
    """Make a cell of several lines; the line breaks of other cells are escaped, as they may come from a file's name.

    Args:
        text: The lines.
    """
    return Text("\n".join(printable(line) for line in text.splitlines()))


class FittedTable:
    """A table that is printed with ``console.print`` and that no terminal is too narrow for.

    If the table is too wide, bars go first. Then text wraps. Then columns with the role "more" move below: as further tables
    that repeat the columns with the role "id", or as lines below each row. No text is cut.

    Args:
        columns: The columns.
        below: How columns are shown that have no room: "tables" suits numbers, "lines" suits text.
        header: Whether the titles are shown as a heading.
    """

    def __init__(self, *columns: Column, below: Literal["tables", "lines"] = "tables", header: bool = True) -> None:
        self.columns = columns
        self.rows: list[tuple[tuple[Text, ...], str]] = []
        self._below = below
        self._header = header and any(column.title for column in columns)

    def add(self, *cells: Cell, style: str = "") -> None:
        """Add a row.

        Args:
            cells: One for each column. Control characters of a ``str`` are escaped, and it is never read as markup.
            style: The style of the whole row.

        Raises:
            ValueError: The number of cells is wrong.
        """
        if len(cells) != len(self.columns):
            raise ValueError(f"{len(cells)} cells for {len(self.columns)} columns")
        texts = tuple(cell.copy() if isinstance(cell, Text) else Text(printable(cell)) for cell in cells)
        self.rows.append((texts, style))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        """Yield the lines of the table, none of them wider than the console."""
        yield from _Layout(self, options.encoding).lines(options.max_width, in_lines=self._below == "lines")

    @property
    def header(self) -> bool:
        """Whether the titles are shown as a heading."""
        return self._header


class _Layout:
    """A table whose texts can be shown in one encoding, with their widths."""

    def __init__(self, table: FittedTable, encoding: str) -> None:
        self.columns = table.columns
        self.header = table.header
        self.titles = [encodable(column.title, encoding) for column in table.columns]
        self.rows = [(tuple(_encodable(cell, encoding) for cell in cells), style) for cells, style in table.rows]
        self.natural = [self._natural(n) for n in range(len(self.columns))]

    def _natural(self, n: int) -> int:
        title = [cell_len(self.titles[n])] if self.header else [0]
        return max([*title, *(cell_len(line) for cells, _ in self.rows for line in cells[n].plain.split("\n"))])

    def _least(self, n: int, wrapped: int, key: int) -> int:
        """The least width of a column: numbers keep their widest cell, titles their longest word."""
        column = self.columns[n]
        if column.wrap and not column.right:
            return min(self.natural[n], wrapped if column.role == "more" else key)
        cells = [cell_len(cells[n].plain) for cells, _ in self.rows]
        words = [cell_len(word) for word in self.titles[n].split()] if self.header else []
        return max([0, *cells, *words])

    def lines(self, width: int, *, in_lines: bool) -> Iterator[Text]:
        """Yield the lines of the table and of what continues below it."""
        first, rest = self._choose(width, greedy=in_lines)
        yield from self._block(first, width, below=rest if in_lines else [])
        while rest and not in_lines:
            block, rest = self._continue(rest, width)
            yield from self._block(block, width, below=[])

    def _of(self, *roles: Role) -> list[int]:
        return [n for n, column in enumerate(self.columns) if column.role in roles]

    def _choose(self, width: int, *, greedy: bool) -> tuple[Widths, list[int]]:
        """The columns of the first table with their widths, and those that move below: if not ``greedy``, all or none."""
        more = self._of("more")
        for columns in (self._of("id", "key", "more", "bar"), self._of("id", "key", "more")):
            if _total([self.natural[n] for n in columns]) <= width:
                return {n: self.natural[n] for n in columns}, []
        if fitted := self._fit(self._of("id", "key", "more"), width):
            return fitted, []
        if not more:
            return self._keys(width)
        with_bars = self._of("id", "key", "bar")
        if not greedy and _total([self.natural[n] for n in with_bars]) <= width:
            return {n: self.natural[n] for n in with_bars}, more
        chosen, rest = self._keys(width)
        for n in more if greedy and not rest else ():
            chosen = self._fit(sorted([*chosen, n]), width) or chosen
        return chosen, [*rest, *(n for n in more if n not in chosen)]

    def _keys(self, width: int) -> tuple[Widths, list[int]]:
        """The columns that are always shown; on the very narrowest terminals the last of them move below too."""
        columns = self._of("id", "key")
        for number in range(len(columns), 0, -1):
            for key in (width // 2, MIN_WRAPPED, MIN_KEY):
                if fitted := self._fit(columns[:number], width, key):
                    return fitted, columns[number:]
        return {columns[0]: width}, columns[1:]

    def _continue(self, rest: Sequence[int], width: int) -> tuple[Widths, list[int]]:
        """The next table below: what names the row, and as many columns as have room."""
        chosen: Widths = {}
        for key in (width // 2, MIN_WRAPPED, MIN_KEY):
            for n in rest:
                chosen = self._fit([*(chosen or self._of("id")), n], width, key) or chosen
            if chosen:
                return chosen, [n for n in rest if n not in chosen]
        return {rest[0]: width}, list(rest[1:])

    def _fit(self, columns: Sequence[int], width: int, key: int = 0) -> Widths | None:
        """Widths of columns that fit together, or None. Room that is left goes to the narrowest columns that can use it."""
        widths = {n: self._least(n, MIN_WRAPPED, key or width // 2) for n in columns}
        spare = width - _total(list(widths.values()))
        if spare < 0:
            return None
        while spare > 0 and (short := [n for n in columns if widths[n] < self.natural[n]]):
            widths[min(short, key=lambda n: widths[n])] += 1
            spare -= 1
        return widths

    def _block(self, widths: Widths, width: int, *, below: Sequence[int]) -> Iterator[Text]:
        """The lines of one table."""
        if self.header and any(self.titles[n] for n in widths):
            yield from self._line({n: Text(self.titles[n], self.columns[n].style) for n in widths}, widths, "bold")
        for cells, style in self.rows:
            styled = {n: _styled(cells[n], self.columns[n].style) for n in widths}
            yield from self._line(styled, widths, style)
            details = [self._detail(n, cells[n]) for n in below if cells[n].plain.strip()]
            for line in wrapped(Text("; ").join(details), width - INDENT) if details else ():
                yield Text(" " * INDENT, style=style).append_text(line)

    def _detail(self, n: int, cell: Text) -> Text:
        title = self.titles[n]
        return Text.assemble((f"{title}: ", "dim"), cell) if title and self.header else cell

    def _line(self, cells: dict[int, Text], widths: Widths, style: str) -> Iterator[Text]:
        """The lines of one row."""
        broken = {n: wrapped(cell, widths[n]) for n, cell in cells.items()}
        for number in range(max(map(len, broken.values()))):
            line = Text(style=style, no_wrap=True, overflow="ignore")
            for n, parts in broken.items():
                part = parts[number] if number < len(parts) else Text()
                padding = " " * (widths[n] - cell_len(part.plain))
                line.append(" " * GAP if line else "")
                line.append_text(Text(padding) + part if self.columns[n].right else part + Text(padding))
            line.rstrip()
            yield line


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + GAP * (len(widths) - 1)


def _encodable(cell: Text, encoding: str) -> Text:
    """The same text in characters of an encoding; its styles are lost where that changes its length."""
    plain = encodable(cell.plain, encoding)
    if plain == cell.plain:
        return cell
    if len(plain) == len(cell.plain):
        return Text(plain, cell.style, spans=list(cell.spans))
    return Text(plain, cell.style)


def _styled(cell: Text, style: str) -> Text:
    copy = cell.copy()
    copy.stylize_before(style)
    return copy
