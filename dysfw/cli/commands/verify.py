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
    from ...pretraining.verify import Verified


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
    projection: Annotated[
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
    from ...output.terminal import print_failure
    from ..main import registry_of
    from ..terminal import TerminalProgress, err, warn

    try:
        from ...pretraining.pairs import read_pairs
        from ...pretraining.verify import open_backbone
        from ...pretraining.verify import verify as verify_backbone
    except ImportError as error:
        raise DysfwError(f"`dysfw verify` needs torch ({error})", hint="pip install 'dysfw[pretraining]'") from None
    allow_fetching(fetch)
    read = read_pairs(pairs)
    source = recipe_file(weights)
    opened, projection_layer = open_backbone(
        source, recipe and recipe_file(recipe), registry_of(ctx), overrides(sets, device), use_projection=projection
    )
    done = verify_backbone(opened, projection_layer, read, images or pairs.parent, region=region, progress=TerminalProgress())
    for failure in done.failures:
        print_failure(err(), failure)
    if not done.trained:
        warn("the trunk has random weights")
    _print_json(done) if as_json else _print(done)
    if done.failures:
        raise typer.Exit(1)


def _print_json(done: Verified) -> None:
    prediction_to_json = asdict(done) | asdict(done.scores)
    prediction_to_json["failures"] = [{"source": f.source, "code": f.code, "message": f.message} for f in done.failures]
    del prediction_to_json["scores"]
    sys.stdout.write(json.dumps(prediction_to_json) + "\n")


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
    table.add_row("compared", f"{done.region}, the {done.embedding}'s embeddings of {done.images} photographs")
    out().print(table)
