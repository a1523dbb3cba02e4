"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

RecipeArgument = Annotated[Path, typer.Argument(metavar="RECIPE", help="A recipe file or a bundle folder.", show_default=False)]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Override a value of the recipe, e.g. fusion.use=median. Repeatable."),
]
DeviceOption = Annotated[str | None, typer.Option(help="Device: auto, cpu, cuda, cuda:1 … or mps. Short for --set device=…")]
RuntimeOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="What executes the networks: auto, torch, onnxruntime, openvino … Short for --set runtime=…",
        show_default=False,
    ),
]
FetchOption = Annotated[bool, typer.Option("--fetch", help="Download missing weights from the internet.")]


def command_group(summary: str) -> typer.Typer:
    """Create a command with subcommands.

    Args:
        summary: Shown by its ``--help``.
    """
    return typer.Typer(
        add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None, no_args_is_help=True, help=summary
    )


def overrides(sets: list[str] | None, device: str | None, runtime: str | None) -> list[str]:
    """Return all overrides of a recipe in the form of ``--set``."""
    chosen = {"device": device, "runtime": runtime}
    return [*(sets or []), *(f"{key}={value}" for key, value in chosen.items() if value is not None)]


def allow_fetching(allowed: bool) -> None:
    """Allow or forbid downloads of missing weights, with progress on the terminal; DYSFW_OFFLINE=1 always forbids them."""
    from ..weights import network
    from .terminal import TerminalProgress

    network.allow_fetching(allowed, TerminalProgress())


def recipe_file(recipe: Path) -> Path:
    """Return the recipe's file, which for a bundle lies in its folder.

    Raises:
        DysfwError: The path is a folder but not a bundle.
    """
    if not recipe.is_dir():
        return recipe
    from ..bundle.contents import RECIPE
    from ..bundle.read import is_bundle
    from ..errors import DysfwError

    if not is_bundle(recipe):
        raise DysfwError(f"{recipe} is a folder but not a bundle", hint="give a recipe file or a bundle folder")
    return recipe / RECIPE
