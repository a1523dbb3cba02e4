"""Moved to ``dysfw.types``."""

from ..types import ConditionIds, EvidencePart, InterpretedRecord, PatientRecord, RecordProblem, Sex, Sign, Status

__all__ = ["ConditionIds", "EvidencePart", "InterpretedRecord", "PatientRecord", "RecordProblem", "Sex", "Sign", "Status"]
