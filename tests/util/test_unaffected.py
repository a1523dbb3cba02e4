import pytest

from dysfw.util.unaffected import find_unaffected


@pytest.mark.parametrize(("labels", "found"), [
    (("phantom-unaffected", "phantom-down"), "phantom-unaffected"),
    (("Controls", "down"), "Controls"),
    (("normal", "healthy", "down"), None),
    (("down", "uncontrolled"), None),
    ((), None),
])  # fmt: skip
def test_only_a_label_that_plainly_says_so_and_alone_is_taken(labels, found):
    assert find_unaffected(labels) == found
