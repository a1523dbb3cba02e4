"""``dysfw verify``: score a trunk on pairs of photographs."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..options import DeviceOption, FetchOption, SetOption, allow_fetching, overrides, recipe_file

if TYPE_CHECKING:
    from ...trunks.verify import Verified


def verify(
    ctx: typer.Context,
    weights: Annotated[
        Path,
        typer.Argument(metavar="WEIGHTS", help="A weight file, or a recipe as it is, for comparison.", show_default=False),
    ],
    pairs: Annotated[Path, typer.Argument(metavar="PAIRS", help="Pairs as in LFW's pairs.txt.", show_default=False)],
    images: Annotated[
        Path | None, typer.Option(help="The folder with a folder for each person; else that of PAIRS.", metavar="DIR")
    ] = None,
    recipe: Annotated[Path | None, typer.Option(help="A recipe for the weights; else the one in their file.")] = None,
    region: Annotated[str | None, typer.Option(help="Which region to compare; else the face.")] = None,
    neck: Annotated[
        bool | None, typer.Option("--neck/--trunk", help="Compare the neck's embeddings (where there is one) or the trunk's.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    sets: SetOption = None,
    device: DeviceOption = None,
    fetch: FetchOption = False,
) -> None:
    """Does the trunk tell whether two photographs show one person? Labeled Faces in the Wild's protocol.

    PAIRS has folds; each is judged with the threshold that is best on the others. Exit code 1: some photographs could not be
    used, and their pairs are in no score.
    """
    from ...errors import DysfwError
    from ...views.text import print_failure
    from ..main import registry_of
    from ..terminal import TerminalProgress, err, warn

    try:
        from ...trunks.pairs import read_pairs
        from ...trunks.verify import open_trunk
        from ...trunks.verify import verify as verify_trunk
    except ImportError as error:
        raise DysfwError(f"`dysfw verify` needs torch ({error})", hint="pip install 'dysfw[trunks]'") from None
    allow_fetching(fetch)
    read = read_pairs(pairs)
    source = recipe_file(weights)
    opened, neck_layer = open_trunk(
        source, recipe and recipe_file(recipe), registry_of(ctx), overrides(sets, device), use_neck=neck
    )
    done = verify_trunk(opened, neck_layer, read, images or pairs.parent, region=region, progress=TerminalProgress())
    for failure in done.failures:
        print_failure(err(), failure)
    if not done.trained:
        warn("the trunk has random weights")
    _print_json(done) if as_json else _print(done)
    if done.failures:
        raise typer.Exit(1)


def _print_json(done: Verified) -> None:
    record = asdict(done) | asdict(done.scores)
    record["failures"] = [{"source": f.source, "code": f.code, "message": f.message} for f in done.failures]
    del record["scores"]
    sys.stdout.write(json.dumps(record) + "\n")


def _print(done: Verified) -> None:
    from rich.table import Table

    from ..terminal import out

    scores = done.scores
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_row(f"accuracy, {len(scores.thresholds)} folds", f"{scores.accuracy:.4f} ± {scores.standard_error:.4f}")
    table.add_row("area under the ROC curve", f"{scores.auc:.4f}")
    for rate, share in scores.accept.items():
        table.add_row(f"accepted at a false rate of {rate:g}", "too few pairs to tell" if share is None else f"{share:.4f}")
    table.add_row("pairs scored", f"{done.pairs - done.lost} of {done.pairs}")
    if done.lost:
        table.add_row("pairs lost, no face or region found", str(done.lost))
    table.add_row("compared", f"{done.region}, the {done.embedding}'s embeddings of {done.photographs} photographs")
    out().print(table)
