import json
from importlib import metadata
from pathlib import Path

import pytest

from dysfw.util.install import install_command

ROOT = Path(__file__).parents[2]


def test_a_clone_is_named_by_its_folder():
    assert install_command("dysfw", "parquet") == f"pip install -e '{ROOT}[parquet]'"
    assert install_command("dysfw-timm") == f"pip install -e {ROOT / 'plugins' / 'dysfw-timm'}"


@pytest.mark.parametrize(
    "origin",
    [None, {}, {"url": "https://example.org/x.whl", "archive_info": {}}, {"url": "file:///gone", "dir_info": {}}],
)
def test_elsewhere_the_name_is_enough(monkeypatch, origin):
    class Installed:
        def read_text(self, _name):
            return origin and json.dumps(origin)

    monkeypatch.setattr(metadata, "distribution", lambda _name: Installed())
    assert install_command("dysfw", "parquet") == "pip install 'dysfw[parquet]'"
    assert install_command("dysfw-timm") == "pip install dysfw-timm"


def test_a_folder_with_a_space_is_quoted(monkeypatch, tmp_path):
    folder = tmp_path / "my clone"
    folder.mkdir()

    class Installed:
        def read_text(self, _name):
            return json.dumps({"url": folder.as_uri(), "dir_info": {"editable": True}})

    monkeypatch.setattr(metadata, "distribution", lambda _name: Installed())
    assert install_command("dysfw") == f"pip install -e '{folder}'"
