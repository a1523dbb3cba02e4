"""Calls a plugin's hooks, and checks the specifications that they return."""

from __future__ import annotations

import re
from typing import TypeVar

import pluggy

from ..contracts.kinds import KINDS
from ..errors import DysfwError
from ..util.text import listed
from .decoder_check import problem_of_decoder
from .hookspecs import (
    PANELS,
    BundleSpec,
    CommandSpec,
    ComponentSpec,
    DecoderSpec,
    FaceGeneratorSpec,
    OntologySpec,
    ProtocolSpec,
    RunnerSpec,
    RuntimeSpec,
    WeightsSpec,
)
from .weights_manifest import problem_of

Spec = TypeVar(
    "Spec",
    ComponentSpec,
    CommandSpec,
    BundleSpec,
    WeightsSpec,
    RunnerSpec,
    RuntimeSpec,
    DecoderSpec,
    ProtocolSpec,
    OntologySpec,
    FaceGeneratorSpec,
)
NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")


def specs_of(hooks: pluggy.HookRelay, hook: str, kind_of_spec: type[Spec]) -> list[Spec]:
    """Call one hook of one plugin, and check what it returns.

    Args:
        hooks: The plugin's hooks.
        hook: Name of the hook.
        kind_of_spec: What it has to return.

    Returns:
        The specifications.

    Raises:
        DysfwError: One of them is invalid.
    """
    specs: list[Spec] = []
    seen = set()
    for result in getattr(hooks, hook)():
        for spec in result if isinstance(result, list) else [result]:
            if not isinstance(spec, kind_of_spec):
                raise DysfwError(f"{hook} must return a list of {kind_of_spec.__name__}, found {type(spec).__name__}")
            specs.append(spec)
    for spec in specs:
        if not NAME.fullmatch(spec.name):
            raise DysfwError(f"{hook}: the name {spec.name!r} must consist of a-z, 0-9, _ and -")
        if isinstance(spec, ComponentSpec) and spec.kind not in KINDS:
            raise DysfwError(f"{hook}: {spec.name!r} has the kind {spec.kind!r}; allowed: {listed(KINDS)}")
        if isinstance(spec, CommandSpec) and spec.panel not in PANELS:
            raise DysfwError(f"{hook}: the command {spec.name!r} has the panel {spec.panel!r}; allowed: {listed(PANELS)}")
        if isinstance(spec, WeightsSpec):
            if problem := problem_of(spec):
                raise DysfwError(f"{hook}: {spec.name!r} {problem}")
        elif isinstance(spec, DecoderSpec) and (problem := problem_of_decoder(spec)):
            raise DysfwError(f"{hook}: {spec.name!r} {problem}")
        elif not all(":" in pointer for pointer in _pointers(spec)):
            raise DysfwError(f'{hook}: {spec.name!r} must point to "package.module:name"')
        key = (getattr(spec, "kind", None), spec.name)
        if key in seen:
            raise DysfwError(f"{hook}: {spec.name!r} is registered twice")
        seen.add(key)
    return specs


def _pointers(
    spec: ComponentSpec
    | CommandSpec
    | BundleSpec
    | RunnerSpec
    | RuntimeSpec
    | DecoderSpec
    | ProtocolSpec
    | OntologySpec
    | FaceGeneratorSpec,
) -> list[str]:
    """What a specification refers to, as "package.module:name"."""
    if isinstance(spec, RunnerSpec):
        return [target for target in (spec.batch, spec.tasks) if target] or [""]
    return [spec.folder if isinstance(spec, BundleSpec) else spec.target]
