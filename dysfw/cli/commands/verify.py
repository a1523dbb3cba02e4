"""``dysfw verify``: score a backbone on pairs of face images."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..options import DeviceOption, FetchOption, RuntimeOption, SetOption, allow_fetching, overrides, recipe_file

if TYPE_CHECKING:
    from rich.console import Console

    from ...pretraining.verify import VerificationResult


def verify(
    ctx: typer.Context,
    weights: Annotated[
        Path,
        typer.Argument(metavar="WEIGHTS", help="A weight file, or a recipe.", show_default=False),
    ],
    pairs: Annotated[Path, typer.Argument(metavar="PAIRS", help="Pairs in the format of LFW's pairs.txt.", show_default=False)],
    images: Annotated[
        Path | None, typer.Option(help="Folder with one subfolder per person; without it that of PAIRS.", metavar="DIR")
    ] = None,
    recipe: Annotated[Path | None, typer.Option(help="Recipe for the weights; without it the one in their file.")] = None,
    region: Annotated[str | None, typer.Option(help="Region to compare; without it the face.")] = None,
    projection: Annotated[
        bool | None,
        typer.Option(
            "--projection/--backbone", help="Compare embeddings of the projection head, if there is one, or of the backbone."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    sets: SetOption = None,
    device: DeviceOption = None,
    runtime: RuntimeOption = None,
    fetch: FetchOption = False,
) -> None:
    """Test whether a backbone recognises that two images show the same person, by LFW's protocol.

    The threshold for each fold of PAIRS is the best one on the other folds.

    Exit code 1: some images failed, and their pairs were skipped.
    """
    from ...errors import DysfwError
    from ...util.install import install_command
    from ..main import registry_of
    from ..terminal import TerminalProgress, err, out, warn

    allow_fetching(fetch)
    folder, progress = images or pairs.parent, TerminalProgress()
    with progress.stage(f"loading {weights}"):
        from ...output.terminal import print_failure

        try:
            from ...pretraining.pairs import read_pairs
            from ...pretraining.verify import open_backbone
            from ...pretraining.verify import verify as verify_backbone
        except ImportError as error:
            raise DysfwError(f"`dysfw verify` needs torch ({error})", hint=install_command("dysfw", "pretraining")) from None
        loaded_pairs = read_pairs(pairs)
        source = recipe_file(weights)
        loaded, projection_head = open_backbone(
            source,
            recipe and recipe_file(recipe),
            registry_of(ctx),
            overrides(sets, device, runtime),
            use_projection=projection,
        )
    result = verify_backbone(loaded, projection_head, loaded_pairs, folder, region=region, progress=progress)
    for failure in result.failures:
        print_failure(err(), failure)
    if not result.trained:
        warn("the backbone has random weights")
    _print_json(result) if as_json else print_scores(out(), result)
    if result.failures:
        raise typer.Exit(1)


def _print_json(result: VerificationResult) -> None:
    fields = asdict(result) | asdict(result.scores)
    fields["failures"] = [{"source": f.source, "code": f.code, "message": f.message} for f in result.failures]
    del fields["scores"]
    sys.stdout.write(json.dumps(fields) + "\n")


def print_scores(console: Console, result: VerificationResult) -> None:
    """Print the scores of a backbone.

    Args:
        console: Where to print.
        result: The scores.
    """
    from ...output.fitted_table import Column, FittedTable

    scores = result.scores
    table = FittedTable(Column("measure", role="id"), Column("value"), header=False)
    table.add(f"accuracy, {len(scores.thresholds)} folds", f"{scores.accuracy:.4f} ± {scores.standard_error:.4f}")
    table.add("area under the ROC curve", f"{scores.auc:.4f}")
    for rate, share in scores.true_accept_rates.items():
        table.add(f"true accept rate at FAR {rate:g}", "too few pairs" if share is None else f"{share:.4f}")
    table.add("pairs scored", f"{result.pairs - result.skipped} of {result.pairs}")
    if result.skipped:
        table.add("pairs skipped, no face or region found", str(result.skipped))
    embedding = "projection head" if result.embedding == "projection" else result.embedding
    table.add("embeddings", f"{result.region}, by the {embedding}, of {result.images} images")
    console.print(table)
