"""Predictions as Phenopackets, version 2 of the GA4GH schema (ISO 4454:2022; Jacobsen et al., Nat Biotechnol 2022;40:817).

Conditions are candidate interpretations of a case in progress. They are never ``diseases``, which would be diagnoses. There are
no ``phenotypicFeatures`` either: the recipe compares images and observes no sign.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

from .. import RESEARCH_USE, __version__
from ..data.conditions import IDENTIFIERS, Condition
from ..errors import DysfwError
from ..inference.pipeline import Pipeline
from ..types import BasePrediction, PatientPrediction, Prediction
from ..util.install import install_command
from .terminal import reliability_text

# Name, URL, prefix of identifiers and prefix of IRIs of each resource; see obofoundry.org and bioregistry.io.
RESOURCES = {
    "mondo": ("Mondo Disease Ontology", "http://purl.obolibrary.org/obo/mondo.obo", "MONDO", "http://purl.obolibrary.org/obo/MONDO_"),
    "omim": ("Online Mendelian Inheritance in Man", "https://www.omim.org", "OMIM", "https://www.omim.org/entry/"),
    "orpha": ("Orphanet Rare Disease Ontology", "https://www.orpha.net", "ORPHA", "https://www.orpha.net/ORDO/Orphanet_"),
}  # fmt: skip
UNKNOWN = "unknown"  # labels.yaml does not state the release of an ontology


def require_condition_ids(pipeline: Pipeline) -> None:
    """Check that Phenopackets are possible.

    Args:
        pipeline: The pipeline that makes the predictions.

    Raises:
        DysfwError: The package phenopackets is missing, or no condition of the bundle has an identifier.
    """
    try:
        import phenopackets.schema.v2  # noqa: F401
    except ImportError as error:
        raise DysfwError(
            f"Phenopackets need the package phenopackets ({error})", hint=install_command("dysfw", "phenopackets")
        ) from None
    conditions = pipeline.manifest.conditions if pipeline.manifest else {}
    if not any(condition.identifiers for condition in conditions.values()):
        raise DysfwError(
            "the bundle has no identifiers of conditions, which a Phenopacket needs",
            hint="add a labels.yaml with MONDO, OMIM or Orphanet identifiers to the training data, and train again",
        )


def phenopacket(result: BasePrediction, pipeline: Pipeline, top: int) -> dict[str, object]:
    """Convert a prediction to a Phenopacket.

    Args:
        result: The prediction.
        pipeline: The pipeline that made it.
        top: Maximum rank of a condition. Conditions without an identifier are left out; the others keep their rank.

    Returns:
        JSON values of the protobuf schema.

    Raises:
        DysfwError: The package phenopackets is missing, or no condition of the bundle has an identifier.
    """
    require_condition_ids(pipeline)
    from google.protobuf.json_format import MessageToDict, ParseDict
    from phenopackets.schema.v2 import Phenopacket

    subject = _subject(result)
    bundle = pipeline.manifest.fingerprint[:12] if pipeline.manifest else ""
    name = f"dysfw-{subject}-{bundle}"
    candidates = list(_candidates(result, pipeline, top, name))
    prefixes = {str(one["diagnosis"]["disease"]["id"]).partition(":")[0] for one in candidates}  # type: ignore[index]
    packet = {
        "id": name,
        "subject": {"id": subject},
        "interpretations": candidates,
        "metaData": {
            "created": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            "createdBy": f"dysfw {__version__}",
            "resources": [_resource(key) for key, (_, _, prefix, _) in RESOURCES.items() if prefix in prefixes],
            "phenopacketSchemaVersion": "2.0",
            "externalReferences": _references(result, pipeline),
        },
    }
    # The schema's own classes reject what does not fit them.
    message = ParseDict(packet, Phenopacket())
    return json.loads(json.dumps(MessageToDict(message)))  # type: ignore[no-any-return]


def _subject(result: BasePrediction) -> str:
    """The patient's name; of an image its hash, because the file's name may be a person's name."""
    if isinstance(result, PatientPrediction):
        return result.patient
    assert isinstance(result, Prediction)  # noqa: S101  # the only other class
    return f"image-{result.face_embedding.image.sha256[:16]}-face-{result.face_embedding.index}"


def _candidates(result: BasePrediction, pipeline: Pipeline, top: int, name: str) -> Iterator[dict[str, object]]:
    conditions = pipeline.manifest.conditions if pipeline.manifest else {}
    for rank, k in enumerate(result.ranking[:top], 1):
        label = result.labels[k]
        condition = conditions.get(label, Condition())
        if condition.identifiers:
            yield {
                "id": f"{name}-{rank}",
                "progressStatus": "IN_PROGRESS",
                "diagnosis": {"disease": {"id": condition.identifiers[0], "label": condition.name or label}},
                "summary": _summary(result, rank, k),
            }


def _summary(result: BasePrediction, rank: int, k: int) -> str:
    prediction_set = result.prediction_set
    parts = (
        f"candidate: rank {rank} of {len(result.labels)}, probability {float(result.probabilities[k]):.3f}",
        f"{'in' if k in prediction_set.members else 'not in'} the {100 * prediction_set.coverage:g} % prediction set",
        reliability_text(result),
    )
    return f"{'; '.join(parts)}. {RESEARCH_USE}"


def _resource(key: str) -> dict[str, str]:
    name, url, prefix, iri = RESOURCES[key]
    return {"id": key, "name": name, "url": url, "version": UNKNOWN, "namespacePrefix": prefix, "iriPrefix": iri}


def _references(result: BasePrediction, pipeline: Pipeline) -> list[dict[str, str]]:
    recipe, manifest = pipeline.recipe, pipeline.manifest
    references = [{"id": f"dysfw-recipe:{recipe.fingerprint}", "description": f"recipe {recipe.name}"}]
    if manifest:
        references.append({"id": f"dysfw-bundle:{manifest.fingerprint}", "description": f"bundle {manifest.name}"})
    images = result.counted if isinstance(result, PatientPrediction) else [result] if isinstance(result, Prediction) else []
    return references + [
        {"id": f"sha256:{one.face_embedding.image.sha256}", "description": f"image, face {one.face_embedding.index}"}
        for one in images
    ]


assert set(RESOURCES) == set(IDENTIFIERS)  # noqa: S101  # every identifier of labels.yaml needs its resource
