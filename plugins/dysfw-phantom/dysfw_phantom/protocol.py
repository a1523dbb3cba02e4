"""The protocol ``field``: the rules frequent-rare on the frozen data set ``field``, known without drawing it."""

from __future__ import annotations

from pathlib import Path

from dysfw.plugin import Dataset, FrequentRare, Sample

from .plan import planned_patients
from .spec import Spec, find_spec

SPEC = "field"


class Field(FrequentRare):
    """Frequent and rare conditions of published cases, drawn as phantoms."""

    def reference(self) -> Dataset:
        """Return the samples of the data set that ``dysfw phantom dataset field`` draws."""
        return planned_dataset(find_spec(SPEC))


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
