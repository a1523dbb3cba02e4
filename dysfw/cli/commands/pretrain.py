"""``dysfw pretrain``: train a backbone to recognise faces."""

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
        typer.Argument(metavar="IDENTITIES", help="A folder with one subfolder per person, or a manifest.", show_default=False),
    ],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="WEIGHTS", help="Weight file to write; must not exist.", show_default=False),
    ],
    sets: SetOption = None,
    device: DeviceOption = None,
    fetch: FetchOption = False,
    devices: Annotated[int, typer.Option(min=1, help="Number of processes, each on its own device.")] = 1,
    bits: Annotated[int, typer.Option(help="Bits per weight in the file: 8 or 32.")] = 32,
    licence: Annotated[str, typer.Option(help="Licence of the weights, an SPDX id.", metavar="TEXT")] = "unstated",
    about: Annotated[str, typer.Option(help="What users of the weights should know.", metavar="TEXT")] = "",
    fresh: Annotated[bool, typer.Option("--fresh", help="Ignore an existing checkpoint.")] = False,
) -> None:
    """Train a recipe's backbone to recognise people, and write a weight file.

    IDENTITIES has one subfolder per person, as in CASIA-WebFace, or is a manifest whose labels are persons. The settings are in
    the recipe's section `pretrain`. After an interruption, the same command resumes the training.

    Exit code 1: some images failed; the weight file is complete.
    """
    from typing import cast

    from ...errors import DysfwError
    from ...util.install import install_command
    from ..main import registry_of
    from ..terminal import TerminalProgress, err, out

    if bits not in (8, 32):
        raise DysfwError(f"--bits: found {bits}; allowed: 8, 32")
    allow_fetching(fetch)
    progress = TerminalProgress()
    with progress.stage(f"loading {recipe}"):
        from ...data.read import read_dataset
        from ...output.terminal import print_failure
        from ...recipe.check import load_recipe
        from ...weights.weight_file import Bits

        try:
            from ...pretraining.backbone_file import WeightsInfo
            from ...pretraining.pretrain import pretrain as pretrain_recipe
        except ImportError as error:
            raise DysfwError(
                f"`dysfw pretrain` needs torch and Lightning Fabric ({error})", hint=install_command("dysfw", "pretraining")
            ) from None
        loaded = load_recipe(recipe_file(recipe), registry_of(ctx), overrides(sets, device, "torch"))
    with progress.stage(f"reading {identities}"):
        dataset = read_dataset(identities)
    _warn_about(dataset)
    info = WeightsInfo(licence, about, cast(Bits, bits))
    with _stop_on_interrupt() as signals:
        result = pretrain_recipe(
            loaded,
            dataset,
            output,
            progress,
            info=info,
            devices=devices,
            fresh=fresh,
            should_stop=lambda: bool(signals),
        )
    if result is None:  # not the first of several processes
        return
    if not result.finished:
        err().print(f"interrupted; run the same command again to resume from the checkpoint in {output}.training", markup=False)
        raise typer.Exit(INTERRUPTED)
    for failure in result.failures:
        print_failure(err(), failure)
    size = output.stat().st_size / 1e6
    out().print(f"{output}: {size:.1f} MB, trained on {result.images} images of {result.identities} identities", markup=False)
    if result.failures:
        raise typer.Exit(1)


def _warn_about(dataset: Dataset) -> None:
    from ..evaluation import print_findings
    from ..terminal import warn

    print_findings(dataset.findings)
    if test := dataset.split("test"):
        warn(f'{len(test)} images of the split "test" are not used')


@contextmanager
def _stop_on_interrupt() -> Iterator[list[int]]:
    """Let SIGINT and SIGTERM stop the training after the current step, and a second one at once.

    Yields:
        The signals received so far.
    """
    signals: list[int] = []
    previous = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def note(number: int, frame: object) -> None:
        signals.append(number)
        for other, handler in previous.items():
            signal.signal(other, handler)

    for number in previous:
        signal.signal(number, note)
    try:
        yield signals
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
