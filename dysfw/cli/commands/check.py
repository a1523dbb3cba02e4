"""``dysfw check``: the conformance checks for plugins."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ...registry.registry import Registry
    from ...testing.outcome import Outcome
    from ...testing.subject import Parameters


def check(
    ctx: typer.Context,
    plugin: Annotated[str, typer.Argument(metavar="PLUGIN", help="A distribution or its entry point.", show_default=False)],
    recipe: Annotated[
        Path | None,
        typer.Option(metavar="RECIPE", help="Recipe whose parameters the plugin's components are built with."),
    ] = None,
    only: Annotated[
        str | None, typer.Option(metavar="WORD", help="Run only checks and components with this word in their names.")
    ] = None,
) -> None:
    """Check a plugin and its components against the contract.

    The checks cover types and ranges, batches of any size, absent regions, saving and loading in a bundle, threads, network
    access and error messages.

    Exit code 1: at least one check failed.
    """
    from ...errors import DysfwError
    from ..main import registry_of
    from ..terminal import TerminalProgress, out

    registry, progress = registry_of(ctx), TerminalProgress()
    with progress.stage(f"importing the components of {plugin}"):
        from ...testing.kit import plugin_cases
        from ...testing.outcome import Report

        parameters = _parameters(recipe, registry, plugin) if recipe else {}
        cases = plugin_cases(plugin, registry=registry, parameters=parameters)
    cases = [case for case in cases if not only or only in case.subject or only in case.check]
    if not cases:
        raise DysfwError(f"no check of {plugin} has {only!r} in its name", hint=f"`dysfw check {plugin}` shows all checks")
    report = Report(tuple(case.run() for case in progress.track(cases, "checking", len(cases), "checks")))
    for subject in dict.fromkeys(outcome.subject for outcome in report):
        out().print(_section(subject, [o for o in report if o.subject == subject]), markup=False, soft_wrap=True)
    out().print(report.summary, markup=False)
    if not report.good:
        raise typer.Exit(1)


def _section(subject: str, outcomes: list[Outcome]) -> str:
    """Format the outcomes of one plugin or component: the number of passed checks, and every other outcome with its message."""
    passed = sum(outcome.status == "passed" for outcome in outcomes)
    lines = [f"{subject}: {passed} of {len(outcomes)} passed"]
    for outcome in outcomes:
        if outcome.status in ("failed", "passed unexpectedly"):
            lines.append(f"  {outcome.status.upper()} {outcome.check}")
            lines += [f"    {line}" for line in outcome.message.splitlines()]
    for status in ("skipped", "expected to fail"):
        reasons: dict[str, list[str]] = {}
        for outcome in outcomes:
            if outcome.status == status:
                reasons.setdefault(outcome.message, []).append(outcome.check)
        lines += [f"  {status}: {', '.join(checks)}: {reason}" for reason, checks in reasons.items()]
    return "\n".join(lines)


def _parameters(recipe: Path, registry: Registry, plugin: str) -> dict[str, Parameters]:
    """Return the parameters that the recipe gives to the plugin's components, including nested ones."""
    from ...errors import DysfwError
    from ...inference.build import parameters_of
    from ...recipe.check import load_recipe
    from ..options import recipe_file

    loaded = load_recipe(recipe_file(recipe), registry)
    parameters: dict[str, Parameters] = {}
    for node in loaded.every_node():
        owner = registry.component(node.kind, node.use).plugin
        if plugin in (owner.name, owner.distribution):
            parameters.setdefault(node.use.rpartition(":")[2], partial(parameters_of, loaded, node))
    if not parameters:
        raise DysfwError(f"{recipe} uses no component of {plugin}", hint="omit --recipe, or give a recipe that uses one")
    return parameters
