"""Only pixels leave a DICOM file: planted identifiers are searched in everything that the commands write."""

import io
import logging
import os
import re
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from dicom_files import COLOUR, SECRETS, dicom
from PIL import Image as Pillow

from dysfw.decoding.decode import decode_image
from dysfw.decoding.folders import Skipped, images_in
from dysfw.decoding.formats import decoder_fingerprint
from dysfw.errors import ImageError
from dysfw.testing.examples import FOLDER

ROOT = Path(__file__).parents[3]
BURNT_IN = "DYSFW_BURNT_IN_ANNOTATION"


def faces() -> list[np.ndarray]:
    return [np.asarray(Pillow.open(path).convert("RGB")) for path in sorted(FOLDER.glob("*.jpg"))]


def found(content: bytes) -> list[bytes]:
    return [secret for secret in SECRETS if secret in content or secret.decode().encode("utf-16-le") in content]


def broken_files() -> dict[str, bytes]:
    """Files that fail in different ways, all with identifiers near the fault."""
    whole = dicom(COLOUR)
    return {
        "cut.dcm": whole[: len(whole) // 2],
        "ct.dcm": dicom(COLOUR, sop="1.2.840.10008.5.1.4.1.1.2"),
        "private.dcm": dicom(COLOUR, sop="1.2.276.0.99999.4711"),
        "name_as_colours.dcm": dicom(COLOUR, "PLANTED^NAME"),
        "name_as_number.dcm": whole.replace(b"\x28\0\x10\0US\x02\0\x30\0", b"\x28\0\x10\0LO\x02\x00PL", 1),
        "burnt.dcm": dicom(COLOUR, BurnedInAnnotation="YES"),
        "shuffled.dcm": whole[:400] + whole[600:],
    }


BROKEN = broken_files()  # made before any test: the library that writes them names what it finds odd


@pytest.mark.parametrize("name", BROKEN)
def test_no_error_no_warning_and_no_log_names_anything(name, caplog, capfd) -> None:
    caplog.set_level(logging.DEBUG)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with pytest.raises(ImageError) as error:
            decode_image(BROKEN[name], "file")
    out, err = capfd.readouterr()
    said = [error.value.message, out, err, caplog.text, *(str(warning.message) for warning in caught)]
    assert not found(" ".join(said).encode())
    assert error.value.__cause__ is None


def test_the_image_holds_nothing_but_pixels() -> None:
    image = decode_image(dicom(COLOUR), "file")
    assert image.__slots__ == ("pixels", "source", "sha256", "notices")
    assert not found(repr(image).encode())


def test_text_in_the_pixels_is_refused_unless_it_is_allowed(monkeypatch) -> None:
    content = dicom(COLOUR, BurnedInAnnotation="YES")
    monkeypatch.delenv(BURNT_IN, raising=False)
    with pytest.raises(ImageError) as caught:
        decode_image(content, "file")
    assert caught.value.code == "burnt_in_annotation"
    assert f"set {BURNT_IN}=allow" in caught.value.message
    refused = decoder_fingerprint(content)
    monkeypatch.setenv(BURNT_IN, "allow")
    assert [notice.code for notice in decode_image(content, "file").notices] == ["burnt_in_annotation"]
    assert decoder_fingerprint(content) != refused  # so that no cached result escapes the refusal


def test_a_file_that_does_not_say_is_used_with_a_warning(monkeypatch) -> None:
    monkeypatch.delenv(BURNT_IN, raising=False)
    for options in ({"BurnedInAnnotation": ""}, {"BurnedInAnnotation": "MAYBE"}):
        (notice,) = decode_image(dicom(COLOUR, **options), "file").notices
        assert (notice.code, "does not say" in notice.message) == ("burnt_in_annotation", True)
    assert decode_image(dicom(COLOUR, BurnedInAnnotation="NO"), "file").notices == ()


def test_files_without_extension_are_found_in_a_folder(tmp_path) -> None:
    for name in ("IM000001", "1.2.840.10008.7", "a.dcm", "b.DICOM", "photo"):
        (tmp_path / name).write_bytes(dicom(COLOUR))
    (tmp_path / "README").write_text("no image")
    (tmp_path / "notes.txt").write_bytes(dicom(COLOUR))  # another extension is taken at its word
    (tmp_path / "DICOMDIR").write_bytes(b"\0" * 128 + b"DICM")
    skipped = Skipped()
    assert sorted(images_in(tmp_path, skipped)) == ["1.2.840.10008.7", "DICOMDIR", "IM000001", "a.dcm", "b.DICOM", "photo"]
    assert skipped.others == 2


@pytest.mark.slow
def test_no_command_writes_an_identifier(tmp_path) -> None:
    """Results, a table, a figure, a check of the data, and the cache."""
    data = tmp_path / "data"
    for number, pixels in enumerate(faces()):
        path = data / "a" / f"IM{number:04}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(dicom(pixels))
    for name, content in BROKEN.items():
        (data / "a" / name).write_bytes(content)
    home = tmp_path / "home"
    home.mkdir()
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache"), "DYSFW_OFFLINE": "1", "HOME": str(home)}
    dysfw = shutil.which("dysfw", path=str(Path(sys.executable).parent))
    written = io.BytesIO()

    def run(*arguments: str) -> tuple[int, bytes]:
        done = subprocess.run([dysfw, *arguments], capture_output=True, env=environment, cwd=tmp_path, check=False, timeout=500)
        written.write(done.stdout + done.stderr)
        return done.returncode, done.stdout

    recipe = str(ROOT / "recipes" / "dlib.yaml")
    files = [f"data/a/{name}" for name in ("IM0000", *BROKEN)]
    code, result = run("run", recipe, *files, "--json")
    assert code == 1
    assert {"not_a_photo", "truncated", "burnt_in_annotation"} <= set(re.findall(r'"code": "(\w+)"', result.decode()))
    assert run("run", recipe, "data/a/IM0000", "--figure", "figure.png")[0] == 0
    assert run("batch", recipe, "data", "-o", "table.parquet")[0] == 1
    assert written.getvalue() != b""
    outputs = [path for path in tmp_path.rglob("*") if path.is_file() and data not in path.parents]
    assert {path.name for path in outputs} >= {"table.parquet", "figure.png"}
    assert any("cache" in path.parts for path in outputs)
    assert found(written.getvalue()) == []
    assert {str(path): found(path.read_bytes()) for path in outputs if found(path.read_bytes())} == {}
