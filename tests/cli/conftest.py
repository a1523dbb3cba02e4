import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from dysfw.cli.main import main


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


@pytest.fixture
def dysfw(monkeypatch, capsys):
    """dysfw("run", recipe, image): run the program in this process, with the toys installed as a plugin."""
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "fixtures" / "toys_installed"))

    def run(*arguments: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["dysfw", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            main()
        captured = capsys.readouterr()
        return Ran(int(stopped.value.code or 0), captured.out, captured.err)

    return run


@pytest.fixture
def bundle(dysfw, toy_recipe, colour_data, tmp_path, trained_once) -> Path:
    def train() -> None:
        assert dysfw("train", toy_recipe, colour_data, "-o", tmp_path / "bundle").code == 0

    return trained_once("cli", tmp_path / "bundle", toy_recipe, colour_data, train)
