"""Every check of runtimes detects a runtime that violates it."""

import sys
from types import ModuleType

import numpy as np
import pytest

from dysfw.contracts.runtime import Runtime, Session
from dysfw.registry.hookspecs import RuntimeSpec
from dysfw.registry.host import Plugin
from dysfw.registry.registry import Entry, current_registry
from dysfw.testing.checks.runtime import CHECKS, RuntimeSubject
from dysfw.testing.outcome import ContractViolationError

SPEEDS = {("cpu", "float32"): 1.0, ("cpu", "bfloat16"): 2.0}


class Wrapped(Session):
    """A session of onnxruntime whose results may be changed."""

    def __init__(self, session, change=lambda outputs: outputs):
        self.session, self.change = session, change
        self.inputs, self.outputs = session.inputs, session.outputs

    def __call__(self, array):
        return self.change(self.session(array))


class Right(Runtime):
    """Does what the contract asks for."""

    version = "1.0"
    change = staticmethod(lambda outputs: outputs)

    def __init__(self):
        registry = current_registry()
        self.real = registry.load_class(registry.runtime("onnxruntime"), "runtime")()

    def open(self, model, device, precision, *, threads=None, sizes=None):
        return Wrapped(self.real.open(model, device, "float32", threads=threads, sizes=sizes), self.change)


class WithoutVersion(Right):
    version = ""


class OtherNames(Right):
    def open(self, model, device, precision, **rest):
        session = super().open(model, device, precision, **rest)
        session.inputs = ()
        return session


class Wrong(Right):
    change = staticmethod(lambda outputs: (outputs[0] * 1.001,))


class FarOff(Right):
    def open(self, model, device, precision, **rest):
        session = super().open(model, device, precision, **rest)
        return Wrapped(session, lambda outputs: (outputs[0] * 1.1,)) if precision == "bfloat16" else session


class NoFiles(Right):
    def open(self, model, device, precision, **rest):
        session = super().open(model, device, precision, **rest)
        return session if isinstance(model, bytes) else Wrapped(session, lambda outputs: (outputs[0] + 1e-6,))


class ByBatchSize(Right):
    change = staticmethod(lambda outputs: (outputs[0] * (1 if len(outputs[0]) > 1 else 1.01),))


class Reusing(Right):
    def open(self, model, device, precision, **rest):
        buffer = np.zeros((64, 8), np.float32)

        def change(outputs):
            buffer[: len(outputs[0])] = outputs[0]
            return (buffer[: len(outputs[0])],)

        return Wrapped(super().open(model, device, precision, **rest), change)


class Lenient(Right):
    def open(self, model, device, precision, **rest):
        try:
            return super().open(model, device, precision, **rest)
        except ValueError as error:
            raise RuntimeError(str(error)) from None


VIOLATIONS = {
    "states_its_version": WithoutVersion,
    "describes_inputs_and_outputs": OtherNames,
    "computes_in_float32": Wrong,
    "computes_in_bfloat16": FarOff,
    "opens_files_and_bytes": NoFiles,
    "takes_batches_of_any_size": ByBatchSize,
    "keeps_results_of_earlier_calls": Reusing,
    "serves_several_threads": Wrong,
    "refuses_a_damaged_model": Lenient,
    "refuses_an_unknown_operator": Lenient,
}
BY_NAME = {check.__name__: check for check in CHECKS}


@pytest.fixture
def subject(monkeypatch):
    """subject(runtime): a runtime under check, as a plugin would register it."""

    def subject(runtime):
        module = ModuleType("fake_runtime")
        module.runtime = runtime
        monkeypatch.setitem(sys.modules, "fake_runtime", module)
        spec = RuntimeSpec("fake", "fake_runtime:runtime", "a runtime", SPEEDS)
        return RuntimeSubject(Entry(spec, Plugin("fake", "dysfw-fake", "1.0", "fake")), current_registry())

    return subject


@pytest.mark.parametrize("name", BY_NAME)
def test_what_is_right_passes_and_a_violation_is_detected(subject, name):
    BY_NAME[name](subject(Right))
    with pytest.raises((ContractViolationError, RuntimeError)):
        BY_NAME[name](subject(VIOLATIONS[name]))
