"""The ranking as a Phenopacket, version 2 of the GA4GH schema (ISO 4454:2022; Jacobsen et al., Nat Biotechnol 2022;40:817).

Diseases are candidate interpretations of a case in progress, never ``diseases``, which would be diagnoses.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np

from dysfw import RESEARCH_USE
from dysfw.plugin import checked, features_of, require_phenopackets, resources_of, subject_of

from .catalog import CatalogDisease
from .patient import RankedPatient
from .ranking import posterior_text, to_log10

PATIENT = "patient"  # no name of a person


def phenopacket(result: RankedPatient) -> dict[str, object]:
    """Convert a result to a Phenopacket: the signs with their status, and the first diseases as candidates with their genes.

    A disease is a candidate only if something is known of it, and if a recipe knows it, only if it is in the prediction set.

    Args:
        result: The result.

    Returns:
        JSON values of the protobuf schema.

    Raises:
        DysfwError: The package phenopackets is missing.
    """
    require_phenopackets()
    candidates = _candidates(result)
    packet: dict[str, object] = {
        "id": f"dysfw-rank-{uuid.uuid4()}",  # at random: a hash of the record could be compared with those of other records
        "subject": subject_of(PATIENT, result.record),
        "phenotypicFeatures": features_of(result.interpreted.signs),
        "interpretations": [_interpretation(result, number) for number in candidates],
        "metaData": {
            "created": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            "createdBy": f"dysfw {result.version}",
            "resources": _resources(result, candidates),
            "phenopacketSchemaVersion": "2.0",
            "externalReferences": list(_references(result)),
        },
    }
    return checked(packet)


def _candidates(result: RankedPatient) -> list[int]:
    """Numbers of the first diseases, without those that are ranked only since nothing speaks against them."""
    ranking = result.ranking
    known = np.any([part.known for part in ranking.parts], axis=0)
    order = ranking.panel_order if ranking.panel else ranking.order
    excluded = result.recipe.excluded if result.recipe else frozenset()
    return [number for number in order[known[order]][: result.top].tolist() if number not in excluded]


def _interpretation(result: RankedPatient, number: int) -> dict[str, object]:
    disease = result.catalog[number]
    genes = [
        {
            "subjectOrBiosampleId": PATIENT,
            "interpretationStatus": "CANDIDATE",
            "gene": {"valueId": f"NCBIGene:{gene.ncbi}", "symbol": gene.symbol},
        }
        for gene in disease.genes
    ]
    return {
        "id": disease.id,
        "progressStatus": "IN_PROGRESS",
        "diagnosis": {"disease": {"id": disease.id, "label": disease.name}, "genomicInterpretations": genes},
        "summary": _summary(result, number, disease),
    }


def _summary(result: RankedPatient, number: int, disease: CatalogDisease) -> str:
    ranking = result.ranking
    parts = [
        f"candidate: rank {ranking.rank[number]} of {len(ranking.order)}",
        f"log10 likelihood ratio {float(to_log10(ranking.log_ratio[number])):.2f} ({', '.join(p.name for p in ranking.parts)})",
    ]
    if ranking.posterior is not None and ranking.prior:
        parts.append(
            f"posterior probability {posterior_text(float(ranking.posterior[number]), 3)} for the prior {ranking.prior.name}"
        )
    if disease.other_ids:
        parts.append(f"also {', '.join(disease.other_ids)}")
    return f"{'; '.join(parts)}. {RESEARCH_USE}"


def _resources(result: RankedPatient, candidates: list[int]) -> list[dict[str, object]]:
    """The resources whose identifiers occur; their release is that of the annotations, whose names are used."""
    diseases = [result.catalog[number] for number in candidates]
    used = [sign.id for sign in result.interpreted.signs]
    used += [disease.id for disease in diseases]
    used += [f"NCBIGene:{gene.ncbi}" for disease in diseases for gene in disease.genes]
    version = result.catalog.data.release.version
    return resources_of(used, {id.partition(":")[0]: version for id in used})


def _references(result: RankedPatient) -> Iterator[dict[str, str]]:
    release = result.catalog.data.release
    yield {"id": f"sha256:{release.sha256}", "description": f"signs and diseases: HPO {release.version}"}
    if result.recipe:
        yield {"id": f"dysfw-bundle:{result.recipe.fingerprint}", "description": f"bundle {result.recipe.name}"}
