"""The conformance kit as pytest tests: one for each check of everything that a plugin registers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from .kit import CheckCase, plugin_cases
from .subject import Parameters

Test = TypeVar("Test", bound=Callable[..., None])


@dataclass(frozen=True)
class PytestCase:
    """A check as a test calls it: ``case()``.

    Attributes:
        case: The check. If it does not apply, the test is skipped; if it is expected to fail, the test is an xfail.
    """

    case: CheckCase

    def __call__(self) -> None:
        """Run the check and report its outcome to pytest."""
        import pytest

        outcome = self.case.run()
        if outcome.status == "skipped":
            pytest.skip(outcome.message)
        if outcome.status == "expected to fail":
            pytest.xfail(outcome.message)
        if not outcome.good:
            pytest.fail(str(outcome), pytrace=False)


def conformance(
    plugin: str,
    *,
    parameters: Mapping[str, Parameters] | None = None,
    expected_failures: Mapping[str, Mapping[str, str]] | None = None,
    **options: Any,  # noqa: ANN401
) -> Callable[[Test], Test]:
    """Parametrise a test with every check of a plugin.

    The test takes ``case`` and calls it. New components of the plugin are checked as soon as they are registered.

    Args:
        plugin: Name of the plugin's distribution or entry point.
        parameters: Constructor parameters by component name, as in ``plugin_cases``.
        expected_failures: Reasons by component name and check, as in ``plugin_cases``.
        **options: Other options of ``plugin_cases``.

    Returns:
        A decorator for the test.

    Raises:
        DysfwError: If the plugin is not installed.
    """
    import pytest

    cases = plugin_cases(plugin, parameters=parameters, expected_failures=expected_failures, **options)
    mark: Any = pytest.mark.parametrize("case", [pytest.param(PytestCase(case), id=case.id) for case in cases])
    return mark  # type: ignore[no-any-return]
