"""Describes the model that the server uses."""

from __future__ import annotations

from .. import RESEARCH_USE, __version__
from ..bundle.contents import Manifest
from ..data.conditions import Condition
from ..inference.pipeline import Pipeline
from ..stats.metrics import Scores
from ..types import Weights
from . import schema
from .links import link
from .patient_records import MAX_SIGNS
from .settings import Settings

NOT_SHOWN = "not_shown_to_beat_chance"


def bundle_of(pipeline: Pipeline, settings: Settings, *, ontology: Weights | None, draws_faces: bool) -> schema.Bundle:
    """Describe recipe, bundle and limits.

    Args:
        pipeline: The served pipeline.
        settings: The server's settings.
        ontology: The release of the ontology, if there is one.
        draws_faces: Whether typical faces can be drawn.
    """
    recipe, manifest, classifier = pipeline.recipe, pipeline.manifest, pipeline.classifier
    assert manifest and classifier  # noqa: PT018, S101  # the pipeline is trained
    evidence = list(classifier.evidence.evidence) if classifier.evidence else []
    return schema.Bundle(
        notice=RESEARCH_USE,
        dysfw=__version__,
        recipe=schema.Reference(name=recipe.name, fingerprint=recipe.fingerprint),
        bundle=schema.Reference(name=manifest.name, fingerprint=manifest.fingerprint),
        about=manifest.about,
        card="/v1/card",
        labels=[_label(label, manifest.conditions.get(label)) for label in classifier.labels],
        regions=list(classifier.heads),
        performance=_performance(manifest, pipeline),
        evidence=evidence,
        reads_records=bool(evidence),
        ontology=_release(ontology) if ontology else None,
        face_generator=draws_faces,
        device=pipeline.components.device,
        precision=pipeline.components.precision,
        runtimes=list(pipeline.components.runtimes),
        warnings=[schema.Problem(code=one.code, message=one.message) for one in pipeline.notices],
        limits=schema.Limits(
            upload_bytes=settings.max_upload,
            images=settings.max_images,
            signs=MAX_SIGNS,
            keep_minutes=settings.keep_minutes,
        ),
    )


def _label(label: str, condition: Condition | None) -> schema.Label:
    identifiers = condition.identifiers if condition else ()
    name = condition.name if condition and condition.name else label
    return schema.Label(label=label, name=name, identifiers=[link(one) for one in identifiers], condition=condition)


def _performance(manifest: Manifest, pipeline: Pipeline) -> schema.Performance:
    scores, test = manifest.cross_validated.fused, manifest.cross_validated.chance_test
    return schema.Performance(
        balanced_accuracy=_estimate(scores),
        chance=scores.chance,
        beats_chance=not any(notice.code == NOT_SHOWN for notice in pipeline.notices),
        p=test.p if test else None,
        patients=test.patients if test else manifest.data.patients,
        images=scores.images,
        top=dict(scores.top),
        records={name: _estimate(one) for name, one in manifest.cross_validated.records.items()},
    )


def _estimate(scores: Scores) -> schema.Estimate:
    measured = scores.estimate("balanced_accuracy")
    return schema.Estimate(value=measured.value, low=measured.low, high=measured.high)


def _release(weights: Weights) -> schema.OntologyRelease:
    """Name and version, which ``Weights`` has in one text."""
    name, _, version = weights.name.rpartition(" ")
    return schema.OntologyRelease(name=name or version, version=version if name else "", licence=weights.licence)
