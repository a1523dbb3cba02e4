import sys
from pathlib import Path

import pytest

from dysfw.cli.main import main

sys.path.insert(0, str(Path(__file__).parent))
from toy_bundle import COLOURS, LABELS, TOY_RECIPE, TOYS, Ran, paint  # found by the line above


@pytest.fixture(scope="session")
def hpo():
    """The installed release."""
    from dysfw_hpo.data import load_hpo

    return load_hpo()


@pytest.fixture
def tiny(tmp_path):
    """A release of a few terms and three diseases."""
    from tiny_release import tiny_data

    return tiny_data(tmp_path)


@pytest.fixture
def own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("DYSFW_CACHE", str(tmp_path / "cache"))
    monkeypatch.syspath_prepend(str(TOYS))


@pytest.fixture
def dysfw(monkeypatch, capsys):
    def run(*arguments: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["dysfw", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            main()
        captured = capsys.readouterr()
        return Ran(int(stopped.value.code or 0), captured.out, captured.err)

    return run


@pytest.fixture
def trained(own_cache, dysfw, tmp_path):
    """trained(LABELS): a bundle that tells colours apart, with these descriptions of its labels."""

    def trained(labels: str = LABELS, evidence: str = "", columns: str = "") -> Path:
        data, recipe = tmp_path / "data", tmp_path / "toy.yaml"
        rows = ["path,label,patient" + (",age" if columns else "")]
        for k, (label, colour) in enumerate(COLOURS.items()):
            for n in range(8):
                paint(data / label / f"{n}.png", colour, 100 * k + n)
                rows.append(f"{label}/{n}.png,{label},{label}-{n}" + (f",{(2, 9, 30)[k] + n / 4}" if columns else ""))
        (data / "manifest.csv").write_text("\n".join(rows) + "\n")
        (data / "labels.yaml").write_text(labels)
        recipe.write_text(TOY_RECIPE + evidence)
        ran = dysfw("train", recipe, data, "-o", tmp_path / "bundle")
        assert ran.code == 0, ran.err
        return tmp_path / "bundle"

    return trained
