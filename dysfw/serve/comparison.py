"""Writes what is known of a condition, compared with a record."""

from __future__ import annotations

import math
from urllib.parse import quote

from ..knowledge.ontology import ComparedSign, ConditionProfile, ConditionSign
from . import schema
from .conditions import NamedCondition
from .links import gene_link, href, link

MAX_SIGNS = 500  # of a condition; no annotated disease has more


def comparison_of(
    named: NamedCondition, profile: ConditionProfile | None, *, typical_faces: int, composite_patients: int | None
) -> schema.Comparison:
    """Describe a condition.

    Args:
        named: The condition.
        profile: What the ontology knows of it; None if nothing.
        typical_faces: Number of typical faces that can be drawn.
        composite_patients: Number of patients of its composite; None if there is none.
    """
    label = named.ids.label if named.is_label else None
    condition = named.condition
    # A phantom imitates a disease and does not have it, so the disease's identifiers are not its own.
    own = condition.identifiers if named.is_label else ()
    identifiers = own if condition.imitates else tuple(dict.fromkeys((*own, *(profile.identifiers if profile else ()))))
    composite = (
        schema.CompositeLink(patients=composite_patients, href=composite_href(named.ids.label)) if composite_patients else None
    )
    return schema.Comparison(
        label=label,
        name=condition.name or (profile.name if profile and not condition.imitates else "") or named.ids.label,
        identifiers=[link(one) for one in identifiers],
        imitates=condition.imitates,
        genes=[gene_link(gene) for gene in profile.genes] if profile else [],
        signs=[_known(sign) for sign in profile.signs[:MAX_SIGNS]] if profile else [],
        compared=[_compared(one) for one in profile.compared] if profile else [],
        typical_faces=typical_faces,
        composite=composite,
    )


def composite_href(label: str) -> str:
    """The address of a composite.

    Args:
        label: The label.
    """
    return f"/v1/conditions/{quote(label, safe='')}/composite"


def _known(sign: ConditionSign) -> schema.KnownSign:
    return schema.KnownSign(
        id=sign.id,
        name=sign.name,
        frequency=sign.frequency,
        source=sign.source,
        facial=sign.facial,
        assessed=sign.assessed,
        href=href(sign.id),
    )


def _compared(one: ComparedSign) -> schema.ComparedSign:
    return schema.ComparedSign(
        id=one.sign.id,
        name=one.sign.name,
        status=one.sign.status,
        log10_lr=None if math.isnan(one.log_ratio) else round(one.log_ratio / math.log(10), 4),
        because=one.because,
    )
