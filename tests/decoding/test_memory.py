"""Lack of memory is never taken for damage: the file may be intact, and is tried again."""

import json
import subprocess
import sys
import textwrap

import pytest

from dysfw.util.out_of_memory import is_out_of_memory

FORMS = ["JPEG", "PNG", "WEBP", "TIFF", "TIFF deflate", "TIFF 16 planar", "GIF", "BMP", "PPM", "AVIF", "JPEG2000", "HEIC"]
SIDE = 3000  # px: 27 MB decoded
# Decodes each format twice: with too little memory, and once it is there.
PROGRAM = """
    import io, json, resource, sys
    from pathlib import Path

    sys.path.insert(0, sys.argv[1])
    import numpy as np
    import tifffile
    from image_files import heif
    from PIL import Image as Pillow
    from dysfw.decoding.decode import decode_image
    from dysfw.errors import ImageError

    def file(form, side):
        pixels = np.full((side, side, 3), (200, 100, 50), np.uint8)
        name, _, kind = form.partition(" ")
        if name == "HEIC":
            return heif("RGB", pixels)
        buffer = io.BytesIO()
        if kind == "16 planar":
            deep = np.moveaxis(pixels.astype(np.uint16) * 257, 2, 0)
            tifffile.imwrite(buffer, deep, photometric="rgb", planarconfig="separate")
        elif form == "PNG 16":
            Pillow.fromarray(pixels[..., 0].astype(np.uint16) * 257).save(buffer, "PNG")
        else:
            options = {"compression": f"tiff_{kind}"} if kind else {}
            Pillow.fromarray(pixels).save(buffer, name, **options)
        return buffer.getvalue()

    def code(content):
        try:
            return f"{decode_image(content, 'file').width}"
        except ImageError as error:
            return error.code

    def limit(spare):
        lines = Path("/proc/self/status").read_text().splitlines()
        size = 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmSize"))
        unlimited = resource.RLIM_INFINITY
        resource.setrlimit(resource.RLIMIT_AS, (size + spare if spare else unlimited, unlimited))

    form = sys.argv[2]
    code(file(form, 64))  # loads the libraries
    content = file(form, int(sys.argv[3]))
    limit(5_000_000)
    short = code(content)
    limit(0)
    print(json.dumps([short, code(content)]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
def test_a_decoder_without_memory_says_so(form, tmp_path) -> None:
    support = __file__.replace("decoding/test_memory.py", "fixtures/support")
    command = [sys.executable, "-c", textwrap.dedent(PROGRAM), support, form, str(SIDE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == ["out_of_memory", str(SIDE)], done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "message",
    [
        "decoder error: out of memory error when reading image file",
        "Memory allocation error",
        "std::bad_alloc",
        "could not create a primitive",
    ],
)
def test_what_libraries_say_about_memory_is_understood(message) -> None:
    assert is_out_of_memory(OSError(message))
    wrapped = RuntimeError("all decoders failed")
    wrapped.__cause__ = OSError(message)
    assert is_out_of_memory(wrapped)


def test_damage_is_not_lack_of_memory() -> None:
    assert not is_out_of_memory(OSError("image file is truncated (12 bytes not processed)"))
