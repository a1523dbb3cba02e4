"""The checks of a component, by kind."""

from __future__ import annotations

from collections.abc import Callable

from ...contracts.kinds import Kind
from ..subject import Subject
from . import backbone, detector, evidence, fusion, general, head, segmenter

Check = Callable[[Subject], None]  # raises ContractViolationError, or NotApplicableError
CHECKS: dict[Kind, tuple[Check, ...]] = {
    "detector": general.CHECKS + detector.CHECKS,
    "segmenter": general.CHECKS + segmenter.CHECKS,
    "backbone": general.CHECKS + backbone.CHECKS,
    "head": general.CHECKS + head.CHECKS,
    "fusion": general.CHECKS + fusion.CHECKS,
    "evidence": general.CHECKS + evidence.CHECKS,
}
