"""Looks up what plugins registered, by name: components, commands, bundles, weights, runners, runtimes, decoders and the rest.

A lookup can fail for four reasons, each with its own message: the name is misspelt, its plugin is not installed, its plugin
cannot be imported, or an optional extra of its plugin is missing.
"""

from __future__ import annotations

import importlib
import inspect
import io
import os
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Literal

from ..contracts.kinds import KINDS, Kind
from ..errors import DysfwError, NotInstalledError
from ..util.install import install_command
from ..util.text import closest, error_text, listed
from .distributions import DISTRIBUTIONS, PROTOCOLS, RUNNERS, RUNTIMES, WEIGHTS
from .hookspecs import (
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
from .host import Plugin, captured_output, load_plugins
from .specs import Spec, specs_of

if TYPE_CHECKING:  # the contracts import numpy, which a listing does not need
    from ..contracts.components import Component


@dataclass(frozen=True, slots=True)
class Entry(Generic[Spec]):
    """A registered specification.

    Attributes:
        spec: The specification.
        plugin: The plugin that registered it.
    """

    spec: Spec
    plugin: Plugin

    @property
    def full_name(self) -> str:
        """The unambiguous name, ``distribution:name``."""
        return f"{self.plugin.distribution}:{self.spec.name}"


class Registry:
    """Everything that the plugins of this process registered.

    Args:
        plugins: The loaded plugins.

    Attributes:
        components: Components by kind.
        commands: Commands.
        bundles: Bundles.
        weights: Weight files.
        runners: Batch runners.
        runtimes: Runtimes that execute networks.
        decoders: Decoders of image formats.
        protocols: Evaluation protocols.
        ontologies: Phenotype ontologies.
        face_generators: Generators of synthetic faces.
        plugins: All plugins, including those that failed.
    """

    def __init__(self, plugins: Sequence[Plugin]) -> None:
        self.components: dict[Kind, list[Entry[ComponentSpec]]] = {kind: [] for kind in KINDS}
        self.commands: list[Entry[CommandSpec]] = []
        self.bundles: list[Entry[BundleSpec]] = []
        self.weights: list[Entry[WeightsSpec]] = []
        self.runners: list[Entry[RunnerSpec]] = []
        self.runtimes: list[Entry[RuntimeSpec]] = []
        self.decoders: list[Entry[DecoderSpec]] = []
        self.protocols: list[Entry[ProtocolSpec]] = []
        self.ontologies: list[Entry[OntologySpec]] = []
        self.face_generators: list[Entry[FaceGeneratorSpec]] = []
        self._decode: dict[str, Callable[[bytes], Any]] = {}
        self.plugins = tuple(self._register(plugin) for plugin in plugins)

    def component(self, kind: Kind, name: str) -> Entry[ComponentSpec]:
        """Look up a component.

        Args:
            kind: Its kind.
            name: ``name`` or ``distribution:name``.

        Returns:
            The component.

        Raises:
            DysfwError: The name is misspelt or ambiguous, or its plugin is not installed or broken.
        """
        return self._find(self.components[kind], kind, name, DISTRIBUTIONS.get((kind, name.rpartition(":")[2])))

    def bundle(self, name: str) -> Path:
        """Look up the folder of a bundle.

        Args:
            name: ``name`` or ``distribution:name``.

        Returns:
            The folder.

        Raises:
            DysfwError: As in ``component``.
        """
        entry = self._find(self.bundles, "bundle", name, None)
        return _packaged(entry.spec.folder, "bundle", entry)

    def runner(self, name: str, work: Literal["batch", "tasks"]) -> type:
        """Import the class of a runner.

        Args:
            name: ``name`` or ``distribution:name``.
            work: What it is to run.

        Returns:
            The class.

        Raises:
            DysfwError: As in ``component``, or it cannot be imported, or it does not do this work.
        """
        entry = self._find(self.runners, "runner", name, RUNNERS.get(name.rpartition(":")[2]))
        target = {"batch": entry.spec.batch, "tasks": entry.spec.tasks}
        if not target[work]:
            others = [other.spec.name for other in self.runners if getattr(other.spec, work)]
            purpose = {"batch": "batches", "tasks": "the splits of evaluations"}[work]
            raise DysfwError(
                f"the runner {name!r} of {entry.plugin.origin} cannot run {purpose}", hint=f"those that can: {listed(others)}"
            )
        return _imported(entry, "runner", target[work])  # type: ignore[no-any-return]  # checked by the caller

    def runtime(self, name: str) -> Entry[RuntimeSpec]:
        """Look up a runtime.

        Args:
            name: ``name`` or ``distribution:name``.

        Returns:
            The runtime.

        Raises:
            DysfwError: As in ``component``.
        """
        return self._find(self.runtimes, "runtime", name, RUNTIMES.get(name.rpartition(":")[2]))

    def load_class(self, entry: Entry[RuntimeSpec] | Entry[OntologySpec] | Entry[FaceGeneratorSpec], what: str) -> type:
        """Import the class of a runtime, an ontology or a face generator.

        Args:
            entry: One of ``runtimes``, ``ontologies`` or ``face_generators``.
            what: What messages call it, such as "runtime".

        Returns:
            The class.

        Raises:
            DysfwError: It cannot be imported.
        """
        return _imported(entry, what, entry.spec.target)  # type: ignore[no-any-return]  # checked by the caller

    def decoder(self, entry: Entry[DecoderSpec]) -> Callable[[bytes], Any]:
        """Import the function of a decoder; later calls return it at once.

        Args:
            entry: One of ``decoders``.

        Returns:
            The function. What it returns is not checked.

        Raises:
            DysfwError: It cannot be imported.
        """
        if entry.full_name not in self._decode:
            self._decode[entry.full_name] = _imported(entry, "decoder", entry.spec.target)
        return self._decode[entry.full_name]

    def protocol(self, name: str) -> type:
        """Import the class of an evaluation protocol.

        Args:
            name: ``name`` or ``distribution:name``.

        Returns:
            The class.

        Raises:
            DysfwError: As in ``component``, or it cannot be imported.
        """
        entry = self._find(self.protocols, "protocol", name, PROTOCOLS.get(name.rpartition(":")[2]))
        return _imported(entry, "protocol", entry.spec.target)  # type: ignore[no-any-return]  # checked by the caller

    def named_weights(self, name: str) -> Entry[WeightsSpec] | None:
        """Look up weights.

        Args:
            name: ``name`` or ``distribution:name``.

        Returns:
            The weights; None if no plugin has weights of this name.

        Raises:
            DysfwError: The name is ambiguous, or its plugin is not installed or broken.
        """
        provider = WEIGHTS.get(name.rpartition(":")[2])
        if not provider and all(name not in (e.spec.name, e.full_name) for e in self.weights):
            return None
        return self._find(self.weights, "weights", name, provider)

    def duplicates(self) -> dict[tuple[str, str], list[Plugin]]:
        """Find names that several plugins registered.

        Returns:
            The plugins, by type ("detector", "command" …) and name.
        """
        owners: dict[tuple[str, str], list[Plugin]] = {}
        named: list[tuple[str, str, Plugin]] = []
        named += [(kind, e.spec.name, e.plugin) for kind, entries in self.components.items() for e in entries]
        named += [("command", e.spec.name, e.plugin) for e in self.commands]
        named += [("bundle", e.spec.name, e.plugin) for e in self.bundles]
        named += [("weights", e.spec.name, e.plugin) for e in self.weights]
        named += [("runner", e.spec.name, e.plugin) for e in self.runners]
        named += [("runtime", e.spec.name, e.plugin) for e in self.runtimes]
        named += [("decoder", e.spec.name, e.plugin) for e in self.decoders]
        named += [("protocol", e.spec.name, e.plugin) for e in self.protocols]
        named += [("ontology", e.spec.name, e.plugin) for e in self.ontologies]
        named += [("face generator", e.spec.name, e.plugin) for e in self.face_generators]
        for what, name, plugin in named:
            owners.setdefault((what, name), []).append(plugin)
        return {key: plugins for key, plugins in owners.items() if len(plugins) > 1}

    def load(self, kind: Kind, name: str) -> type[Component]:
        """Import the class of a component and check that it fulfils its contract.

        Args:
            kind: Its kind.
            name: ``name`` or ``distribution:name``.

        Returns:
            The class.

        Raises:
            DysfwError: As in ``component``, or it cannot be imported, or it violates its contract.
        """
        entry = self.component(kind, name)
        spec, origin = entry.spec, entry.plugin.origin
        module_name, _, attribute = spec.target.partition(":")
        try:
            loaded = getattr(importlib.import_module(module_name), attribute)
        except ModuleNotFoundError as error:
            if spec.extra and error.name and error.name.partition(".")[0] in spec.needs:
                raise NotInstalledError(
                    f"{kind} {name!r} of {origin} needs its optional extra {spec.extra!r} ({error.name} is not installed)",
                    hint=install_command(entry.plugin.distribution, spec.extra),
                ) from error
            raise _import_failed(kind, name, origin, error) from error
        except (Exception, SystemExit) as error:
            raise _import_failed(kind, name, origin, error) from error
        _check_contract(loaded, kind, name, origin)
        return loaded  # type: ignore[no-any-return]  # _check_contract has just narrowed it

    def _find(self, entries: list[Entry[Spec]], kind: str, name: str, provider: str | None) -> Entry[Spec]:
        owner, _, short = name.rpartition(":")
        owned = [e for e in entries if owner in ("", e.plugin.distribution, e.plugin.name)]
        matches = [e for e in owned if e.spec.name == short]
        if len(matches) == 1:
            return matches[0]
        if matches:
            owners = " and ".join(e.plugin.origin for e in matches)
            raise DysfwError(
                f"{kind} {name!r} is registered by {owners}",
                hint=f"write its full name: {' or '.join(e.full_name for e in matches)}",
            )
        names = [e.spec.name for e in entries]
        for plugin in self.plugins:
            if (owner or provider) in (plugin.distribution, plugin.name):
                raise _absent(kind, name, plugin, [e.spec.name for e in entries if e.plugin is plugin])
        if provider and owner in ("", provider):
            raise NotInstalledError(
                f"{kind} {name!r} belongs to the plugin {provider}, which is not installed",
                hint=install_command(provider),
            )
        broken = [p for p in self.plugins if p.error]
        remedy = "If it belongs to a plugin, install that plugin first."
        if broken:
            remedy = f"The plugins that could not be loaded may have it: {_causes(broken)}"
        raise DysfwError(
            f"no {kind} is called {name!r}{closest(short, names)}", hint=f"installed: {listed(sorted(set(names)))}. {remedy}"
        )

    def _register(self, plugin: Plugin) -> Plugin:
        """Register what a plugin offers, or nothing if one of its hooks fails."""
        if plugin.hooks is None:
            return plugin
        captured = io.StringIO()
        try:
            with captured_output("registering", captured):
                components = specs_of(plugin.hooks, "dysfw_components", ComponentSpec)
                commands = specs_of(plugin.hooks, "dysfw_commands", CommandSpec)
                bundles = specs_of(plugin.hooks, "dysfw_bundles", BundleSpec)
                weights = specs_of(plugin.hooks, "dysfw_weights", WeightsSpec)
                runners = specs_of(plugin.hooks, "dysfw_runners", RunnerSpec)
                runtimes = specs_of(plugin.hooks, "dysfw_runtimes", RuntimeSpec)
                decoders = specs_of(plugin.hooks, "dysfw_decoders", DecoderSpec)
                protocols = specs_of(plugin.hooks, "dysfw_protocols", ProtocolSpec)
                ontologies = specs_of(plugin.hooks, "dysfw_ontologies", OntologySpec)
                face_generators = specs_of(plugin.hooks, "dysfw_face_generators", FaceGeneratorSpec)
        except Exception as error:
            return replace(plugin, hooks=None, error=error)
        plugin = replace(plugin, captured=plugin.captured + captured.getvalue())
        for component in components:
            self.components[component.kind].append(Entry(component, plugin))
        self.commands += [Entry(command, plugin) for command in commands]
        self.bundles += [Entry(bundle, plugin) for bundle in bundles]
        self.weights += [Entry(file, plugin) for file in weights]
        self.runners += [Entry(runner, plugin) for runner in runners]
        self.runtimes += [Entry(runtime, plugin) for runtime in runtimes]
        self.decoders += [Entry(decoder, plugin) for decoder in decoders]
        self.protocols += [Entry(protocol, plugin) for protocol in protocols]
        self.ontologies += [Entry(ontology, plugin) for ontology in ontologies]
        self.face_generators += [Entry(generator, plugin) for generator in face_generators]
        return plugin


_current: Registry | None = None


def load_registry(only: Collection[str] | None = None) -> Registry:
    """Load all plugins of this environment. Images are then decoded by the decoders among them.

    Args:
        only: As in ``dysfw.registry.host.load_plugins``.

    Returns:
        The registry.

    Raises:
        DysfwError: ``only`` contains a name that is not installed.
    """
    global _current  # noqa: PLW0603  # decoders serve the whole process, as those of an imaging library do
    _current = Registry(load_plugins(only))
    return _current


def current_registry() -> Registry:
    """Return the registry that this process loaded last. If it loaded none, load the plugins that DYSFW_PLUGINS allows."""
    only = os.environ.get("DYSFW_PLUGINS")
    return _current or load_registry(None if only is None else [name.strip() for name in only.split(",") if name.strip()])


def _imported(
    entry: Entry[RunnerSpec]
    | Entry[RuntimeSpec]
    | Entry[DecoderSpec]
    | Entry[ProtocolSpec]
    | Entry[OntologySpec]
    | Entry[FaceGeneratorSpec],
    what: str,
    target: str,
) -> Any:  # noqa: ANN401
    """The object of "package.module:object"."""
    module, _, attribute = target.partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except (Exception, SystemExit) as error:
        raise _import_failed(what, entry.spec.name, entry.plugin.origin, error) from error


def _packaged(pointer: str, what: str, entry: Entry[Spec]) -> Path:
    """The path of "package:path/inside/it"."""
    package, _, inside = pointer.partition(":")
    try:
        return Path(str(resources.files(package).joinpath(inside)))
    except Exception as error:
        raise _import_failed(what, entry.spec.name, entry.plugin.origin, error) from error


def _check_contract(loaded: object, kind: Kind, name: str, origin: str) -> None:
    from ..contracts.components import CONTRACTS

    contract = CONTRACTS[kind]
    if not (inspect.isclass(loaded) and issubclass(loaded, contract)):
        raise DysfwError(f"{kind} {name!r} of {origin} is not a subclass of dysfw.plugin.{contract.__name__}")
    if inspect.isabstract(loaded):
        missing = listed(sorted(loaded.__abstractmethods__))
        raise DysfwError(f"{kind} {name!r} of {origin} does not implement: {missing}")


def _import_failed(kind: str, name: str, origin: str, error: BaseException) -> DysfwError:
    return DysfwError(
        f"{kind} {name!r} is installed ({origin}) but cannot be imported: {error_text(error)}",
        hint="repair or reinstall that plugin; `dysfw doctor` shows the whole environment",
    )


def _absent(kind: str, name: str, plugin: Plugin, names: list[str]) -> DysfwError:
    if plugin.excluded:
        return NotInstalledError(
            f"{kind} {name!r} belongs to the plugin {plugin.name}, which --plugins or DYSFW_PLUGINS leaves out",
            hint=f"add {plugin.name} to that list",
        )
    if plugin.error:
        return DysfwError(
            f"{kind} {name!r} belongs to {plugin.origin}, which is installed but cannot be loaded: {error_text(plugin.error)}",
            hint="repair or reinstall that plugin; `dysfw plugins` shows all of them",
        )
    return DysfwError(f"{plugin.origin} has no {kind} {name!r}{closest(name.rpartition(':')[2], names)}")


def _causes(broken: list[Plugin]) -> str:
    return "; ".join(f"{p.name} ({p.origin}), {error_text(p.error)}" for p in broken if p.error)
