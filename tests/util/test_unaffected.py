import pytest

from dysfw.util.unaffected import find_unaffected


@pytest.mark.parametrize(("labels", "expected"), [
    (("phantom-unaffected", "phantom-down"), "phantom-unaffected"),
    (("Controls", "down"), "Controls"),
    (("normal", "healthy", "down"), None),
    (("down", "uncontrolled"), None),
    ((), None),
])  # fmt: skip
def test_the_only_label_with_such_a_name_is_found(labels, expected):
    assert find_unaffected(labels) == expected
