"""Writes a new plugin from templates. Those of a component are in a folder for each kind."""

from __future__ import annotations

import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import jinja2

from .. import __version__
from ..contracts.kinds import Kind
from ..errors import DysfwError
from ..util.atomic import refuse_existing
from .names import Names

FOLDER = Path(__file__).parent / "templates"
# The other components of the generated recipe, beside evidence. They are included in this repository and need no downloads.
OTHERS: dict[Kind, str] = {
    "detector": "mtcnn",
    "segmenter": "landmark_boxes",
    "backbone": "dlib_resnet",
    "head": "softmax",
    "fusion": "mean",
}


@dataclass(frozen=True, slots=True)
class Template:
    """A template of a component.

    Attributes:
        folder: Folder of its files.
        summary: What the component does, in one line.
        requirements: Requirements beside dysfw and numpy, each with a comment.
    """

    folder: str
    summary: str
    requirements: tuple[tuple[str, str], ...] = ()


# By kind and name; the first of each kind is its default.
TEMPLATES: dict[Kind, dict[str, Template]] = {
    "detector": {"numpy": Template("detector", "a face in the centre of the image, for images that are cropped to the face")},
    "segmenter": {"numpy": Template("segmenter", "eyes, nose and mouth, as rectangles aligned with the face")},
    "backbone": {
        "numpy": Template("backbone", "histograms of oriented gradients"),
        "torch": Template("backbone_torch", "a small convolutional network in PyTorch", (("torch>=2.6", "runs the network"),)),
    },
    "head": {"numpy": Template("head", "distance to the mean of each class")},
    "fusion": {"numpy": Template("fusion", "average that weights each region by its certainty")},
    "evidence": {"numpy": Template("evidence", "signs, by how often the training patients of each condition have them")},
}


def write_plugin(names: Names, kind: Kind, folder: Path, template: str = "numpy") -> list[Path]:
    """Write a plugin into a new folder, completely or not at all.

    Args:
        names: Names of the plugin.
        kind: Kind of its component.
        folder: A folder that does not exist or is empty.
        template: Name of one of the kind's templates.

    Returns:
        The files.

    Raises:
        DysfwError: If the folder is not empty or cannot be written.
    """
    folder = folder.absolute()
    refuse_existing(folder)
    major, minor = __version__.split(".")[:2]
    chosen = TEMPLATES[kind][template]
    values = {
        **asdict(names),
        "kind": kind,
        "a_kind": "Evidence" if kind == "evidence" else f"A {kind}",
        "summary": chosen.summary,
        "requirements": chosen.requirements,
        "core": f">={major}.{minor},<{major}.{int(minor) + 1}",
        "recipe": OTHERS | {kind: names.component},
    }
    try:
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as scratch:
            unfinished = Path(scratch) / folder.name
            files = [_write(source, unfinished / name, values) for source, name in _files(names, chosen.folder)]
            if folder.exists():  # it is empty, and may be the current directory, so it has to stay
                for part in unfinished.iterdir():
                    part.rename(folder / part.name)
            else:
                unfinished.rename(folder)
    except OSError as error:
        raise DysfwError(f"cannot write {folder}: {error.strerror or error}") from None
    return [folder / file.relative_to(unfinished) for file in files]


def _files(names: Names, component_folder: str) -> list[tuple[Path, str]]:
    """Each template file, and the path that it is written to."""
    package, module = names.package, names.component
    return [
        (FOLDER / "pyproject.toml.jinja", "pyproject.toml"),
        (FOLDER / "README.md.jinja", "README.md"),
        (FOLDER / "gitignore.jinja", ".gitignore"),
        (FOLDER / "recipe.yaml.jinja", "recipe.yaml"),
        (FOLDER / "workflow.yml.jinja", ".github/workflows/test.yml"),
        (FOLDER / "init.py.jinja", f"{package}/__init__.py"),
        (FOLDER / "plugin.py.jinja", f"{package}/plugin.py"),
        (FOLDER / component_folder / "component.py.jinja", f"{package}/{module}.py"),
        (FOLDER / "test_conformance.py.jinja", "tests/test_conformance.py"),
        (FOLDER / component_folder / "test_component.py.jinja", f"tests/test_{module}.py"),
    ]


def _write(source: Path, target: Path, values: dict[str, object]) -> Path:
    template = jinja2.Template(
        source.read_text("utf-8"),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        autoescape=False,  # no HTML
    )
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(template.render(values), "utf-8")
    return target
