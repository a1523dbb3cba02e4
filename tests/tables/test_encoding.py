"""Encodings of short tables, of which statistics say little."""

from pathlib import Path

import pytest

from dysfw.errors import DysfwError
from dysfw.tables.encoding import CHUNK, find_encoding

WORDS = ["Sjögren-Syndrom", "Zoë", "Mädchen", "Müller", "Café-au-lait", "Rubinstein–Taybi", "Weiß", "José", "Ångström"]
WORDS += [
    "François",
    "Señor Peña",
    "Löwe-Öl",
    "Type ‘mild’",
    "naïve",
    "Björk",
    "Köln",
    "ÉCOLE",
    "d’Angelo",
    "Parkinson’s",
    "García",
    "Down – mild",
]


def encoding_of(path: Path, content: bytes):
    path.write_bytes(content)
    return find_encoding(path)


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "mac_roman"])
def test_one_western_word_is_enough(tmp_path, word, encoding) -> None:
    try:
        content = f"path,label\na.jpg,{word}\n".encode(encoding)
    except UnicodeEncodeError:
        return  # this encoding lacks the word's characters
    found = encoding_of(tmp_path / "t.csv", content)
    assert content.decode(found.name) == content.decode(encoding)
    assert found.estimated
    assert word in found.example


@pytest.mark.parametrize(
    ("encoding", "text"),
    [("cp1251", "Синдром Дауна, пациент Иванов"), ("shift_jis", "ダウン症候群の患者"), ("gb18030", "唐氏综合征患者的照片")],
)
def test_other_scripts_are_recognised(tmp_path, encoding, text) -> None:
    content = ("path,label\n" + "".join(f"{n}.jpg,{text}\n" for n in range(5))).encode(encoding)
    found = encoding_of(tmp_path / "t.csv", content)
    assert content.decode(found.name) == content.decode(encoding)


def test_a_late_letter_decides(tmp_path) -> None:
    """The only letter that is not ASCII comes after several chunks."""
    ascii_rows = b"a.jpg,x\n" * (3 * CHUNK // 8)
    assert encoding_of(tmp_path / "t.csv", b"path,label\n" + ascii_rows + "b.jpg,Zoë\n".encode()).name == "utf-8"
    assert encoding_of(tmp_path / "t.csv", b"path,label\n" + ascii_rows + "b.jpg,Zoë\n".encode("cp1252")).name == "cp1252"


def test_a_letter_across_two_chunks_is_valid(tmp_path) -> None:
    content = b"x" * (CHUNK - 1) + "ë".encode() + b"\n"
    assert encoding_of(tmp_path / "t.csv", content).name == "utf-8"


def test_a_file_that_ends_within_a_letter_is_not_utf8(tmp_path) -> None:
    assert encoding_of(tmp_path / "t.csv", "path\nZoë".encode()[:-1]).name == "cp1252"


def test_nul_bytes_are_refused_with_their_line(tmp_path) -> None:
    with pytest.raises(DysfwError, match="is not text: line 3 holds a NUL byte"):
        encoding_of(tmp_path / "t.csv", b"path,label\na.jpg,x\nb\0.jpg,y\n" + b"c.jpg,z\n" * 10)


UTF8, WINDOWS, MAC = "utf-8", "cp1252", "mac_roman"


@pytest.mark.parametrize(
    ("rows", "lines"),
    [
        ([("Zoë Müller", UTF8), ("Zoë", WINDOWS)], "line 3 not in UTF-8, line 2 in UTF-8"),
        ([("größe", WINDOWS), ("größe", UTF8)] * 3, "lines 2, 4, 6 not in UTF-8, lines 3, 5, 7 in UTF-8"),
        ([("größe", UTF8), ("x", UTF8), ("größe", MAC), ("größe", MAC)], "lines 4, 5 not in UTF-8, line 2 in UTF-8"),
        ([("Zoë", WINDOWS)] * 9 + [("Parkinson’s", UTF8)], "lines 2, 3, 4, 5, 6 and 4 more not in UTF-8, line 11 in UTF-8"),
        ([("Даун", "cp1251"), ("Даун", UTF8)], "line 2 not in UTF-8, line 3 in UTF-8"),
        (
            [("größe", UTF8)] * 9000 + [("größe", WINDOWS)],
            "line 9002 not in UTF-8, lines 2, 3, 4, 5, 6 and 8,995 more in UTF-8",
        ),
    ],
)
def test_two_encodings_in_one_file_are_refused(tmp_path, rows, lines) -> None:
    content = b"path,label\n" + b"".join(b"b.jpg," + text.encode(encoding) + b"\n" for text, encoding in rows)
    with pytest.raises(DysfwError) as caught:
        encoding_of(tmp_path / "t.csv", content)
    text, encoding = next((text, encoding) for text, encoding in rows if encoding != UTF8)
    shown = f"b.jpg,{text}".encode(encoding).decode("utf-8", "backslashreplace")
    start = f"{tmp_path / 't.csv'} mixes UTF-8 with another encoding, for example in “{shown}”: "
    assert caught.value.message == start + lines


@pytest.mark.parametrize(
    ("texts", "encoding"),
    [
        (["l’école", "Zoë", "Müller"], MAC),  # the first is valid UTF-8 with an Armenian letter
        (["梅", "唐氏综合征患者的照片", "综合征"], "gb18030"),  # the first is valid UTF-8
        (["猫毛", "唐氏综合征患者的照片", "综合征", "照片", "患者"], "gb18030"),  # and so is this one
    ],
)
def test_a_line_that_is_utf8_by_chance_is_not_refused(tmp_path, texts, encoding) -> None:
    assert texts[0].encode(encoding).decode("utf-8") != texts[0]
    content = ("path,label\n" + "".join(f"{n}.jpg,{text}\n" for n, text in enumerate(texts))).encode(encoding)
    assert content.decode(encoding_of(tmp_path / "t.csv", content).name) == content.decode(encoding)
