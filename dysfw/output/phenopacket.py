"""Predictions as Phenopackets, version 2 of the GA4GH schema (ISO 4454:2022; Jacobsen et al., Nat Biotechnol 2022;40:817).

Conditions of the prediction set are candidate interpretations of a case in progress. They are never ``diseases``, which would
be diagnoses. ``phenotypicFeatures`` are the signs of the patient's record; the recipe observes none in the images.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from .. import RESEARCH_USE, __version__
from ..data.conditions import IDENTIFIERS, Condition
from ..errors import DysfwError
from ..inference.pipeline import Pipeline
from ..types import BasePrediction, PatientPrediction, Prediction
from ..util.probability import probability_text
from .phenopacket_parts import RESOURCES, checked, features_of, require_phenopackets, resources_of, subject_of
from .terminal import reliability_text

PHANTOMS = "phantoms of "  # with which data sets of phantoms begin the name of the disease that they imitate
HPO = "hpo "  # with which a release of the ontology begins among the weights of evidence
NO_CANDIDATES = (
    "{name}: no condition with an identifier is in the prediction set and among the first {top}, so that the Phenopacket has "
    "no interpretations; identifiers come from the labels.yaml of the training data"
)


def require_condition_ids(pipeline: Pipeline) -> None:
    """Check that Phenopackets are possible.

    Args:
        pipeline: The pipeline that makes the predictions.

    Raises:
        DysfwError: The package phenopackets is missing, or no condition of the bundle has an identifier.
    """
    require_phenopackets()
    if not any(condition.identifiers for condition in _conditions(pipeline).values()):
        raise DysfwError(
            "the bundle has no identifiers of conditions, which a Phenopacket needs",
            hint="add a labels.yaml with MONDO, OMIM or Orphanet identifiers to the training data, and train again",
        )


def phenopacket(result: BasePrediction, pipeline: Pipeline, top: int) -> dict[str, object]:
    """Convert a prediction to a Phenopacket.

    Args:
        result: The prediction.
        pipeline: The pipeline that made it.
        top: Maximum rank of a condition. Conditions outside the prediction set or without an identifier are left out; the
            others keep their rank.

    Returns:
        JSON values of the protobuf schema. Without interpretations if no condition remains; see ``NO_CANDIDATES``.

    Raises:
        DysfwError: The package phenopackets is missing, or no condition of the bundle has an identifier.
    """
    require_condition_ids(pipeline)
    subject = _subject(result)
    bundle = pipeline.manifest.fingerprint[:12] if pipeline.manifest else ""
    name = f"dysfw-{subject}-{bundle}"
    ranks = list(_candidates(result, pipeline, top))
    interpretations = [_interpretation(result, pipeline, rank, k, name) for rank, k in ranks]
    identifiers = [_condition(result, pipeline, k).identifiers[0] for _, k in ranks] + [sign.id for sign in result.signs]
    packet: dict[str, object] = {
        "id": name,
        "subject": subject_of(subject, result.record),
        "phenotypicFeatures": features_of(result.signs),
        "interpretations": interpretations,
        "metaData": {
            "created": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            "createdBy": f"dysfw {__version__}",
            "resources": resources_of(identifiers, _releases(result, pipeline)),
            "phenopacketSchemaVersion": "2.0",
            "externalReferences": _references(result, pipeline),
        },
    }
    return checked(packet)


def _subject(result: BasePrediction) -> str:
    """The patient's name; of an image its hash, because the file's name may be a person's name."""
    if isinstance(result, PatientPrediction):
        return result.patient
    assert isinstance(result, Prediction)  # noqa: S101  # the only other class
    return f"image-{result.face_embedding.image.sha256[:16]}-face-{result.face_embedding.index}"


def _conditions(pipeline: Pipeline) -> dict[str, Condition]:
    return pipeline.manifest.conditions if pipeline.manifest else {}


def _condition(result: BasePrediction, pipeline: Pipeline, k: int) -> Condition:
    return _conditions(pipeline).get(result.labels[k], Condition())


def _candidates(result: BasePrediction, pipeline: Pipeline, top: int) -> Iterator[tuple[int, int]]:
    """Rank and index of the conditions that are in the prediction set and have an identifier."""
    members = frozenset(result.prediction_set.members)
    for rank, k in enumerate(result.ranking[:top], 1):
        if k in members and _condition(result, pipeline, k).identifiers:
            yield rank, k


def _interpretation(result: BasePrediction, pipeline: Pipeline, rank: int, k: int, name: str) -> dict[str, object]:
    condition = _condition(result, pipeline, k)
    # The identifier is that of the disease, also if the images of the training data only imitate it.
    disease = {"id": condition.identifiers[0], "label": condition.name.removeprefix(PHANTOMS) or result.labels[k]}
    parts = (
        f"candidate: {condition.name or result.labels[k]}, rank {rank} of {len(result.labels)}",
        f"probability {probability_text(float(result.probabilities[k]))}, "
        f"in the {100 * result.prediction_set.coverage:g} % prediction set",
        reliability_text(result),
    )
    return {
        "id": f"{name}-{rank}",
        "progressStatus": "IN_PROGRESS",
        "diagnosis": {"disease": disease},
        "summary": f"{'; '.join(parts)}. {RESEARCH_USE}",
    }


def _releases(result: BasePrediction, pipeline: Pipeline) -> dict[str, str]:
    """The release of the ontology that the signs are of, as its evidence states it."""
    model = pipeline.classifier.evidence if pipeline.classifier else None
    if model is None or not result.signs:
        return {}
    names = (weights.name for evidence in model.evidence.values() for weights in evidence.weights())
    release = next((name.removeprefix(HPO) for name in names if name.startswith(HPO)), "")
    return {"HP": release} if release else {}


def _references(result: BasePrediction, pipeline: Pipeline) -> list[dict[str, str]]:
    recipe, manifest = pipeline.recipe, pipeline.manifest
    references = [{"id": f"dysfw-recipe:{recipe.fingerprint}", "description": f"recipe {recipe.name}"}]
    if manifest:
        about = f"; {manifest.about}" if manifest.about else ""
        references.append({"id": f"dysfw-bundle:{manifest.fingerprint}", "description": f"bundle {manifest.name}{about}"})
    images = result.counted if isinstance(result, PatientPrediction) else [result] if isinstance(result, Prediction) else []
    return references + [
        {"id": f"sha256:{one.face_embedding.image.sha256}", "description": f"image, face {one.face_embedding.index}"}
        for one in images
    ]


assert {key.upper() for key in IDENTIFIERS} <= RESOURCES.keys()  # noqa: S101  # every identifier of labels.yaml needs its resource
