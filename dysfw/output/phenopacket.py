"""A result as a Phenopacket, version 2 of the schema of GA4GH (ISO 4454:2022; Jacobsen et al., Nat Biotechnol 2022;40:817).

Conditions are candidate interpretations of a case in progress. They are never ``diseases``, which are diagnoses, and no
``phenotypicFeatures`` are claimed: a photograph was compared, no sign was observed.
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
from .terminal import reliability_text

# id, name, url, prefix of identifiers, and what comes before these in an IRI; see obofoundry.org and bioregistry.io
RESOURCES = {
    "mondo": ("Mondo Disease Ontology", "http://purl.obolibrary.org/obo/mondo.obo", "MONDO", "http://purl.obolibrary.org/obo/MONDO_"),
    "omim": ("Online Mendelian Inheritance in Man", "https://www.omim.org", "OMIM", "https://www.omim.org/entry/"),
    "orpha": ("Orphanet Rare Disease Ontology", "https://www.orpha.net", "ORPHA", "https://www.orpha.net/ORDO/Orphanet_"),
}  # fmt: skip
UNKNOWN = "unknown"  # which release of an ontology the data's labels.yaml was written by


def refuse_nameless(pipeline: Pipeline) -> None:
    """Raise DysfwError where there can be no Phenopacket: its package is missing, or no condition has an identifier."""
    try:
        import phenopackets.schema.v2  # noqa: F401
    except ImportError as error:
        raise DysfwError(
            f"Phenopackets need the package phenopackets ({error})", hint="pip install 'dysfw[phenopackets]'"
        ) from None
    known = pipeline.manifest.conditions if pipeline.manifest else {}
    if not any(condition.identifiers for condition in known.values()):
        raise DysfwError(
            "a Phenopacket names conditions by their identifiers, and the bundle knows none",
            hint="write a labels.yaml with mondo or omim beside the photographs, and train again",
        )


def phenopacket(result: BasePrediction, pipeline: Pipeline, top: int) -> dict[str, object]:
    """As JSON values of the protobuf schema. top: how many conditions at most. Those without an identifier are left out, and
    keep their rank. Raises DysfwError, see ``refuse_nameless``."""
    refuse_nameless(pipeline)
    from google.protobuf.json_format import MessageToDict, ParseDict
    from phenopackets.schema.v2 import Phenopacket

    subject = _subject(result)
    bundle = pipeline.manifest.fingerprint[:12] if pipeline.manifest else ""
    name = f"dysfw-{subject}-{bundle}"
    candidates = list(_candidates(result, pipeline, top, name))
    used = {str(one["diagnosis"]["disease"]["id"]).partition(":")[0] for one in candidates}  # type: ignore[index]
    written = {
        "id": name,
        "subject": {"id": subject},
        "interpretations": candidates,
        "metaData": {
            "created": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            "createdBy": f"dysfw {__version__}",
            "resources": [_resource(key) for key, (_, _, prefix, _) in RESOURCES.items() if prefix in used],
            "phenopacketSchemaVersion": "2.0",
            "externalReferences": _references(result, pipeline),
        },
    }
    # Through the schema's own classes: what does not fit them is refused.
    message = ParseDict(written, Phenopacket())
    return json.loads(json.dumps(MessageToDict(message)))  # type: ignore[no-any-return]


def _subject(result: BasePrediction) -> str:
    """A patient's name as it was given; of a photograph its content, and not its file's name, which may be a person's."""
    if isinstance(result, PatientPrediction):
        return result.patient
    assert isinstance(result, Prediction)  # noqa: S101  # there is no third
    return f"photograph-{result.subject.image.sha256[:16]}-face-{result.subject.index}"


def _candidates(result: BasePrediction, pipeline: Pipeline, top: int, name: str) -> Iterator[dict[str, object]]:
    known = pipeline.manifest.conditions if pipeline.manifest else {}
    for rank, k in enumerate(result.ranking[:top], 1):
        label = result.labels[k]
        condition = known.get(label, Condition())
        if condition.identifiers:
            yield {
                "id": f"{name}-{rank}",
                "progressStatus": "IN_PROGRESS",
                "diagnosis": {"disease": {"id": condition.identifiers[0], "label": condition.name or label}},
                "summary": _summary(result, rank, k),
            }


def _summary(result: BasePrediction, rank: int, k: int) -> str:
    own, said = result.prediction_set, []
    said.append(f"candidate: rank {rank} of {len(result.labels)}, probability {float(result.probabilities[k]):.3f}")
    if own:
        said.append(f"{'in' if k in own.members else 'not in'} the {100 * own.coverage:g} % prediction set")
    if told := reliability_text(result):
        said.append(told)
    return f"{'; '.join(said)}. {RESEARCH_USE}"


def _resource(key: str) -> dict[str, str]:
    name, url, prefix, iri = RESOURCES[key]
    return {"id": key, "name": name, "url": url, "version": UNKNOWN, "namespacePrefix": prefix, "iriPrefix": iri}


def _references(result: BasePrediction, pipeline: Pipeline) -> list[dict[str, str]]:
    recipe, manifest = pipeline.recipe, pipeline.manifest
    found = [{"id": f"dysfw-recipe:{recipe.fingerprint}", "description": f"recipe {recipe.name}"}]
    if manifest:
        found.append({"id": f"dysfw-bundle:{manifest.fingerprint}", "description": f"bundle {manifest.name}"})
    images = result.counted if isinstance(result, PatientPrediction) else [result] if isinstance(result, Prediction) else []
    return found + [
        {"id": f"sha256:{one.subject.image.sha256}", "description": f"photograph, face {one.subject.index}"} for one in images
    ]


assert set(RESOURCES) == set(IDENTIFIERS)  # noqa: S101  # an identifier that labels.yaml may give must have its resource
