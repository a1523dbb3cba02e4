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


def test_two_encodings_in_one_file_are_refused(tmp_path) -> None:
    content = "path,label\na.jpg,Zoë Müller\n".encode() + "b.jpg,Zoë\n".encode("cp1252")
    with pytest.raises(DysfwError, match=r"mixes UTF-8 with another encoding, for example in “b.jpg,Zo\\xeb”"):
        encoding_of(tmp_path / "t.csv", content)
