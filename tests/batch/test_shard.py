import pytest

from dysfw.batch.shard import WHOLE, Shard, shard_of
from dysfw.errors import DysfwError

NAMES = [f"folder/{n}.jpg" for n in range(3000)]


def test_every_image_is_in_exactly_one_of_about_equal_shards():
    taken = [[name for name in NAMES if Shard(i, 7).takes(name)] for i in range(1, 8)]
    assert sorted(name for part in taken for name in part) == sorted(NAMES)
    assert all(350 < len(part) < 510 for part in taken)


def test_shards_depend_only_on_names():
    assert [Shard(2, 5).takes(name) for name in ("a.jpg", "é/ü.png", "b\udcff.png")] == [
        Shard(2, 5).takes(name) for name in ("a.jpg", "é/ü.png", "b\udcff.png")
    ]
    assert all(WHOLE.takes(name) for name in NAMES)


def test_shards_are_parsed():
    assert shard_of(None) == WHOLE
    assert shard_of("3/16") == Shard(3, 16)


@pytest.mark.parametrize("text", ["0/4", "5/4", "1", "a/b", "1/0", "-1/3"])
def test_invalid_shards_are_rejected(text):
    with pytest.raises(DysfwError, match="i/n with i from 1 to n, such as 3/16"):
        shard_of(text)
