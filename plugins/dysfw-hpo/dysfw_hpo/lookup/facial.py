"""Which signs a photo of the face can show.

These are the signs of the face, skull, neck, eyelids, outer ear and hair, and of the front of the eye. Signs inside the mouth,
nose and eye, and of the senses, are left out although the ontology files them under the same branches. The rule knows branches
only: a few signs that it includes need a side view, an open mouth or a tape measure.
"""

from __future__ import annotations

import numpy as np

from dysfw.plugin import Bool

from ..ontology import Ontology

SHOWN = (
    "HP:0000271",  # Abnormality of the face
    "HP:0000929",  # Abnormal skull morphology
    "HP:0000464",  # Abnormality of the neck
    "HP:0000492",  # Abnormal eyelid morphology
    "HP:0000508",  # Ptosis
    "HP:0000486",  # Strabismus
    "HP:0012372",  # Abnormal eye morphology
    "HP:0000356",  # Abnormality of the outer ear
    "HP:0001595",  # Abnormal hair morphology
)
HIDDEN = (
    "HP:0000174",  # Abnormal palate morphology
    "HP:0000415",  # Abnormality of the choanae
    "HP:0000453",  # Choanal atresia
    "HP:0000421",  # Epistaxis
    "HP:0004408",  # Abnormality of the sense of smell
    "HP:0000245",  # Abnormal paranasal sinus morphology
    "HP:0000600",  # Abnormality of the pharynx
    "HP:0100755",  # Abnormality of salivation
    "HP:0004329",  # Abnormal posterior eye segment morphology
    "HP:0000517",  # Abnormal lens morphology
    "HP:0002648",  # Abnormality of calvarial morphology is shown; its sutures are not
    "HP:0011329",  # Abnormality of cranial sutures
    "HP:0002693",  # Abnormality of the skull base
    "HP:0001291",  # Abnormal cranial nerve morphology
    "HP:0010628",  # Facial palsy needs a moving face; its mask-like look is a sign of its own
)


def facial_signs(ontology: Ontology) -> Bool:
    """Tell which terms a photo of the face can show.

    Args:
        ontology: The T terms.

    Returns:
        bool [T].
    """
    return _below(ontology, SHOWN) & ~_below(ontology, HIDDEN)


def _below(ontology: Ontology, roots: tuple[str, ...]) -> Bool:
    mask = np.zeros(len(ontology), bool)
    for root in roots:
        if root in ontology:
            mask[[ontology.position[id] for id in (root, *ontology.descendants(root))]] = True
    return mask
