"""Runs the checks of a component or of everything that a plugin registers."""

from __future__ import annotations

import functools
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from ..contracts.components import CONTRACTS, Component
from ..contracts.kinds import PLURALS, Kind
from ..errors import DysfwError, Interrupted
from ..registry.hookspecs import ComponentSpec
from ..registry.host import Plugin
from ..registry.registry import Entry, Registry, load_registry
from ..types import Face, Image
from ..util.text import closest, error_text, listed
from .checks import CHECKS
from .checks import decoder as decoders
from .checks import runtime as runtimes
from .examples import phantom_faces, phantom_images
from .outcome import ContractViolationError, NotApplicableError, Outcome, Report
from .plugins import PLUGIN_CHECKS, PluginSubject
from .subject import Parameters, Subject

Checked = TypeVar("Checked")


@dataclass(frozen=True, eq=False)
class CheckCase:
    """One check of one subject, ready to run.

    Attributes:
        subject: What is checked: "plugin dysfw-x" or "segmenter y".
        check: Name of the check.
        action: Runs it; raises ContractViolationError or NotApplicableError.
        expected_failure: Why it may fail; "" if it must pass.
    """

    subject: str
    check: str
    action: Callable[[], None]
    expected_failure: str = ""

    @property
    def id(self) -> str:
        """Identifier of the test in pytest."""
        return f"{self.subject.replace(' ', ':')}:{self.check}"

    def run(self) -> Outcome:
        """Run the check. An error of the component is a failure."""
        outcome = self._run()
        if not self.expected_failure or outcome.status == "skipped":
            return outcome
        if outcome.status == "failed":
            return Outcome(self.subject, self.check, "expected to fail", f"{self.expected_failure}\n{outcome.message}")
        message = f"expected to fail ({self.expected_failure}): remove the expectation"
        return Outcome(self.subject, self.check, "passed unexpectedly", message)

    def _run(self) -> Outcome:
        try:
            self.action()
        except NotApplicableError as reason:
            return Outcome(self.subject, self.check, "skipped", str(reason))
        except ContractViolationError as error:
            return Outcome(self.subject, self.check, "failed", str(error))
        except (KeyboardInterrupt, Interrupted):
            raise
        except BaseException as error:  # SystemExit too: a component must not end the program
            found = f"{error_text(error)} ({_location(error)})"
            why = "an error on valid input fails every image"
            return Outcome(self.subject, self.check, "failed", str(ContractViolationError("no error", found, why)))
        return Outcome(self.subject, self.check, "passed")


def check_component(
    component: type[Component],
    parameters: Parameters | None = None,
    *,
    images: Sequence[Image] = (),
    faces: Sequence[Face] = (),
    expected_failures: Mapping[str, str] | None = None,
) -> Report:
    """Check a component against the contract of its kind.

    Args:
        component: The class; some checks compare two instances.
        parameters: Constructor parameters beside device, precision and seed.
        images: Images with one upright face each; two synthetic faces by default.
        faces: The face in each image, with box and five landmarks.
        expected_failures: Reasons by name of a check that may fail. It is reported if it passes.

    Returns:
        The outcome of each check.

    Raises:
        TypeError: If ``component`` is not the class of a component.
        ValueError: If ``expected_failures`` names a check that does not exist.
    """
    if not (isinstance(component, type) and issubclass(component, tuple(CONTRACTS.values()))):
        raise TypeError(
            f"check_component takes the class of a component, found {component!r}. Components are subclasses of "
            f"{listed(c.__name__ for c in CONTRACTS.values())} of dysfw.plugin"
        )
    subject = Subject(component, parameters or {}, images or phantom_images()[:2], faces or phantom_faces()[:2])
    cases = list(_component_cases(component.__name__, component.kind, lambda: subject, expected_failures or {}))
    return Report(tuple(case.run() for case in cases))


def plugin_cases(
    plugin: str,
    *,
    registry: Registry | None = None,
    parameters: Mapping[str, Parameters] | None = None,
    files: Mapping[str, Callable[[], Sequence[bytes]]] | None = None,
    expected_failures: Mapping[str, Mapping[str, str]] | None = None,
) -> list[CheckCase]:
    """List every check of a plugin and of the components, decoders and runtimes that it registers, without building them.

    Args:
        plugin: Name of its distribution or entry point.
        registry: The registry with the plugin; that of this environment by default.
        parameters: Constructor parameters by component name. A function is called for each instance, so that nested components
            are not shared.
        files: By name of a decoder, a function that makes intact files of its format.
        expected_failures: Reasons by name of a component (or of the plugin) and name of the check.

    Returns:
        The checks, ready to run.

    Raises:
        DysfwError: If the plugin or a named component does not exist.
        ValueError: If ``expected_failures`` names a check that does not exist.
    """
    registry = registry or load_registry()
    subjects = [PluginSubject(one, registry) for one in _plugins(plugin, registry)]
    components = [entry for subject in subjects for entry in subject.components]
    names = {entry.spec.name for entry in components}
    of_plugin = [check.__name__ for check in PLUGIN_CHECKS]
    for check in (expected_failures or {}).get(plugin, {}):
        if check not in of_plugin:
            raise ValueError(f"plugins have no check {check!r}{closest(check, of_plugin)}; checks: {listed(of_plugin)}")
    for name in [*(parameters or {}), *(expected_failures or {})]:
        if name not in names and (name != plugin or name in (parameters or {})):
            raise DysfwError(
                f"{plugin} registers no component {name!r}{closest(name, names)}", hint=f"components: {listed(names)}"
            )
    expected = expected_failures or {}
    cases = [
        CheckCase(subject.title, check.__name__, functools.partial(check, subject), _take(expected, plugin, check))
        for subject in subjects
        for check in PLUGIN_CHECKS
    ]
    for entry in components:
        make = functools.cache(functools.partial(_subject, registry, entry, (parameters or {}).get(entry.spec.name, {})))
        cases += _component_cases(entry.spec.name, entry.spec.kind, make, expected.get(entry.spec.name, {}))
    plugins = [subject.plugin for subject in subjects]
    return cases + _decoder_cases(plugins, registry, files or {}, expected) + _runtime_cases(plugins, registry, expected)


