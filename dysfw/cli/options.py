"""What several commands share: options, and how a command that has commands of its own is made."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

RecipeArgument = Annotated[
    Path, typer.Argument(metavar="RECIPE", help="A recipe, or the folder of a bundle.", show_default=False)
]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Replace a value of the recipe, e.g. fusion.use=median. Repeatable."),
]
DeviceOption = Annotated[str | None, typer.Option(help="auto, cpu, cuda, cuda:1 … or mps; short for --set device=…")]
FetchOption = Annotated[
    bool, typer.Option("--fetch", help="Allow weights that are missing here to be fetched from the internet.")
]


def command_group(about: str) -> typer.Typer:
    """A command with commands of its own. about: for its ``--help``."""
    return typer.Typer(
        add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None, no_args_is_help=True, help=about
    )


def overrides(sets: list[str] | None, device: str | None) -> list[str]:
    """All overrides of a recipe, in the form of ``--set``."""
    return [*(sets or []), *([f"device={device}"] if device else [])]


def allow_fetching(allowed: bool) -> None:
    """Components ask ``dysfw.weights.leave``; DYSFW_OFFLINE=1 outweighs this."""
    from ..weights import network
    from .terminal import TerminalProgress

    network.allow_fetching(allowed, TerminalProgress())


def recipe_file(recipe: Path) -> Path:
    """The file of a recipe, also of a bundle's. Raises DysfwError for a folder that is no bundle."""
    if not recipe.is_dir():
        return recipe
    from ..bundle.contents import RECIPE
    from ..bundle.read import is_bundle
    from ..errors import DysfwError

    if not is_bundle(recipe):
        raise DysfwError(f"{recipe} is a folder, and not that of a bundle", hint="name a recipe's file, or a bundle's folder")
    return recipe / RECIPE
