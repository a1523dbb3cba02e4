"""Creates the runner that ``--runner``, ``--address`` and ``--runner-set`` describe."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeVar

import pydantic
import yaml

from ..errors import DysfwError
from ..registry.registry import Registry
from ..util.text import closest, listed
from .signature import signature_of

Runner = TypeVar("Runner")


def make_runner(
    registry: Registry,
    contract: type[Runner],
    name: str,
    address: str | None,
    options: Sequence[str],
    *,
    work: Literal["batch", "tasks"],
) -> Runner:
    """Create a runner.

    Args:
        registry: The registered runners.
        contract: What its class must be a subclass of.
        name: Name of the runner.
        address: Address of a cluster, if the runner uses one.
        options: Parameters of its constructor, as "key=value".
        work: What it is to run.

    Returns:
        The runner.

    Raises:
        DysfwError: There is no such runner for this work, or its parameters are invalid.
    """
    runner = registry.runner(name, work)
    if not issubclass(runner, contract):
        raise DysfwError(f"the runner {name!r} is not a subclass of dysfw.plugin.{contract.__name__}")
    schema = signature_of(runner)  # type: ignore[arg-type]  # every class is hashable
    allowed = [key for key in schema.names if key != "address"]
    arguments: dict[str, object] = {}
    for option in options:
        key, equals, value = option.partition("=")
        if not allowed:
            raise DysfwError(f"--runner-set {option}: the runner {name} has no options", hint="choose another with --runner")
        if not equals or key not in allowed:
            raise DysfwError(
                f"--runner-set {option}: the runner {name} has no such option{closest(key, allowed)}",
                hint=f"write key=value; its options are: {listed(allowed)}",
            )
        try:
            arguments[key] = yaml.safe_load(value)
        except yaml.YAMLError:
            raise DysfwError(f"--runner-set {option}: {value!r} is no valid value") from None
    try:
        return runner(**schema.plain(address=address, **arguments).model_dump())
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        raise DysfwError(f"--runner-set {'.'.join(map(str, first['loc']))}: {first['msg']}, found {first['input']!r}") from None
    except ValueError as error:
        raise DysfwError(str(error)) from None
