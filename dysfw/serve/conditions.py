"""Conditions as requests name them: labels of the model, or identifiers of diseases."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..data.conditions import Condition, condition_ids
from ..inference.pipeline import Pipeline
from ..types import ConditionIds
from .problems import RequestError

IDENTIFIER = re.compile(r"[A-Za-z]{2,12}:[0-9]{1,12}")


@dataclass(frozen=True, slots=True)
class NamedCondition:
    """A condition that a request names.

    Attributes:
        ids: The condition and its identifiers.
        condition: How the model's training data describe it.
        is_label: Whether it is a condition of the model.
    """

    ids: ConditionIds
    condition: Condition
    is_label: bool


def condition_of(name: str, pipeline: Pipeline) -> NamedCondition:
    """Find a condition.

    Args:
        name: A label of the model, or an identifier such as "OMIM:122470".
        pipeline: The served pipeline.

    Raises:
        RequestError: It is neither.
    """
    assert pipeline.classifier and pipeline.manifest  # noqa: PT018, S101  # it is trained
    described = pipeline.manifest.conditions
    if name in pipeline.classifier.labels:
        (ids,) = condition_ids([name], described)
        return NamedCondition(ids, described.get(name, Condition()), is_label=True)
    if IDENTIFIER.fullmatch(name):
        return NamedCondition(ConditionIds(name, (name,)), Condition(), is_label=False)
    raise unknown_condition()


def unknown_condition() -> RequestError:
    """The error of a condition that nobody knows."""
    message = "neither the model nor an ontology knows this condition; name a label of the model, or an id such as OMIM:122470"
    return RequestError(404, "unknown_condition", message)
