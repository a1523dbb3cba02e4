"""Checks that the machines of a cluster have the software that shapes the results of a split, as this machine has it."""

from __future__ import annotations

import importlib
import platform
from collections.abc import Iterable
from functools import cache, partial
from itertools import islice

from ..errors import DysfwError
from ..inference.fingerprints import source_hash
from ..recipe.model import Recipe
from ..util.environment import version_of
from ..util.text import count
from .fold_cache import LIBRARIES
from .task_runner import TaskRunner

SOURCE = "the source code of "
NOT_INSTALLED = "not installed"
HINT = "install the same versions on all machines of the cluster"
SHOWN = 3  # machines that a message describes

Software = tuple[tuple[str, str], ...]  # (name, version or hash)


def software_of(recipes: Iterable[Recipe]) -> Software:
    """List the software that shapes the results of recipes: versions of distributions, and hashes of the code that changes.

    Args:
        recipes: The recipes.

    Returns:
        Pairs of a name and a version or hash.
    """
    nodes = [node for recipe in recipes for node in recipe.every_node()]
    packages = {"dysfw", *(node.component.__module__.partition(".")[0] for node in nodes)}
    distributions = {"dysfw", *LIBRARIES, *(node.origin.partition(" ")[0] for node in nodes)}
    names = ["Python", *sorted(distributions), *(SOURCE + package for package in sorted(packages))]
    return tuple((name, _installed(name)) for name in names)


@cache
def differences_from(expected: Software) -> str:
    """Say how this machine's software differs from another's.

    Args:
        expected: The other machine's.

    Returns:
        Text such as "numpy is 2.3.1 there and 2.4.6 here", where "there" is this machine; "" if nothing differs.
    """
    texts = []
    for name, version in expected:
        if (found := _installed(name)) == version:
            continue
        if found == NOT_INSTALLED:
            texts.append(f"{name} is not installed there")
        elif name.startswith(SOURCE):
            texts.append(f"{name} differs")
        else:
            texts.append(f"{name} is {found} there and {version} here")
    # Code differs if a version does, or if the package is missing: that need not be said twice.
    versions = [text for text in texts if not text.startswith(SOURCE)]
    return "; ".join(versions or texts)


def check_machines(tasks: TaskRunner, recipes: Iterable[Recipe]) -> None:
    """Check that all machines of a cluster compute the same results as this one.

    Args:
        tasks: Reaches the machines.
        recipes: The recipes to evaluate.

    Raises:
        DysfwError: The software of a machine differs.
    """
    answers = tasks.on_each_machine(partial(differences_from, software_of(recipes)))
    differing = {machine: text for machine, text in answers.items() if text}
    if len(differing) == 1:
        ((machine, text),) = differing.items()
        raise DysfwError(f"the software of {machine} differs from that of this machine: {text}", hint=HINT)
    if differing:
        texts = "; ".join(f"{machine}: {text}" for machine, text in islice(differing.items(), SHOWN))
        more = f"; and {count(len(differing) - SHOWN, 'more machine')}" if len(differing) > SHOWN else ""
        raise DysfwError(
            f"the software of {len(differing)} machines differs from that of this machine: {texts}{more}", hint=HINT
        )


def _installed(name: str) -> str:
    if name == "Python":
        return ".".join(platform.python_version_tuple()[:2])
    if not name.startswith(SOURCE):
        return version_of(name) or NOT_INSTALLED
    package = name.removeprefix(SOURCE)
    try:
        importlib.import_module(package)
    except ImportError:
        return NOT_INSTALLED
    return source_hash(package)
