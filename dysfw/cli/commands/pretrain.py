"""``dysfw pretrain``: train a recipe's trunk to tell faces apart."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..options import DeviceOption, FetchOption, RecipeArgument, SetOption, allow_fetching, overrides, recipe_file

if TYPE_CHECKING:
    from ...data.dataset import Dataset

INTERRUPTED = 130


def pretrain(
    ctx: typer.Context,
    recipe: RecipeArgument,
    identities: Annotated[
        Path,
        typer.Argument(
            metavar="IDENTITIES", help="A folder with one folder for each person, or a manifest.", show_default=False
        ),
    ],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="WEIGHTS", help="The file to write; it must not exist.", show_default=False),
    ],
    sets: SetOption = None,
    device: DeviceOption = None,
    fetch: FetchOption = False,
    devices: Annotated[int, typer.Option(min=1, help="Processes to train with, each on a device of its own.")] = 1,
    bits: Annotated[int, typer.Option(help="8 or 32: how the file keeps filters and matrices.")] = 32,
    licence: Annotated[str, typer.Option(help="The weights' licence, for the file: an SPDX id.", metavar="TEXT")] = "unstated",
    about: Annotated[str, typer.Option(help="What users of the weights should know, for the file.", metavar="TEXT")] = "",
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin anew, whatever checkpoint there is.")] = False,
) -> None:
    """Train the recipe's trunk to recognise persons, from the recipe's own crops, and write a weight file.

    IDENTITIES: a folder with one folder for each person (CASIA-WebFace's layout), or a manifest whose labels are persons. What
    the recipe says under `pretrain` decides how. The same command goes on where a killed or interrupted one stopped. Exit code
    1: some photographs could not be used; the file is written.
    """
    from typing import cast

    from ...data.read import read_dataset
    from ...errors import DysfwError
    from ...output.terminal import print_failure
    from ...recipe.check import load_recipe
    from ...weights.weight_file import Bits
    from ..main import registry_of
    from ..terminal import TerminalProgress, err, out

    try:
        from ...pretraining.backbone_file import Label
        from ...pretraining.pretrain import pretrain as pretrain_recipe
    except ImportError as error:
        raise DysfwError(
            f"`dysfw pretrain` needs torch and Lightning Fabric ({error})", hint="pip install 'dysfw[pretraining]'"
        ) from None
    if bits not in (8, 32):
        raise DysfwError(f"--bits: found {bits}; allowed: 8, 32")
    allow_fetching(fetch)
    loaded = load_recipe(recipe_file(recipe), registry_of(ctx), overrides(sets, device))
    dataset = read_dataset(identities)
    _warn_of(dataset)
    label = Label(licence, about, cast(Bits, bits))
    with _stop_on_interrupt() as asked:
        done = pretrain_recipe(
            loaded, dataset, output, TerminalProgress(), label=label, devices=devices, fresh=fresh, stopped=lambda: bool(asked)
        )
    if done is None:  # not the first of several processes
        return
    if not done.finished:
        err().print(f"interrupted; the same command goes on from the checkpoint in {output}.training", markup=False)
        raise typer.Exit(INTERRUPTED)
    for failure in done.failures:
        print_failure(err(), failure)
    size = output.stat().st_size / 1e6
    out().print(f"{output}: {size:.1f} MB, from {done.images} photographs of {done.identities} identities", markup=False)
    if done.failures:
        raise typer.Exit(1)


def _warn_of(dataset: Dataset) -> None:
    from ...util.text import listed
    from ..terminal import warn

    if dataset.ignored:
        warn(f"{len(dataset.ignored)} files in {dataset.origin} are no images, and were ignored: {listed(dataset.ignored, 5)}")
    if test := dataset.split("test"):
        warn(f"{len(test)} photographs of the split test take no part")


@contextmanager
def _stop_on_interrupt() -> Iterator[list[int]]:
    """Ctrl-C and a polite kill end the training after the present step; a second one at once. Yields the signals so far."""
    asked: list[int] = []
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def note(number: int, frame: object) -> None:
        asked.append(number)
        for which, handler in before.items():
            signal.signal(which, handler)

    for number in before:
        signal.signal(number, note)
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
