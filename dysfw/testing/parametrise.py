"""The conformance kit as tests of pytest: one for each check of everything that a plugin registers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from .kit import CheckCase, plugin_cases
from .subject import Parameters

Test = TypeVar("Test", bound=Callable[..., None])


@dataclass(frozen=True)
class PytestCase:
    """A check as a test calls it: ``case()``. What does not apply is a skip, what is expected to fail an xfail: never green."""

    case: CheckCase

    def __call__(self) -> None:
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
    """A decorator for a test that takes ``case`` and calls it. The options are those of ``plugin_cases``; that a component was
    added is enough for it to be tested. Raises DysfwError where the plugin is not installed."""
    import pytest

    cases = plugin_cases(plugin, parameters=parameters, expected_failures=expected_failures, **options)
    mark: Any = pytest.mark.parametrize("case", [pytest.param(PytestCase(case), id=case.id) for case in cases])
    return mark  # type: ignore[no-any-return]
