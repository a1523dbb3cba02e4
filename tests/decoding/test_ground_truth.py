"""Every format, depth and colour space: decoded right, or refused by name. Never wrong."""

from pathlib import Path

import pytest
from image_cases import Case, cases, table
from image_files import difference

from dysfw.decoding.decode import decode_image
from dysfw.errors import ImageError

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "image-formats.md"


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.id)
def test_an_image_is_decoded_right_or_refused(case: Case) -> None:
    if case.truth is None:
        with pytest.raises(ImageError) as caught:
            decode_image(case.content(), "file")
        assert caught.value.code == case.refused
        return
    image = decode_image(case.content(), "file")
    assert difference(image.pixels, case.truth) <= case.tolerance
    is_deep = case.depth.split()[0] in ("10", "12", "14", "16")
    assert ("sixteen_bit" in [notice.code for notice in image.notices]) == is_deep


def test_the_cases_have_different_names() -> None:
    names = [case.id for case in cases()]
    assert len(names) == len(set(names))


def test_the_page_of_image_formats_has_the_table_of_these_cases() -> None:
    assert table() in PAGE.read_text("utf-8"), "run python tests/fixtures/support/image_cases.py table"
