"""Chooses what executes a network: torch, or a runtime of a plugin."""

from __future__ import annotations

import importlib
import sys
import warnings
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from ..contracts.runtime import Runtime, Session
from ..errors import DysfwError, NotInstalledError
from ..registry.hookspecs import RuntimeSpec
from ..registry.registry import Entry, Registry, current_registry
from ..util.environment import version_of
from ..util.install import install_command
from ..util.out_of_memory import is_out_of_memory
from ..util.processors import usable_processors
from ..util.progress import Silent
from ..util.remembered import forget, recall, remember
from ..util.text import closest, error_text, listed
from ..weights.network import fetch_progress

TORCH = "torch"
AUTO = "auto"
IMPORTABLE = "{} can be imported"  # a fact that is remembered


def choose_runtime(requested: str, device: str, precision: str, *, graph: bool, torch: bool = True) -> str:
    """Choose the runtime of one network.

    Args:
        requested: "auto" for the fastest, "torch", or the name of a registered runtime.
        device: Device to compute on, such as "cpu" or "cuda:0".
        precision: "float32" or "bfloat16"; it is never changed.
        graph: Whether the network is there as an ONNX graph.
        torch: Whether it is there as a torch module.

    Returns:
        "torch", or the full name of a runtime.

    Raises:
        DysfwError: The runtime is not installed, or it supports neither the network nor device and precision.
    """
    if requested == TORCH:
        return _torch(torch)
    if requested == AUTO:
        return _fastest(device, precision, graph=graph, torch=torch)
    entry = find_runtime(requested, current_registry())
    if not graph:
        raise DysfwError(
            f"runtime {requested} cannot execute this network: it is not available as an ONNX graph",
            hint="set runtime: torch, or export the recipe with `dysfw export` and use backbone: onnx",
        )
    if _target(device, precision) not in entry.spec.speeds:
        raise DysfwError(
            f"runtime {requested} does not compute in {precision} on {device}; it supports {supported(entry.spec)}",
            hint="set runtime: auto, or another precision or device",
        )
    return entry.full_name


def find_runtime(name: str, registry: Registry) -> Entry[RuntimeSpec]:
    """Look up a runtime of a plugin.

    Args:
        name: Its name, or "distribution:name".
        registry: Where to look.

    Raises:
        DysfwError: It is unknown or not installed.
    """
    try:
        return registry.runtime(name)
    except NotInstalledError as error:
        raise NotInstalledError(error.message, hint=f"{error.hint}; or use runtime: {AUTO}") from None
    except DysfwError as error:
        known = [AUTO, TORCH, *(entry.spec.name for entry in registry.runtimes)]
        if any(name in (entry.spec.name, entry.full_name) for entry in registry.runtimes):  # several plugins have it
            raise
        raise DysfwError(f"no runtime is called {name!r}{closest(name, known)}", hint=f"allowed: {listed(known)}") from error


def supports_bfloat16(requested: str, device: str) -> bool:
    """Return whether some runtime that may be used computes in bfloat16.

    Args:
        requested: As in ``choose_runtime``.
        device: Device to compute on.
    """
    if requested in (TORCH, AUTO) and has_torch():
        return True
    entries = current_registry().runtimes
    chosen = entries if requested == AUTO else [e for e in entries if requested in (e.spec.name, e.full_name)]
    return any(_target(device, "bfloat16") in entry.spec.speeds for entry in chosen)


def open_session(
    name: str,
    model: Path | bytes,
    device: str,
    precision: str,
    *,
    threads: int | None = None,
    sizes: Mapping[str, int] | None = None,
) -> Session:
    """Prepare a network in a runtime; see ``dysfw.contracts.runtime.Runtime.open``.

    Args:
        name: What ``choose_runtime`` returned, but not "torch".
        model: An ONNX file, or its content.
        device: Device to compute on.
        precision: "float32" or "bfloat16".
        threads: Number of CPU threads; None uses all that this process may use.
        sizes: Sizes of named dimensions.

    Raises:
        DysfwError: The runtime cannot be imported.
        ValueError: The model cannot be used.
    """
    runtime = _loaded(current_registry().runtime(name))
    try:
        # More threads than a CPU quota allows would wait for each other.
        session = runtime.open(model, device, precision, threads=threads or usable_processors(), sizes=sizes)
    except (ValueError, DysfwError, MemoryError):
        raise
    except Exception as error:
        if is_out_of_memory(error):
            raise
        raise DysfwError(f"runtime {name} could not open the network: {error_text(error)}", hint=_use_another(name)) from error
    if not isinstance(session, Session):
        found = type(session).__name__
        raise DysfwError(f"runtime {name} returned {found} instead of a session of dysfw.plugin", hint=_use_another(name))
    return session


def _use_another(name: str) -> str:
    return f"use another one with --runtime, and report this to the authors of {name.partition(':')[0]}"


