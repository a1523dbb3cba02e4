"""``dysfw doctor``: check this installation."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import typer

from ...errors import DysfwError, NotInstalledError
from ...recipe.problems import RecipeError
from ...registry.registry import Registry

if TYPE_CHECKING:
    from rich.console import Console


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check.

    Attributes:
        state: "ok"; "note" for something to know; "broken" for something to repair.
        subject: What was checked, such as "plugin timm".
        detail: What was found, or what to do.
    """

    state: Literal["ok", "note", "broken"]
    subject: str
    detail: str


def doctor(ctx: typer.Context) -> None:
    """Check Python, devices, plugins, components, bundles and weights, and show how to repair what is broken.

    Every component is imported, which takes a few seconds.

    Exit code 1: something is broken.
    """
    from ..main import registry_of
    from ..terminal import TerminalProgress, out

    with TerminalProgress().stage("importing every component"):
        findings = list(examine(registry_of(ctx)))
    print_findings(out(), findings)
    if any(finding.state == "broken" for finding in findings):
        raise typer.Exit(1)


def print_findings(console: Console, findings: Iterable[Finding]) -> None:
    """Print the results of all checks.

    Args:
        console: Where to print.
        findings: The results.
    """
    from rich.text import Text

    from ...output.fitted_table import Column, FittedTable, multiline

    colours = {"ok": "green", "note": "yellow", "broken": "red"}
    table = FittedTable(
        Column("state", role="id"), Column("subject"), Column("detail", role="more"), below="lines", header=False
    )
    for finding in findings:
        table.add(Text(finding.state, colours[finding.state]), finding.subject, multiline(finding.detail))
    console.print(table)


def examine(registry: Registry) -> Iterator[Finding]:
    """Check the installation and yield one finding after the other."""
    from ...util.processors import usable_processors
    from ...util.text import count

    machine = f"{platform.system()} {platform.machine()}, {count(usable_processors(), 'processor')}"
    yield Finding("ok", "python", f"{platform.python_version()} on {machine}")
    yield from _devices(registry)
    yield from _plugins(registry)
    yield from _components(registry)
    yield from _bundles(registry)
    yield from _weights(registry)
    yield Finding("ok", "network", _network())


def _network() -> str:
    from ...weights import network

    if network.is_offline():
        return "DYSFW_OFFLINE is set: nothing is downloaded"
    return "DYSFW_FETCH=1: missing weights are downloaded" if network.may_fetch() else "used only with --fetch"


def _devices(registry: Registry) -> Iterator[Finding]:
    from ...inference.devices import resolve_device, resolve_precision
    from ...runtime.choose import TORCH, has_torch, remedy, runtime_version, supported

    device = resolve_device("auto")
    if has_torch():
        yield Finding("ok", f"runtime {TORCH}", runtime_version(TORCH))
    for entry in registry.runtimes:
        try:
            text = f"{runtime_version(entry.full_name)}: {supported(entry.spec, device)}"
            yield Finding("ok", f"runtime {entry.spec.name}", text)
        except DysfwError as error:
            yield Finding("broken", f"runtime {entry.spec.name}", error.message)
    if not has_torch() and not registry.runtimes:
        yield Finding("note", "runtime", f"none is installed, and networks need one: {remedy('cpu', 'float32')}")
        return
    yield Finding("ok", "device", f"device: auto uses {device}")
    yield Finding("ok", "precision", f"precision: auto uses {resolve_precision('auto', device, 'auto')}")


def _plugins(registry: Registry) -> Iterator[Finding]:
    from ...util.text import error_text

    for plugin in registry.plugins:
        if plugin.error:
            yield Finding("broken", f"plugin {plugin.name}", f"{plugin.origin}: {error_text(plugin.error)}")
        elif plugin.excluded:
            yield Finding("note", f"plugin {plugin.name}", "excluded by --plugins or DYSFW_PLUGINS")
        else:
            yield Finding("ok", f"plugin {plugin.name}", plugin.origin)


def _components(registry: Registry) -> Iterator[Finding]:
    from ...recipe.signature import signature_of

    for kind, entries in registry.components.items():
        for entry in entries:
            name = f"{kind} {entry.spec.name}"
            try:
                signature = signature_of(registry.load(kind, entry.full_name))
                yield Finding("ok", name, f"parameters: {', '.join(signature.names) or 'none'}")
            except DysfwError as error:
                yield _not_usable(name, error)


def _weights(registry: Registry) -> Iterator[Finding]:
    from ...weights.find import size_and_licence
    from ...weights.store import file_status

    for entry in registry.weights:
        spec, status = entry.spec, file_status(entry.spec)
        if status.condition == "here":
            yield Finding("ok", f"weights {spec.name}", str(status.path))
        elif status.condition == "missing" and not spec.ships:
            yield Finding(
                "note",
                f"weights {spec.name}",
                f"not on this machine ({size_and_licence(spec)}); run `dysfw weights fetch {spec.name}`",
            )
        else:
            yield Finding("broken", f"weights {spec.name}", status.problem or f"reinstall {entry.plugin.distribution}")


def _bundles(registry: Registry) -> Iterator[Finding]:
    from ...bundle.read import read_bundle

    for entry in registry.bundles:
        try:
            manifest = read_bundle(registry.bundle(entry.full_name), registry).manifest
            yield Finding("ok", f"bundle {entry.spec.name}", f"{len(manifest.labels)} conditions, {manifest.fingerprint[:12]}")
        except DysfwError as error:
            yield _not_usable(f"bundle {entry.spec.name}", error)


def _not_usable(subject: str, error: DysfwError) -> Finding:
    """What is wrong with a component or bundle. One whose plugin was left out on purpose is not broken."""
    causes = [problem.cause for problem in error.problems] if isinstance(error, RecipeError) else [error]
    if all(isinstance(cause, NotInstalledError) for cause in causes):
        return Finding("note", subject, "; ".join(f"{cause.message}: {cause.hint}" for cause in causes if cause))
    return Finding("broken", subject, f"{error.message} {error.hint or ''}".rstrip())
