"""Fills in the templates. Each file of a plugin is a template of that name; those of a kind are in its folder."""

from __future__ import annotations

import tempfile
from dataclasses import asdict
from pathlib import Path

import jinja2

from .. import __version__
from ..contracts.kinds import Kind
from ..errors import DysfwError
from .names import Names

TEMPLATES = Path(__file__).parent / "templates"
SUMMARIES: dict[Kind, str] = {
    "detector": "the middle of the photograph, for collections that are cut to the face already",
    "segmenter": "eyes, nose and mouth, in rectangles that lie as the face does",
    "backbone": "histograms of oriented gradients",
    "head": "distance to the mean of each class",
    "fusion": "average in which regions that are sure of themselves count more",
}
# The rest of the generated recipe: what is in the repository and works without the internet.
OTHERS: dict[Kind, str] = {
    "detector": "mtcnn",
    "segmenter": "landmark_boxes",
    "backbone": "dlib_resnet",
    "head": "softmax",
    "fusion": "mean",
}


def write_plugin(names: Names, kind: Kind, folder: Path) -> list[Path]:
    """Write a plugin into a new folder, all of it or nothing; returns its files. Raises DysfwError."""
    folder = folder.absolute()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise DysfwError(f"{folder} exists already", hint="name another folder with -o, or delete that one first")
    if not folder.parent.is_dir():
        raise DysfwError(f"{folder.parent} is not a folder", hint="create it first")
    major, minor = __version__.split(".")[:2]
    values = {
        **asdict(names),
        "kind": kind,
        "summary": SUMMARIES[kind],
        "core": f">={major}.{minor},<{major}.{int(minor) + 1}",
        "recipe": OTHERS | {kind: names.component},
    }
    try:
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as scratch:
            unfinished = Path(scratch) / folder.name
            files = [_write(source, unfinished / name, values) for source, name in _files(names, kind)]
            if folder.exists():  # empty, or refused above; perhaps where the user stands, so that it has to stay
                for part in unfinished.iterdir():
                    part.rename(folder / part.name)
            else:
                unfinished.rename(folder)
    except OSError as error:
        raise DysfwError(f"cannot write {folder}: {error.strerror or error}") from None
    return [folder / file.relative_to(unfinished) for file in files]


def _files(names: Names, kind: Kind) -> list[tuple[Path, str]]:
    """Each template, and where it goes."""
    package, module = names.package, names.component
    return [
        (TEMPLATES / "pyproject.toml.jinja", "pyproject.toml"),
        (TEMPLATES / "README.md.jinja", "README.md"),
        (TEMPLATES / "gitignore.jinja", ".gitignore"),
        (TEMPLATES / "recipe.yaml.jinja", "recipe.yaml"),
        (TEMPLATES / "workflow.yml.jinja", ".github/workflows/test.yml"),
        (TEMPLATES / "init.py.jinja", f"{package}/__init__.py"),
        (TEMPLATES / "plugin.py.jinja", f"{package}/plugin.py"),
        (TEMPLATES / kind / "component.py.jinja", f"{package}/{module}.py"),
        (TEMPLATES / "test_conformance.py.jinja", "tests/test_conformance.py"),
        (TEMPLATES / kind / "test_component.py.jinja", f"tests/test_{module}.py"),
    ]


def _write(source: Path, target: Path, values: dict[str, object]) -> Path:
    template = jinja2.Template(
        source.read_text("utf-8"),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # no HTML
    )
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(template.render(values), "utf-8")
    return target
