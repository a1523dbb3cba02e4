"""The program ``dysfw``: finds commands by name and imports each only when it is called."""

from __future__ import annotations

import codecs
import importlib
import io
import os
import signal
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Annotated, Any, NoReturn

import typer
import typer.core

from .. import RESEARCH_USE, __version__
from ..errors import DysfwError, Interrupted
from ..registry.distributions import COMMANDS as PLUGIN_COMMANDS
from ..registry.hookspecs import Panel
from ..registry.registry import Registry, load_registry
from ..util.install import install_command
from ..util.interrupts import STOP_SIGNALS
from ..util.text import error_text, quoted, replace_unencodable
from ..weights import network
from .terminal import TerminalProgress, print_error, terminal_width, warn
from .utf8 import ensure_utf8

# Commands of the core by panel, in the order of `dysfw --help`; name: ("module:attribute", one line, at most 66 characters)
PANELS: dict[Panel, dict[str, tuple[str, str]]] = {
    "predict": {
        "run": ("run:run", "Rank conditions for face images, with each region's prediction."),
        "serve": ("serve:serve", "Serve a web page and an HTTP API for predictions."),
        "batch": ("batch:batch", "Predict thousands of images into one table."),
    },
    "data": {
        "data": ("data:app", "Check a data set, write a manifest or splits, match controls."),
        "audit": ("audit:audit", "Test whether anything but the face reveals the condition."),
    },
    "train": {
        "train": ("train:train", "Train a recipe on labelled images and write a bundle."),
        "gallery": ("gallery:app", "List, add and remove the gallery cases of a bundle."),
        "pretrain": ("pretrain:pretrain", "Train a backbone to recognise faces and write its weights."),
    },
    "evaluate": {
        "evaluate": ("evaluate:evaluate", "Cross-validate a recipe, or score any model by a protocol."),
        "compare": ("compare:compare", "Evaluate several recipes on the same images and folds."),
        "verify": ("verify:verify", "Score a backbone on pairs of face images (LFW protocol)."),
    },
    "extend": {
        "components": ("components:components", "List the components that recipes can use."),
        "plugins": ("plugins:plugins", "List the installed plugins, including broken ones."),
        "new": ("new:new", "Create a plugin from a template, with tests."),
        "check": ("check:check", "Check a plugin and its components against the contract."),
    },
    "maintain": {
        "recipe": ("recipe:app", "Check and show recipes, and print their JSON Schema."),
        "weights": ("weights:app", "List, fetch, verify and import weight files."),
        "cache": ("cache:app", "Show or clear the cache of faces, regions and embeddings."),
        "doctor": ("doctor:doctor", "Check this installation and report problems."),
    },
}
COMMANDS = {name: command for commands in PANELS.values() for name, command in commands.items()}
ASCII_HANDLER = "dysfw.ascii"  # name of the error handler of streams that cannot show every character
Handler = Callable[[int, FrameType | None], Any] | int | None
MAX_HELP_WIDTH = 80  # columns; wider paragraphs are hard to read
EPILOG = f"{RESEARCH_USE} Images stay on this machine, and nothing is downloaded unless you ask for it."


@dataclass(frozen=True, slots=True)
class _Command:
    """A command that can be imported.

    Attributes:
        target: "package.module:attribute", a function or a ``typer.Typer``.
        summary: One line for ``dysfw --help``.
        panel: The heading under which the help lists it.
    """

    target: str
    summary: str
    panel: Panel


