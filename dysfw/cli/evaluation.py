"""Options and steps that commands on labelled data share: train, evaluate, compare, audit."""

from __future__ import annotations

import os
import shlex
import sys
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ..cache.store import StageCache
    from ..contracts.components import Fusion
    from ..data.dataset import Dataset
    from ..data.findings import Finding
    from ..evaluation.evaluate import Candidate, Evaluated, EvaluationConfig
    from ..recipe.model import Recipe
    from ..registry.registry import Registry

ByOption = Annotated[
    Literal["folds", "split", "sources"] | None,
    typer.Option(
        help="How to divide the images: patient-wise folds, the data's own split, or leaving out one source after the other. "
        "Without it, the data's own split if there is one, else folds.",
        show_default=False,
    ),
]
FoldsOption = Annotated[int, typer.Option(min=2, max=100, help="Number of folds.")]
RepeatsOption = Annotated[int, typer.Option(min=1, max=100, help="Number of times the folds are drawn.")]
UnaffectedOption = Annotated[
    str | None,
    typer.Option(
        metavar="LABEL",
        help="Label of people without a condition; without it, a label such as unaffected or control.",
        show_default=False,
    ),
]
SmallOption = Annotated[bool, typer.Option("--leave-out-small", help="Leave out conditions with too few patients.")]
ImagesOption = Annotated[bool, typer.Option("--include-images", help="Show the worst errors' faces in the report.")]
OutputOption = Annotated[
    Path,
    typer.Option("--output", "-o", metavar="DIR", help="Folder for the results; must be new or empty.", show_default=False),
]


def command_line() -> str:
    """The command line of this process."""
    return shlex.join(["dysfw", *sys.argv[1:]])


def candidate(path: Path, overrides: list[str], registry: Registry, cache: StageCache | None) -> Candidate:
    """Load a recipe, its components, and all other fusions that need no parameters.

    Args:
        path: The recipe file.
        overrides: Changes as "key=value".
        registry: The components of all plugins.
        cache: Where results of the pipeline's stages are kept.
    """
    from ..evaluation.evaluate import Candidate
    from ..inference.build import build
    from ..recipe.check import load_recipe

    recipe = load_recipe(path, registry, overrides)
    components = build(recipe)
    return Candidate(recipe, components, _fusions(path, overrides, recipe, components.segmenter.regions, registry), cache)


def _fusions(
    path: Path, overrides: list[str], recipe: Recipe, regions: tuple[str, ...], registry: Registry
) -> Mapping[str, Callable[[], Fusion]]:
    from ..errors import DysfwError
    from ..inference.build import build_fusion
    from ..recipe.check import load_recipe

    fusions: dict[str, Callable[[], Fusion]] = {}
    for entry in registry.components["fusion"]:
        try:
            other = load_recipe(path, registry, [*overrides, f"fusion={{use: '{entry.full_name}'}}"])
            build_fusion(other, regions)
        except DysfwError:  # it needs parameters, or its plugin is broken, and it was not requested
            continue
        if other.nodes["fusion"].portable() != recipe.nodes["fusion"].portable():
            fusions[entry.spec.name] = partial(build_fusion, other, regions)
    return fusions


def dataset_at(data: Path) -> Dataset:
    """Read a data set; if it is a folder with a manifest, report on stderr that the manifest is used.

    Args:
        data: A folder with one subfolder per condition, or a manifest.

    Raises:
        DysfwError: If it cannot be read.
    """
    from ..data.read import read_dataset
    from ..util.paths import local_path
    from .terminal import err

    dataset = read_dataset(data)
    if dataset.origin != local_path(str(data)):
        err().print(f"using {dataset.origin.name} in {data}", markup=False)
    return dataset


def print_findings(findings: Sequence[Finding]) -> None:
    """Print the findings of the data checks on stderr, with examples.

    Args:
        findings: The findings.
    """
    from .terminal import err

    for one in findings:
        examples = f": {', '.join(one.examples[:3])}{', …' if len(one.examples) > 3 else ''}" if one.examples else ""
        err().print(f"{one.severity}: {one.message}{examples}", markup=False)


def config_of(
    by: Literal["folds", "split", "sources"] | None,
    *,
    folds: int,
    repeats: int,
    seed: int,
    unaffected: str | None,
    small: bool,
) -> EvaluationConfig:
    """Turn command-line options into a configuration.

    Args:
        by: How to divide the images.
        folds: Number of folds.
        repeats: Number of times the folds are drawn.
        seed: Random seed of the folds.
        unaffected: Label of people without a condition.
        small: Whether conditions with too few patients are left out.
    """
    from ..evaluation.evaluate import EvaluationConfig
    from ..evaluation.splits import SplitConfig

    return EvaluationConfig(SplitConfig(by, folds, repeats, seed, leave_out_small=small), unaffected, command=command_line())


def prepare_folder(folder: Path) -> None:
    """Check, before any work, that reports can be written.

    Args:
        folder: The output folder; created if it does not exist.

    Raises:
        DysfwError: If pyarrow is missing, or the folder has content or cannot be created.
    """
    from importlib.util import find_spec

    from ..errors import DysfwError
    from ..util.install import install_command

    if not find_spec("pyarrow"):
        raise DysfwError("predictions are written in Parquet, which needs pyarrow", hint=install_command("dysfw", "parquet"))
    new_folder(folder)


def new_folder(folder: Path) -> None:
    """Create a folder; an empty one may exist.

    Args:
        folder: The folder.

    Raises:
        DysfwError: If it has content or cannot be created.
    """
    from ..errors import DysfwError
    from ..util.atomic import refuse_content

    refuse_content(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DysfwError(f"cannot write in {folder}: {error.strerror or error}") from None


@contextmanager
def output_folder(folder: Path, prepare: Callable[[Path], None]) -> Iterator[None]:
    """Prepare a folder for the results; if the work ends without any, remove it again, unless it existed before.

    Args:
        folder: The output folder.
        prepare: Creates it: ``prepare_folder`` or ``new_folder``.

    Raises:
        DysfwError: If it cannot be used.
    """
    made = [one for one in (folder, *folder.parents) if not os.path.lexists(one)]
    try:
        prepare(folder)
        yield
    finally:
        for one in made:
            with suppress(OSError):  # it has content
                one.rmdir()


def write_all(folder: Path, files: Mapping[str, str]) -> None:
    """Write text files, each complete or not at all.

    Args:
        folder: An existing folder.
        files: Texts by file name, the most important last.

    Raises:
        DysfwError: If a file cannot be written.
    """
    from ..errors import DysfwError
    from ..util.atomic import atomic_write

    for name, text in files.items():
        try:
            with atomic_write(folder / name) as unfinished:
                unfinished.write_text(text, "utf-8")
        except OSError as error:
            raise DysfwError(f"cannot write {folder / name}: {error.strerror or error}") from None


@contextmanager
def shown_if_unwritten(show: Callable[[], None]) -> Iterator[None]:
    """Show the results if they cannot be written, so that hours of work are not lost to a full disk.

    Args:
        show: Prints the results.
    """
    from ..errors import DysfwError

    try:
        yield
    except DysfwError:
        show()
        raise


def report_failures(evaluated: Sequence[Evaluated]) -> None:
    """Print each image that could not be used once, and exit with code 1 if there are any.

    Args:
        evaluated: The evaluated recipes.
    """
    from ..output.terminal import print_failure
    from .terminal import err

    failures = {(failure.source, failure.code): failure for one in evaluated for failure in one.failures}
    for failure in failures.values():
        print_failure(err(), failure)
    if failures:
        raise typer.Exit(1)
