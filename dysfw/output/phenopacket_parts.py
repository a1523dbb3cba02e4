"""The parts of a Phenopacket that say what is known of the patient, and what its identifiers mean."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from ..errors import DysfwError
from ..records.age import iso_age
from ..types import PatientRecord, Sign
from ..util.install import install_command

Message = dict[str, object]
# Name, URL and prefix of IRIs of each resource, by the prefix of its identifiers; see obofoundry.org and bioregistry.io.
RESOURCES = {
    "HP": ("Human Phenotype Ontology", "http://purl.obolibrary.org/obo/hp.owl", "http://purl.obolibrary.org/obo/HP_"),
    "MONDO": ("Mondo Disease Ontology", "http://purl.obolibrary.org/obo/mondo.obo", "http://purl.obolibrary.org/obo/MONDO_"),
    "OMIM": ("Online Mendelian Inheritance in Man", "https://www.omim.org", "https://www.omim.org/entry/"),
    "ORPHA": ("Orphanet Rare Disease Ontology", "https://www.orpha.net", "https://www.orpha.net/ORDO/Orphanet_"),
    "NCBIGene": ("NCBI Gene", "https://www.ncbi.nlm.nih.gov/gene", "https://www.ncbi.nlm.nih.gov/gene/"),
}
UNKNOWN = "unknown"  # the release of a resource that nothing states


def require_phenopackets() -> None:
    """Check that the classes of the schema are installed.

    Raises:
        DysfwError: The package phenopackets is missing.
    """
    try:
        import phenopackets.schema.v2  # noqa: F401
    except ImportError as error:
        raise DysfwError(
            f"Phenopackets need the package phenopackets ({error})", hint=install_command("dysfw", "phenopackets")
        ) from None


def subject_of(name: str, record: PatientRecord | None) -> Message:
    """Describe the patient.

    Args:
        name: What identifies the patient in the packet.
        record: The record, if there is one.

    Returns:
        An Individual of the schema, with sex and age if they are known. Ancestry has no place in the schema.
    """
    subject: Message = {"id": name}
    if record and record.sex:
        subject["sex"] = record.sex.upper()
    if record and record.age is not None:
        subject["timeAtLastEncounter"] = {"age": {"iso8601duration": iso_age(record.age)}}
    return subject


def features_of(signs: Iterable[Sign]) -> list[Message]:
    """Describe the signs, each with its status.

    Args:
        signs: Signs of the record, as an ontology knows them.

    Returns:
        PhenotypicFeatures of the schema.
    """
    return [{"type": {"id": sign.id, "label": sign.name}, "excluded": sign.status == "excluded"} for sign in signs]


def resources_of(identifiers: Iterable[str], releases: Mapping[str, str]) -> list[Message]:
    """List what the identifiers of a packet belong to.

    Args:
        identifiers: Such as "MONDO:0008608". One of an ontology that is not in ``RESOURCES`` is left out.
        releases: The release of ontologies by prefix, such as {"HP": "2025-01-16"}; the others are "unknown".

    Returns:
        Resources of the schema.
    """
    prefixes = {identifier.partition(":")[0] for identifier in identifiers}
    return [
        {
            **{"id": prefix.lower(), "name": name, "url": url, "version": releases.get(prefix, UNKNOWN)},
            **{"namespacePrefix": prefix, "iriPrefix": iri},
        }
        for prefix, (name, url, iri) in RESOURCES.items()
        if prefix in prefixes
    ]


def checked(packet: Message) -> Message:
    """Pass a packet through the classes of the schema, which reject what does not fit them.

    Args:
        packet: JSON values of the schema.

    Returns:
        The same, as those classes write it.
    """
    from google.protobuf.json_format import MessageToDict, ParseDict
    from phenopackets.schema.v2 import Phenopacket

    return json.loads(json.dumps(MessageToDict(ParseDict(packet, Phenopacket()))))  # type: ignore[no-any-return]
