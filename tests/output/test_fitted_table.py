"""Tables at any width: nothing is lost, and no line is wider than the terminal."""

import io
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from dysfw.output.fitted_table import Column, FittedTable, multiline

REGIONS = ("face", "forehead", "periorbital", "nose", "philtrum", "mouth", "chin")


def printed(table: FittedTable, width: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width)
    console.print(table)
    return console.file.getvalue().splitlines()


def ranking(*names: str) -> FittedTable:
    columns = [Column(region, role="more", right=True) for region in REGIONS]
    table = FittedTable(
        Column(role="id", right=True), Column("condition"), Column("fused", right=True), Column(role="bar"), *columns
    )
    for rank, name in enumerate(names, 1):
        table.add(str(rank), name, f"0.{rank}00", Text("█" * 20), *(f"0.{rank}{n}" for n in range(len(REGIONS))))
    return table


def test_a_wide_terminal_shows_everything_in_one_table():
    lines = printed(ranking("a", "b"), 120)
    assert len(lines) == 3
    assert "█" * 20 in lines[1]
    assert lines[2].split() == ["2", "b", "0.200", "█" * 20, *(f"0.2{n}" for n in range(7))]


def test_bars_go_first():
    lines = printed(ranking("a", "b"), 80)
    assert "█" not in "".join(lines)
    assert len(lines) == 3


def test_regions_move_below_together_before_a_name_is_broken():
    name = "intellectual-developmental-disorder"
    lines = printed(ranking(name, "b"), 80)
    assert [line.split() for line in lines] == [
        ["condition", "fused"],
        ["1", name, "0.100", "█" * 20],
        ["2", "b", "0.200", "█" * 20],
        [*REGIONS],
        ["1", *(f"0.1{n}" for n in range(7))],
        ["2", *(f"0.2{n}" for n in range(7))],
    ]


def test_long_names_are_broken_after_hyphens_and_stay_distinct():
    common = "intellectual-developmental-disorder-with-dysmorphic-facies-"
    lines = printed(ranking(f"{common}and-seizures", f"{common}and-speech-delay"), 40)
    assert max(map(len, lines)) <= 40
    assert lines[1].split()[-1] == "0.100"
    assert lines[1].split()[1].endswith("-")
    assert any("seizures" in line for line in lines)
    assert any("speech" in line for line in lines)


def test_words_stay_whole_where_they_fit_and_paths_are_broken_at_slashes():
    table = FittedTable(Column("state", role="id"), Column("detail"), header=False)
    table.add("note", "get it with dysfw weights fetch imagenet-inception-resnet-v2")
    table.add("ok", "in /home/an-other-user/share/weights/inception-resnet-v2_of-imagenet.safetensors")
    assert printed(table, 40) == [
        "note  get it with dysfw weights fetch",
        "      imagenet-inception-resnet-v2",
        "ok    in /home/an-other-user/share/",
        "      weights/inception-resnet-v2_of-",
        "      imagenet.safetensors",
    ]


def test_text_moves_to_lines_below_its_row():
    table = FittedTable(Column("name", role="id"), Column("plugin", role="more"), Column("summary", role="more"), below="lines")
    table.add("mtcnn", "dysfw-facenet 0.1.0", "finds faces")
    assert printed(table, 80) == ["name   plugin               summary", "mtcnn  dysfw-facenet 0.1.0  finds faces"]
    assert printed(table, 24) == ["name   plugin", "mtcnn  dysfw-facenet", "       0.1.0", "   summary: finds faces"]


def test_text_is_no_markup_and_cannot_move_the_cursor():
    table = FittedTable(Column("name", role="id"))
    table.add("[red]a[/]\x1b[2J\nb")
    assert printed(table, 80)[1] == "[red]a[/]\\x1b[2J\\nb"


def test_lines_that_belong_to_a_cell_stay_lines():
    table = FittedTable(Column("name", role="id"), Column("value"))
    table.add("a", multiline("one\ntwo"))
    assert printed(table, 80)[1:] == ["a     one", "      two"]


def test_an_ascii_terminal_gets_ascii_before_the_widths_are_computed():
    table = FittedTable(Column("score", role="id"), Column("bar"))
    table.add("0.5 (0.4–0.6) …", "██")
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii", write_through=True)
    Console(file=stream, width=80).print(table)
    assert stream.buffer.getvalue().decode("ascii").splitlines() == ["score              bar", "0.5 (0.4-0.6) ...  ##"]


def test_a_row_needs_a_cell_for_each_column():
    with pytest.raises(ValueError, match="1 cells for 2 columns"):
        FittedTable(Column("a"), Column("b")).add("x")


def test_there_is_no_other_kind_of_table():
    root = Path(__file__).parents[2]
    files = [*root.glob("dysfw/**/*.py"), *root.glob("plugins/*/dysfw_*/**/*.py")]
    assert len(files) > 300
    assert [str(file) for file in files if "rich.table" in file.read_text("utf-8")] == []


CELL = st.text(st.sampled_from("ab-_/ é顔0."), max_size=40)
TABLES = st.tuples(
    st.lists(st.sampled_from(["key", "more"]), min_size=1, max_size=5),
    st.lists(st.lists(CELL, min_size=6, max_size=6), min_size=1, max_size=4),
    st.sampled_from(["tables", "lines"]),
)


@given(TABLES, st.integers(30, 200))
def test_nothing_is_lost_at_any_width(table, width):
    roles, rows, below = table
    columns = [Column("n", role="id", right=True), *(Column(f"c{n}", role=role) for n, role in enumerate(roles))]
    fitted = FittedTable(*columns, below=below)
    for number, row in enumerate(rows):
        fitted.add(str(number + 1), *row[: len(roles)])
    lines = printed(fitted, width)
    assert max(map(cell_len, lines)) <= width
    shown = Counter("".join(lines))
    wanted = Counter("".join(cell for row in rows for cell in row[: len(roles)]))
    assert not {c: n for c, n in wanted.items() if c not in " " and shown[c] < n}