class LazyGroup(typer.core.TyperGroup):
    """A group that knows its commands by name and imports one only when it is called."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401  # typer's context class depends on its version
        """Return the names of all commands, panel by panel."""
        return list(_commands(ctx))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401
        """Return a placeholder with the command's name and summary, or None."""
        command = _commands(ctx).get(cmd_name)
        return typer.core.TyperCommand(cmd_name, help=command.summary, short_help=command.summary) if command else None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401
        """Import the command that ``args`` start with."""
        if args and args[0] not in _commands(ctx) and (plugin := PLUGIN_COMMANDS.get(args[0])):
            raise DysfwError(
                f"the command {args[0]!r} belongs to the plugin {plugin}, which is not installed, or left out by --plugins",
                hint=install_command(plugin),
            )
        name, placeholder, rest = super().resolve_command(ctx, args)
        return name, _import_command(str(name), _commands(ctx)[str(name)].target) if placeholder else None, rest

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401
        """Run the command; if a value is rejected, say which one was found."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            _add_found_value(error)
            raise

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401
        """Write the commands under one heading for each panel."""
        commands = _commands(ctx)
        width = max(map(len, commands))
        for panel in PANELS:
            rows = [(name.ljust(width), command.summary) for name, command in commands.items() if command.panel == panel]
            if rows:
                with formatter.section(panel.capitalize()):
                    formatter.write_dl(rows)


def _add_found_value(error: Exception) -> None:
    """Add the value that was found to the message of a rejected option, if its cause is an error of pydantic."""
    pydantic = sys.modules.get("pydantic")
    cause = error.__cause__
    if pydantic and isinstance(cause, pydantic.ValidationError) and hasattr(error, "message"):
        found = quoted(str(cause.errors()[0]["input"]))
        error.message = f"{error.message}; found {found}"


def _commands(ctx: Any) -> dict[str, _Command]:  # noqa: ANN401
    """All commands, panel by panel; a plugin cannot replace a command of the core."""
    plugins = [entry.spec for entry in registry_of(ctx).commands if entry.spec.name not in COMMANDS]
    commands: dict[str, _Command] = {}
    for panel, own in PANELS.items():
        commands |= {name: _Command(f"dysfw.cli.commands.{COMMANDS[name][0]}", COMMANDS[name][1], panel) for name in own}
        commands |= {spec.name: _Command(spec.target, spec.summary, panel) for spec in plugins if spec.panel == panel}
    return commands


def registry_of(ctx: Any) -> Registry:  # noqa: ANN401
    """Return the registry of this invocation, loaded once, and warn of each broken plugin in one line."""
    root = ctx.find_root()
    if root.obj is None:
        registry = root.obj = load_registry(plugins_of(ctx))
        for plugin in registry.plugins:
            if plugin.error:
                warn(f"plugin {plugin.name} ({plugin.origin}) is broken and was skipped: {error_text(plugin.error)}")
            if plugin.captured:
                warn(f"plugin {plugin.name} ({plugin.origin}) printed while loading: {quoted(plugin.captured)}")
    registry = root.obj
    assert isinstance(registry, Registry)  # noqa: S101
    return registry


def plugins_of(ctx: Any) -> tuple[str, ...] | None:  # noqa: ANN401
    """Return the only plugins that may load, or None if all may."""
    only = ctx.find_root().params.get("plugins") or os.environ.get("DYSFW_PLUGINS")
    return None if only is None else tuple(name.strip() for name in only.split(",") if name.strip())


def _import_command(name: str, target: str) -> Any:  # noqa: ANN401
    module, _, attribute = target.partition(":")
    try:
        loaded = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise DysfwError(f"cannot load the command {name!r} from {target}: {error_text(error)}") from None
    if isinstance(loaded, typer.Typer):
        command = typer.main.get_command(loaded)
    else:
        single = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
        single.command(name)(loaded)
        command = typer.main.get_command(single)
    command.name = name
    return command


# Plain help: importing typer's rich help takes as long as everything else that `dysfw --help` needs.
app = typer.Typer(
    cls=LazyGroup,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    no_args_is_help=True,
    epilog=EPILOG,
)


def _print_version(requested: bool) -> None:
    if requested:
        typer.echo(f"dysfw {__version__}")
        raise typer.Exit


@app.callback()
def options(
    plugins: Annotated[
        str | None,
        typer.Option(envvar="DYSFW_PLUGINS", metavar="A,B", is_eager=True, help="Load only these plugins."),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """A framework for facial-phenotype research: recipes combine detector, segmenter, backbone, head and fusion."""


def main() -> None:
    """Run the program.

    Exit codes: 0 everything succeeded; 1 some inputs failed and the rest was delivered; 2 the command, recipe, data or
    output path cannot be used; 70 internal error of dysfw; 74 any other error of the operating system; 130 interrupted, 143
    terminated; 141 the reader of the output closed the pipe.
    """
    ensure_utf8()
    _prepare_streams()
    try:
        _run()
    except BrokenPipeError:
        _end_quietly()
    except SystemExit as ended:
        if isinstance(ended.__context__, BrokenPipeError):  # typer was the first to notice, and exits with 1
            _end_quietly()
        raise


def _end_quietly() -> NoReturn:
    """Exit as programs do whose reader has closed the pipe. What the streams still hold goes nowhere: it would fail again."""
    streams = (sys.__stdout__, sys.__stderr__)  # not those that typer has wrapped
    for stream in filter(None, streams):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    sys.exit(141)


def _run() -> None:
    """Run the command, and turn its errors into messages and exit codes."""
    previous = _handle_signals()
    network.allow_fetching(False, TerminalProgress())  # so that every command shows the progress of downloads
    try:
        try:
            app(prog_name="dysfw", terminal_width=min(terminal_width(sys.stdout) or MAX_HELP_WIDTH, MAX_HELP_WIDTH) - 2)
        finally:
            _flush_stdout()
    except DysfwError as error:
        print_error(error)
        _suggest_alternatives(error)
        sys.exit(2)
    except Interrupted as interrupted:
        _ignore_signals(previous)
        print_error(DysfwError("interrupted", hint=interrupted.kept or None))
        sys.exit(128 + interrupted.signal)
    except BrokenPipeError:
        raise
    except OSError as error:
        print_error(DysfwError(f"the operating system reports: {error}"))
        sys.exit(74)
    except Exception as error:
        if os.environ.get("DYSFW_TRACEBACK"):
            raise
        from ..util.out_of_memory import is_out_of_memory

        if is_out_of_memory(error):
            hint = "free some memory, or give this program more of it; what was finished is kept"
            print_error(DysfwError("this machine ran out of memory", hint=hint))
            sys.exit(74)
        hint = "this is a bug in dysfw; please report it with the output of the same command under DYSFW_TRACEBACK=1"
        print_error(DysfwError(error_text(error), hint=hint))
        sys.exit(70)
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _handle_signals() -> dict[int, Handler]:
    """Let the signals that end programs raise Interrupted, so that nothing half-written stays. Returns the former handlers."""
    previous: dict[int, Handler] = {}
    for name in STOP_SIGNALS:
        number = getattr(signal, name, None)
        if number is not None and not (name == "SIGHUP" and signal.getsignal(number) == signal.SIG_IGN):  # as under nohup
            previous[number] = signal.signal(number, _raise_interrupted)
    return previous


def _ignore_signals(numbers: Iterable[int]) -> None:
    """Let no further signal interrupt the last message."""
    for number in numbers:
        signal.signal(number, signal.SIG_IGN)


def _suggest_alternatives(error: DysfwError) -> None:
    """If a recipe's weights are missing, name the recipes beside it that work without them."""
    find = sys.modules.get("dysfw.weights.find")  # not imported: the error is not about weights
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


def _flush_stdout() -> None:
    """Write out what is still buffered while an error can still be reported."""
    try:
        sys.stdout.flush()
    except OSError:
        # Otherwise the interpreter flushes again at exit, fails, and exits with its own code.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise


def _prepare_streams() -> None:
    """Let closed streams swallow output, and replace characters that the terminal cannot show, instead of failing."""
    codecs.register_error(ASCII_HANDLER, replace_unencodable)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115  # for as long as we run
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=ASCII_HANDLER)


def _raise_interrupted(number: int, frame: object) -> None:
    raise Interrupted(number)
