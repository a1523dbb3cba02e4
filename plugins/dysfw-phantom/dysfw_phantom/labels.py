"""Writes what the labels of a data set of phantoms mean, as dysfw reads it beside photographs."""

from __future__ import annotations

import yaml

from .condition import Condition
from .spec import Spec

HEAD = "# Synthetic faces made to imitate conditions. The identifiers are those of what is imitated: nobody here has it.\n"


def labels_of(spec: Spec) -> str:
    """The text of labels.yaml; without an entry where a folder stands for one patient."""
    conditions = [] if spec.keys.label == "patient" else spec.conditions
    described = {condition.label: _described(condition) for condition in conditions}
    return HEAD + yaml.safe_dump(described, sort_keys=True, allow_unicode=True)


def _described(condition: Condition) -> dict[str, str]:
    known = {"mondo": condition.mondo, "omim": condition.omim}
    name = f"phantoms of {condition.name}" if any(known.values()) else f"phantoms, {condition.name.lower()}"
    return {"name": name} | {key: value for key, value in known.items() if value}
