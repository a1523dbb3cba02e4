import pytest

from dysfw.cache.location import cache_folder, cache_size
from dysfw.errors import DysfwError


def test_the_folder_is_set_by_the_environment(monkeypatch, tmp_path):
    monkeypatch.delenv("DYSFW_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "dysfw" / "stages"
    monkeypatch.setenv("DYSFW_CACHE", str(tmp_path / "mine"))
    assert cache_folder() == tmp_path / "mine" / "stages"
    monkeypatch.setenv("DYSFW_CACHE", "off")
    assert cache_folder() is None


@pytest.mark.parametrize(
    ("text", "size"), [("", 4 * 2**30), ("20G", 20 * 2**30), ("1.5 gib", 3 * 2**29), ("2000000", 2_000_000)]
)
def test_sizes_may_have_units(monkeypatch, text, size):
    monkeypatch.setenv("DYSFW_CACHE_SIZE", text)
    assert cache_size() == size


@pytest.mark.parametrize("text", ["much", "-1G", "10", "0"])
def test_other_sizes_are_an_error(monkeypatch, text):
    monkeypatch.setenv("DYSFW_CACHE_SIZE", text)
    with pytest.raises(DysfwError, match="such as 500M or 20G"):
        cache_size()
