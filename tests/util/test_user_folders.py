import pytest

from dysfw.errors import DysfwError
from dysfw.util.user_folders import cache_folder, home_folder, is_writable, writable_cache_folder


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path):
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def test_the_cache_is_in_the_users_cache_folder(monkeypatch, home):
    assert cache_folder() == writable_cache_folder() == home / ".cache" / "dysfw"
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "caches"))
    assert cache_folder() == home / "caches" / "dysfw"
    monkeypatch.setenv("XDG_CACHE_HOME", "caches")  # relative, which the specification says to ignore
    assert cache_folder() == home / ".cache" / "dysfw"


@pytest.mark.parametrize("value", ["", "relative", "/nonexistent", "/dev/null"])
def test_a_home_that_is_no_folder_is_none(monkeypatch, value):
    monkeypatch.setenv("HOME", value)
    with pytest.raises(DysfwError, match="there is no home folder"):
        home_folder()
    with pytest.raises(DysfwError, match="there is no home folder"):
        cache_folder()


def test_without_home_the_system_is_asked(monkeypatch):
    monkeypatch.delenv("HOME")
    assert home_folder().is_absolute()


def test_a_file_in_the_way_cannot_be_written(home):
    assert is_writable(home / "a" / "b")
    (home / ".cache").write_text("")
    assert not is_writable(home / ".cache" / "dysfw")
    with pytest.raises(DysfwError, match="cannot be written"):
        writable_cache_folder()


def test_a_link_to_nothing_cannot_be_written(home):
    (home / ".cache").symlink_to(home / "gone")
    assert not is_writable(home / ".cache" / "dysfw")


def test_nothing_is_created_to_find_out(home):
    is_writable(home / "a" / "b")
    assert not any(home.iterdir())
