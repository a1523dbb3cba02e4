"""The program ``dysfw``. Commands are found by name, their own and plugins' alike, and imported when they are called."""

from __future__ import annotations

import importlib
import io
import os
import signal
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
import typer.core

from .. import RESEARCH_USE, __version__
from ..errors import DysfwError, Interrupted
from ..registry.registry import Registry, load_registry
from ..util.text import error_text, shown
from ..weights import network
from .terminal import TerminalProgress, print_error, warn

# name: "module:attribute" and the line for `dysfw --help`
COMMANDS = {
    "run": ("run:run", "Ranked probabilities for photographs, with each region's own opinion."),
    "serve": ("serve:serve", "A page that judges photographs, and an HTTP API, on this machine."),
    "batch": ("batch:batch", "Judge photographs by the hundred thousand into one table."),
    "train": ("train:train", "Fit a recipe to labelled photographs and write a bundle."),
    "evaluate": ("evaluate:evaluate", "Cross-validate a recipe on labelled photographs and write a report."),
    "compare": ("compare:compare", "Evaluate several recipes on the same photographs in the same folds."),
    "audit": ("audit:audit", "Ask whether a model could tell the conditions without looking at the face."),
    "gallery": ("gallery:app", "Add, list and remove the known cases that a bundle answers by, without training."),
    "pretrain": ("pretrain:pretrain", "Train a recipe's trunk to tell faces apart and write a weight file."),
    "verify": ("verify:verify", "Score a trunk on pairs of photographs, by LFW's protocol."),
    "cache": ("cache:app", "Say what was computed before and is kept, or delete it."),
    "components": ("components:components", "List what recipes may name, and where each comes from."),
    "plugins": ("plugins:plugins", "List plugins, also those that are broken."),
    "new": ("new:new", "Write a new plugin: a working component with its tests, to make your own."),
    "check": ("check:check", "Hold a plugin, and all that it registers, to the contract."),
    "recipe": ("recipe:app", "Check, show and describe recipes."),
    "weights": ("weights:app", "List, fetch, verify and import the weight files that plugins know."),
    "doctor": ("doctor:doctor", "Look at this installation and say what is wrong."),
}
EPILOG = f"{RESEARCH_USE} No photograph leaves this machine, and nothing is fetched unless you ask."


class LazyGroup(typer.core.TyperGroup):
    """Commands by name; the modules behind them are imported only when one is invoked."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401  # typer's context class depends on its version
        return list(_commands(ctx))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401
        """What help needs of a command: its name and one line."""
        found = _commands(ctx).get(cmd_name)
        return typer.core.TyperCommand(cmd_name, help=found[1], short_help=found[1]) if found else None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401
        """The command itself, imported."""
        name, placeholder, rest = super().resolve_command(ctx, args)
        return name, _import_command(str(name), _commands(ctx)[str(name)][0]) if placeholder else None, rest


def _commands(ctx: Any) -> dict[str, tuple[str, str]]:  # noqa: ANN401
    own = {name: (f"dysfw.cli.commands.{target}", summary) for name, (target, summary) in COMMANDS.items()}
    registered = {e.spec.name: (e.spec.target, e.spec.summary) for e in registry_of(ctx).commands}
    return registered | own  # a plugin cannot replace a command of the core


def registry_of(ctx: Any) -> Registry:  # noqa: ANN401
    """The registry of this invocation, loaded once. Broken plugins are named in one line each."""
    root = ctx.find_root()
    if root.obj is None:
        registry = root.obj = load_registry(plugins_of(ctx))
        for plugin in registry.plugins:
            if plugin.error:
                warn(f"plugin {plugin.name} ({plugin.origin}) is broken and was left out: {error_text(plugin.error)}")
            if plugin.captured:
                warn(f"plugin {plugin.name} ({plugin.origin}) printed as it was loaded: {shown(plugin.captured)}")
    registry = root.obj
    assert isinstance(registry, Registry)  # noqa: S101
    return registry


def plugins_of(ctx: Any) -> tuple[str, ...] | None:  # noqa: ANN401
    """The only plugins that may load; None where all may."""
    only = ctx.find_root().params.get("plugins") or os.environ.get("DYSFW_PLUGINS")
    return None if only is None else tuple(name.strip() for name in only.split(",") if name.strip())


def _import_command(name: str, target: str) -> Any:  # noqa: ANN401
    module, _, attribute = target.partition(":")
    try:
        loaded = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise DysfwError(f"the command {name!r} cannot be loaded from {target}: {error_text(error)}") from None
    if isinstance(loaded, typer.Typer):
        command = typer.main.get_command(loaded)
    else:
        single = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
        single.command(name)(loaded)
        command = typer.main.get_command(single)
    command.name = name
    return command


# Plain help: typer's rich help imports as much as everything else that `dysfw --help` needs.
app = typer.Typer(
    cls=LazyGroup,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    no_args_is_help=True,
    epilog=EPILOG,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"dysfw {__version__}")
        raise typer.Exit


@app.callback()
def options(
    plugins: Annotated[
        str | None,
        typer.Option(envvar="DYSFW_PLUGINS", metavar="A,B", is_eager=True, help="Load no plugins but these."),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """A workbench for facial-phenotype research: recipes assemble detector, segmenter, backbone, head and fusion."""


def main() -> None:
    """Run the program. Exit codes: 0 all done; 1 some inputs failed, the rest was delivered; 2 the command or recipe is
    wrong; 70 a fault of dysfw itself; 74 the system refused to read or write; 130 interrupted; 141 nobody reads the output."""
    _prepare_streams()
    before = signal.signal(signal.SIGINT, _interrupted)
    network.allow_fetching(False, TerminalProgress())  # whatever is fetched, of whichever command, is told here
    try:
        try:
            app()
        finally:
            _deliver()
    except DysfwError as error:
        print_error(error)
        _name_alternatives(error)
        sys.exit(2)
    except Interrupted:
        print_error(DysfwError("interrupted"))
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(141)  # nobody reads: leave quietly
    except OSError as error:
        print_error(DysfwError(f"the system refused: {error}"))
        sys.exit(74)
    except Exception as error:
        if os.environ.get("DYSFW_TRACEBACK"):
            raise
        hint = "this is a fault of dysfw; please report it with the output of the same command under DYSFW_TRACEBACK=1"
        print_error(DysfwError(error_text(error), hint=hint))
        sys.exit(70)
    finally:
        signal.signal(signal.SIGINT, before)


def _name_alternatives(error: DysfwError) -> None:
    """Where a recipe's weights are missing: which recipes beside it work without them."""
    find = sys.modules.get("dysfw.weights.find")  # else nobody looked for weights
    if find is None or not isinstance(error.__cause__, find.WeightsMissingError):
        return
    from ..recipe.problems import RecipeError
    from .alternatives import working_recipes
    from .terminal import err

    if isinstance(error, RecipeError):
        folder = Path(error.problems[0].position.file).parent
        if names := working_recipes(folder, load_registry()):
            err().print(
                f"  These recipes work now: {', '.join(str(folder / name) for name in names)}", style="dim", markup=False
            )


def _deliver() -> None:
    """Write out what is still buffered, while a refusal can still be told."""
    try:
        sys.stdout.flush()
    except OSError:
        # Or the interpreter would try once more as it ends, fail, and exit with a code of its own.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise


def _prepare_streams() -> None:
    """Closed streams swallow, and a terminal that cannot show a character gets another, instead of ending the work."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115  # for as long as we run
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _interrupted(number: int, frame: object) -> None:
    raise Interrupted
