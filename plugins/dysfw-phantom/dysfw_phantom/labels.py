"""Descriptions of the labels of a data set (labels.yaml)."""

from __future__ import annotations

import yaml

from .condition import Condition
from .spec import Spec

HEAD = "# Synthetic faces that imitate conditions. The identifiers are those of the imitated conditions; no person is shown.\n"


def labels_yaml(spec: Spec) -> str:
    """Create the text of labels.yaml.

    Args:
        spec: The spec of the data set.

    Returns:
        YAML text; without entries if the labels are patients.
    """
    conditions = [] if spec.config.label == "patient" else [one.condition for one in spec.classes]
    entries = {condition.label: _entry(condition) for condition in conditions}
    return HEAD + yaml.safe_dump(entries, sort_keys=True, allow_unicode=True)


def _entry(condition: Condition) -> dict[str, str]:
    """Return the entry of one condition."""
    identifiers = {"mondo": condition.mondo, "omim": condition.omim, "imitates": condition.imitates}
    name = f"phantoms of {condition.name}" if any(identifiers.values()) else f"phantoms, {condition.name.lower()}"
    return {"name": name} | {key: value for key, value in identifiers.items() if value}