def runtime_version(name: str) -> str:
    """Return name and version of a runtime, such as "openvino 2026.4.1". Its library is not imported if that can be avoided.

    Args:
        name: What ``choose_runtime`` returned.

    Raises:
        DysfwError: It cannot be imported.
    """
    if name == TORCH:
        return f"{TORCH} {version_of(TORCH)}"
    entry = current_registry().runtime(name)
    version = next((version for one in entry.spec.distributions if (version := version_of(one))), None)
    return f"{entry.spec.name} {version or _loaded(entry).version}"


@cache
def has_torch() -> bool:
    """Return whether torch is installed."""
    return find_spec(TORCH) is not None


def _loaded(entry: Entry[RuntimeSpec]) -> Runtime:
    try:
        loaded = current_registry().load_class(entry, "runtime")
    except DysfwError as error:
        forget(IMPORTABLE.format(entry.full_name))  # so that the next command takes another one
        library = next((one for one in entry.spec.distributions if version_of(one)), entry.plugin.distribution)
        hint = f"reinstall it: pip install --force-reinstall {library}; or use --runtime auto, which takes another one"
        raise DysfwError(error.message, hint=hint) from error
    if not issubclass(loaded, Runtime):
        raise DysfwError(f"{entry.full_name}: {entry.spec.target} is not a subclass of dysfw.plugin.Runtime")
    return _instance(loaded)


@cache
def _instance(runtime: type[Runtime]) -> Runtime:
    return runtime()


def _torch(available: bool) -> str:
    if not available:
        raise DysfwError("runtime torch cannot execute this network: it is an ONNX file", hint="set runtime: auto")
    if not has_torch():
        raise DysfwError("runtime: torch was requested, but torch is not installed", hint="pip install torch")
    return TORCH


def _fastest(device: str, precision: str, *, graph: bool, torch: bool) -> str:
    target, entries = _target(device, precision), current_registry().runtimes
    speeds = {entry.full_name: entry.spec.speeds[target] for entry in entries if graph and target in entry.spec.speeds}
    if torch and has_torch():
        speeds[TORCH] = 1.0
    fastest = sorted(speeds, key=lambda name: -speeds[name])
    for name in fastest[:-1]:
        if _can_be_imported(name):
            return name
    if fastest:
        return fastest[-1]  # if it cannot be imported either, this is said when it is needed
    if not graph:
        raise DysfwError("this network needs torch, which is not installed: it has no ONNX graph", hint="pip install torch")
    installed = listed(f"{entry.spec.name} ({supported(entry.spec)})" for entry in entries)
    found = f"installed: {installed}" if entries else "none is installed"
    raise DysfwError(f"no runtime computes in {precision} on {device}; {found}", hint=remedy(device, precision))


def remedy(device: str, precision: str) -> str:
    """Say what to do if no installed runtime computes in a precision on a device.

    Args:
        device: Device to compute on.
        precision: "float32" or "bfloat16".
    """
    if device != "cpu":
        return "pip install torch, or use device: cpu"
    if precision == "bfloat16":
        return f"set precision to float32 or auto, or install torch or OpenVINO: {install_command('dysfw-openvino')}"
    return f"{install_command('dysfw-onnx')}, or {install_command('dysfw-openvino')}, or pip install torch"


@cache
def _can_be_imported(name: str) -> bool:
    """Whether the library of a runtime works on this machine; if not, say so once.

    An installed library may lack a library of the system. Only importing it tells, which takes a second for some. So success is
    remembered for this version, and a library is not imported if the cache knows all results.
    """
    fact = IMPORTABLE.format(name)
    try:
        state = f"{runtime_version(name)} in {sys.prefix}"
        if recall(fact) == state:
            return True
        if name == TORCH:
            importlib.import_module(TORCH)
        else:
            _loaded(current_registry().runtime(name))
    except DysfwError as error:
        _warn(f"{error.message}; another runtime is used. To use it, {(error.hint or '').partition(';')[0]}")
        return False
    except Exception as error:  # torch's own, such as OSError for a missing library
        _warn(
            f"torch is installed but cannot be imported: {error_text(error)}; another runtime is used. To use it, reinstall it"
        )
        return False
    remember(fact, state)
    return True


def _warn(text: str) -> None:
    shown_by = fetch_progress()
    if isinstance(shown_by, Silent):  # a program or notebook
        warnings.warn(text, stacklevel=2)
    else:
        shown_by.note(f"warning: {text}")


def _target(device: str, precision: str) -> tuple[str, str]:
    return device.partition(":")[0], precision


def supported(spec: RuntimeSpec, device: str | None = None) -> str:
    """Describe what a runtime supports, such as "float32 on cpu, bfloat16 on cpu".

    Args:
        spec: The runtime.
        device: A device of this machine; then only this one and the CPU are named.
    """
    kinds = {"cpu", device.partition(":")[0]} if device else {kind for kind, _ in spec.speeds}
    return listed(f"{precision} on {kind}" for kind, precision in spec.speeds if kind in kinds)