def check_plugin(plugin: str, **options: Any) -> Report:  # noqa: ANN401
    """Run every check of a plugin.

    Args:
        plugin: Name of its distribution or entry point.
        **options: Options of ``plugin_cases``.

    Returns:
        The outcome of each check.
    """
    return Report(tuple(case.run() for case in plugin_cases(plugin, **options)))


def _plugins(name: str, registry: Registry) -> list[Plugin]:
    """All entry points of a distribution, or the one with this name."""
    found = [plugin for plugin in registry.plugins if name in (plugin.name, plugin.distribution)]
    if excluded := [plugin.name for plugin in found if plugin.excluded]:
        raise DysfwError(
            f"the plugin {listed(excluded)} is excluded by --plugins or DYSFW_PLUGINS", hint="add it to that list to check it"
        )
    if found:
        return found
    names = [n for p in registry.plugins for n in (p.name, p.distribution)]
    raise DysfwError(
        f"no installed plugin is called {name!r}{closest(name, names)}",
        hint=f"installed: {listed(sorted({p.distribution for p in registry.plugins}))}. Is it installed in this environment?",
    )


def _subject(registry: Registry, entry: Entry[ComponentSpec], parameters: Parameters) -> Subject:
    try:
        component = registry.load(entry.spec.kind, entry.full_name)
    except DysfwError as error:
        raise NotApplicableError(error.message) from None
    return Subject(component, parameters)


def _component_cases(name: str, kind: Kind, make: Callable[[], Subject], expected: Mapping[str, str]) -> Iterator[CheckCase]:
    checks = CHECKS[kind]
    names = [check.__name__ for check in checks]
    for wrong in expected.keys() - set(names):
        raise ValueError(f"{PLURALS[kind]} have no check {wrong!r}{closest(wrong, names)}; checks: {listed(names, 30)}")
    for check in checks:
        yield CheckCase(
            f"{kind} {name}", check.__name__, functools.partial(_apply, check, make), expected.get(check.__name__, "")
        )


def _decoder_cases(
    plugins: Sequence[Plugin],
    registry: Registry,
    files: Mapping[str, Callable[[], Sequence[bytes]]],
    expected: Mapping[str, Mapping[str, str]],
) -> list[CheckCase]:
    entries = [entry for entry in registry.decoders if entry.plugin in plugins]
    names = [entry.spec.name for entry in entries]
    if wrong := sorted(files.keys() - set(names)):
        raise DysfwError(f"files for decoders that are not registered: {listed(wrong)}", hint=f"decoders: {listed(names)}")
    made = (decoders.DecoderSubject(entry, registry, files.get(entry.spec.name, tuple)) for entry in entries)
    subjects = list(zip(names, made, strict=True))
    return _cases("decoder", subjects, decoders.CHECKS, expected)


def _runtime_cases(plugins: Sequence[Plugin], registry: Registry, expected: Mapping[str, Mapping[str, str]]) -> list[CheckCase]:
    entries = [entry for entry in registry.runtimes if entry.plugin in plugins]
    subjects = [(entry.spec.name, runtimes.RuntimeSubject(entry, registry)) for entry in entries]
    return _cases("runtime", subjects, runtimes.CHECKS, expected)


def _cases(
    kind: str,
    subjects: Sequence[tuple[str, Checked]],
    checks: Sequence[Callable[[Checked], None]],
    expected: Mapping[str, Mapping[str, str]],
) -> list[CheckCase]:
    """Every check of every subject, given with its name."""
    return [
        CheckCase(f"{kind} {name}", check.__name__, functools.partial(check, subject), _take(expected, name, check))
        for name, subject in subjects
        for check in checks
    ]


def _apply(check: Callable[[Subject], None], make: Callable[[], Subject]) -> None:
    check(make())


def _take(expected: Mapping[str, Mapping[str, str]], name: str, check: Callable[..., None]) -> str:
    return expected.get(name, {}).get(check.__name__, "")


def _location(error: BaseException) -> str:
    """The innermost line outside this package that raised an error."""
    frames = traceback.extract_tb(error.__traceback__)
    package = str(Path(__file__).parent)
    last = next((frame for frame in reversed(frames) if not frame.filename.startswith(package)), frames[-1])
    return f"{Path(last.filename).name}:{last.lineno}"
