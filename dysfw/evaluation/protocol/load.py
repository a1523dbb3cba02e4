"""Finds a protocol by its name, and applies it to a data set or to its own."""

from __future__ import annotations

from ...data.dataset import Dataset, Sample
from ...errors import DysfwError
from ...registry.registry import Registry
from ...util.text import count, listed
from .protocol import EvaluationProtocol, ProtocolPlan, checked_plan, names_of

EXAMPLES = 3


def load_protocol(registry: Registry, name: str) -> EvaluationProtocol:
    """Create a protocol.

    Args:
        registry: What all plugins register.
        name: ``name`` or ``distribution:name``.

    Raises:
        DysfwError: There is no such protocol, or it cannot be imported.
    """
    protocol = registry.protocol(name)
    if not (isinstance(protocol, type) and issubclass(protocol, EvaluationProtocol)):
        raise DysfwError(f"the protocol {name!r} is not a subclass of dysfw.plugin.EvaluationProtocol")
    return protocol()


def plan_of(protocol: EvaluationProtocol, name: str, dataset: Dataset | None) -> ProtocolPlan:
    """Apply a protocol.

    Args:
        protocol: The protocol.
        name: Its name, for messages.
        dataset: The data set; None for the protocol's own, whose images then need not be here.

    Raises:
        DysfwError: The protocol has no data set of its own and none is given, or it has one and another is given; or nothing
            can be tested.
    """
    reference = protocol.reference()
    if dataset is not None and reference is not None:
        _refuse_other_data(dataset, reference, name)
    used = reference if dataset is None else dataset
    if used is None:
        raise DysfwError(f"the protocol {name} has no data set of its own", hint="name DATA, a folder or a manifest, as well")
    return checked_plan(protocol, used)


def _refuse_other_data(dataset: Dataset, reference: Dataset, name: str) -> None:
    """Refuse a data set that differs from the protocol's own in its images, labels, patients or publications."""
    found, expected = _described(dataset), _described(reference)
    different = [path for path in found.keys() & expected.keys() if found[path] != expected[path]]
    problems = [
        f"{count(len(paths), 'image')} {words}: {listed(sorted(paths), EXAMPLES)}"
        for paths, words in (
            (expected.keys() - found.keys(), "missing"),
            (found.keys() - expected.keys(), "too many"),
            (different, "with another label, patient or publication"),
        )
        if paths
    ]
    if problems:
        raise DysfwError(
            f"{dataset.origin} is not the data set of the protocol {name}: {'; '.join(problems)}",
            hint=f"`dysfw data splits --protocol {name}` lists what it expects; --protocol frequent-rare takes any data set",
        )


def _described(dataset: Dataset) -> dict[str, tuple[str | None, ...]]:
    return {name: _record(sample) for name, sample in zip(names_of(dataset), dataset.samples, strict=True)}


def _record(sample: Sample) -> tuple[str | None, ...]:
    return sample.label, sample.patient, sample.publication
