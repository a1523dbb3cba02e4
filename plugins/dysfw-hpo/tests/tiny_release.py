"""A release that is small enough to compute its figures by hand."""

from pathlib import Path

from dysfw_hpo.data import HpoData
from dysfw_hpo.diseases import Diseases
from dysfw_hpo.hpoa import COLUMNS, GENE_COLUMNS
from dysfw_hpo.names import TermNames
from dysfw_hpo.ontology import Ontology
from dysfw_hpo.release import Release, read_release
from dysfw_hpo.tables import compile_release

FACE, PHILTRUM, LONG, BROAD, WIDE = "HP:0000271", "HP:0000288", "HP:0000343", "HP:0000289", "HP:0000316"
OBO = """format-version: 1.2
data-version: hp/releases/2025-01-16

[Term]
id: HP:0000001
name: All

[Term]
id: HP:0000118
name: Phenotypic abnormality
is_a: HP:0000001 ! All

[Term]
id: HP:0000005
name: Mode of inheritance
is_a: HP:0000001 ! All

[Term]
id: HP:0000006
name: Autosomal dominant inheritance
is_a: HP:0000005 ! Mode of inheritance

[Term]
id: HP:0000271
name: Abnormality of the face
is_a: HP:0000118 ! Phenotypic abnormality

[Term]
id: HP:0000288
name: Abnormality of the philtrum
synonym: "Philtrum \\"anomaly\\"" EXACT []
is_a: HP:0000271 ! Abnormality of the face

[Term]
id: HP:0000343
name: Long philtrum
alt_id: HP:0009999
alt_id: HP:0000012
synonym: "Elongated philtrum" EXACT layperson [ORCID:0000-0001]
synonym: "Lip sign" EXACT []
synonym: "Very long philtrum" NARROW []
synonym: "Old word" EXACT obsolete_synonym []
is_a: HP:0000288 {source="x"} ! Abnormality of the philtrum

[Term]
id: HP:0000289
name: Broad philtrum
alt_id: HP:0000012
synonym: "Lip sign" EXACT []
is_a: HP:0000288 ! Abnormality of the philtrum

[Term]
id: HP:0000316
name: Hypertelorism
synonym: "Widely-spaced eyes" EXACT layperson []
is_a: HP:0000271 ! Abnormality of the face

[Term]
id: HP:0000010
name: obsolete Tall philtrum
is_obsolete: true
replaced_by: HP:0000343

[Term]
id: HP:0000011
name: obsolete Philtrum
is_obsolete: true
consider: HP:0000343
consider: HP:0000289

[Term]
id: HP:0000012
name: obsolete Long and broad philtrum
is_obsolete: true
replaced_by: HP:0000343
replaced_by: HP:0000289

[Term]
id: HP:0000013
name: obsolete Nothing
is_obsolete: true

[Typedef]
id: part_of
name: part of
"""
# disease, name, qualifier, term, reference, frequency, sex, aspect
ANNOTATIONS = [
    ("OMIM:1", "Alpha syndrome 1", "", LONG, "PMID:1;PMID:2", "1/2", "", "P"),
    ("OMIM:1", "Alpha syndrome 1", "", "HP:0009999", "PMID:3", "2/2", "FEMALE", "P"),  # the same sign by a former id
    ("OMIM:1", "Alpha syndrome 1", "", WIDE, "OMIM:1", "HP:0040281", "", "P"),
    ("OMIM:1", "Alpha syndrome 1", "NOT", BROAD, "PMID:1", "", "", "P"),
    ("OMIM:1", "Alpha syndrome 1", "", "HP:0000006", "OMIM:1", "", "", "I"),
    ("OMIM:2", "Beta syndrome", "", BROAD, "OMIM:2", "", "", "P"),
    ("OMIM:2", "Beta syndrome", "", WIDE, "PMID:4", "45%", "MALE", "P"),
    ("OMIM:2", "Beta syndrome", "", LONG, "PMID:4", "0/7", "", "P"),
    ("ORPHA:9", "alpha-Syndrome", "", LONG, "ORPHA:9", "HP:0040283", "", "P"),
    ("ORPHA:9", "alpha-Syndrome", "", BROAD, "ORPHA:9", "HP:0040282", "", "P"),
    ("ORPHA:9", "alpha-Syndrome", "", "HP:7777777", "ORPHA:9", "", "", "P"),  # no term of the ontology
]
GENES = [("10", "ALF", LONG, "Long philtrum", "1/2", "OMIM:1"), ("10", "ALF", WIDE, "Hypertelorism", "-", "OMIM:1")]


def write_release(folder: Path, version: str = "2025-01-16") -> tuple[Path, Path, Path]:
    """Write the files."""
    paths = folder / "hp.obo", folder / "phenotype.hpoa", folder / "genes_to_phenotype.txt"
    rows = [
        "\t".join((disease, name, qualifier, term, reference, "PCS", "", frequency, sex, "", aspect, "HPO:x[2020-01-01]"))
        for disease, name, qualifier, term, reference, frequency, sex, aspect in ANNOTATIONS
    ]
    paths[0].write_text(OBO, "utf-8")
    paths[1].write_text("\n".join(("#description: tiny", f"#version: {version}", "\t".join(COLUMNS), *rows, "")), "utf-8")
    paths[2].write_text("\n".join(("\t".join(GENE_COLUMNS), *("\t".join(gene) for gene in GENES), "")), "utf-8")
    return paths


def tiny_data(folder: Path) -> HpoData:
    """Compile the release."""
    release: Release = read_release(*write_release(folder))
    tables = compile_release(release)
    ontology = Ontology(tables)
    return HpoData(release, ontology, TermNames(ontology), Diseases(tables, ontology))
