"""Which signs only one sex can have."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from dysfw.plugin import Bool

from ..ontology import Ontology

# Each stands for itself and the terms below it; a release that lacks one has the others.
SIGNS_OF: Mapping[str, tuple[str, ...]] = {
    "male": (
        "HP:0010461",  # Abnormality of the male genitalia
        "HP:0012874",  # Abnormal male reproductive system physiology
        "HP:0012041",  # Decreased fertility in males
        "HP:0003251",  # Male infertility
        "HP:0012863",  # Abnormal male germ cell morphology
        "HP:0008669",  # Abnormal spermatogenesis
        "HP:0033019",  # Male reproductive system neoplasm
        "HP:0030421",  # Epididymal neoplasm
        "HP:0008775",  # Abnormal prostate morphology
        "HP:0100787",  # Prostate neoplasm
        "HP:0025020",  # Elevated prostate-specific antigen level
        "HP:0033403",  # Testicular ischemia
        "HP:0033839",  # Testicular pain
        "HP:0000771",  # Gynecomastia
        "HP:0000052",  # Urethral atresia, male
        "HP:0008185",  # Precocious puberty in males
        "HP:0008668",  # Gonadal dysgenesis, male
        "HP:0008723",  # Gonadal dysgenesis with female appearance, male
    ),
    "female": (
        "HP:0010460",  # Abnormality of the female genitalia
        "HP:0030012",  # Abnormal female reproductive system physiology
        "HP:0000868",  # Decreased fertility in females
        "HP:0008222",  # Female infertility
        "HP:0033020",  # Female reproductive system neoplasm
        "HP:0030416",  # Vulvar neoplasm
        "HP:0034558",  # Rhabdoid tumor of the ovary
        "HP:0031494",  # Ovarian mucinous tumor
        "HP:0000067",  # Urethral atresia, female
        "HP:0010465",  # Precocious puberty in females
        "HP:0008647",  # Pubertal developmental failure in females
        "HP:0031170",  # Female fetal virilization
        "HP:0033338",  # Abnormal female meiosis
    ),
}


@lru_cache(maxsize=8)
def of_other_sex(ontology: Ontology, sex: str | None) -> Bool:
    """Find the signs that a patient of one sex cannot have.

    Args:
        ontology: The T terms.
        sex: "female" or "male"; None if it is not known.

    Returns:
        bool [T].
    """
    mask = np.zeros(len(ontology), bool)
    for other, roots in SIGNS_OF.items():
        for id in roots if sex in SIGNS_OF and other != sex else ():
            if id in ontology:
                mask[[ontology.position[one] for one in (id, *ontology.descendants(id))]] = True
    return mask
