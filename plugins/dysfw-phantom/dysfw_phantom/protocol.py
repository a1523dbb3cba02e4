"""The protocol ``field``: the rules frequent-rare on the frozen data set ``field``, known without drawing it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from dysfw.plugin import Dataset, FrequentRare, ProtocolPlan, Sample

from .plan import planned_patients
from .spec import Spec, find_spec

SPEC = "field"
CASES, FREQUENCIES = "cases", "frequencies"  # where the signs of a condition's patients come from


class Field(FrequentRare):
    """Frequent and rare conditions of published cases, drawn as phantoms."""

    def reference(self) -> Dataset:
        """Return the samples of the data set that ``dysfw phantom dataset field`` draws."""
        return planned_dataset(find_spec(SPEC))

    def plan(self, dataset: Dataset) -> ProtocolPlan:
        """Divide the data set by the rules, and name the source of each condition's signs.

        Patients with the signs of published cases differ in more than patients whose signs are drawn from frequencies, so that
        conditions of the two sources are not equally hard. ``kinds`` tells them apart, and they are scored separately, too.

        Args:
            dataset: The data set.

        Returns:
            The plan of ``FrequentRare``; its kinds are such as "rare, cases" and "rare, frequencies".

        Raises:
            DysfwError: Nothing can be tested.
        """
        plan = super().plan(dataset)
        published = {sample.label for sample in dataset.samples if sample.publication is not None}
        kinds = {label: f"{kind}, {CASES if label in published else FREQUENCIES}" for label, kind in plan.kinds.items()}
        return replace(plan, kinds=kinds)


def planned_dataset(spec: Spec) -> Dataset:
    """List the images of a data set before any is drawn.

    Args:
        spec: The spec.

    Returns:
        What the manifest of the data set says, with paths relative to its folder.
    """
    samples = []
    for patient in planned_patients(spec):
        publication = (patient.published.publication if patient.published else "") or None
        for index in range(patient.images):
            path = Path(patient.path(spec, index))
            samples.append(
                Sample(path, patient.label(spec), patient.name(spec), patient.split, patient.source(spec), publication)
            )
    return Dataset(tuple(samples), Path(f"{spec.config.name}.csv"))
