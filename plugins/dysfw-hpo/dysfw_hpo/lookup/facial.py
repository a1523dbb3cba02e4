"""Which signs a photo of the face can show.

These are signs of the face, skull, neck, eyelids, outer ear, hair, and the front of the eye. The ontology files much under
these branches that no photo shows: the inside of mouth, nose, ear and eye, bones in X-rays, pain, and how an organ works.
``RULES`` therefore shows and hides branches, from broad to narrow. Some signs that are shown need a side view or a smile.
"""

from __future__ import annotations

import numpy as np

from dysfw.plugin import Bool

from ..ontology import Ontology

SHOW, HIDE = True, False
# A later rule counts more than an earlier one.
RULES: tuple[tuple[bool, tuple[str, ...]], ...] = (
    (
        SHOW,
        (
            "HP:0000271",  # Abnormality of the face
            "HP:0002683",  # Abnormal calvaria morphology
            "HP:0000240",  # Abnormality of skull size
            "HP:0025668",  # Abnormal neck morphology
            "HP:0000492",  # Abnormal eyelid morphology
            "HP:0000486",  # Strabismus
            "HP:0100886",  # Abnormality of globe location
            "HP:0100887",  # Abnormality of globe size
            "HP:0000525",  # Abnormality iris morphology
            "HP:0000592",  # Blue sclerae
            "HP:0007957",  # Corneal opacity
            "HP:0000377",  # Abnormal pinna morphology
            "HP:0001595",  # Abnormal hair morphology
        ),
    ),
    (
        HIDE,
        (
            "HP:0000153",  # Abnormality of the mouth; lips and shape follow
            "HP:0011821",  # Abnormal facial skeleton morphology; what changes the shape of the face follows
            "HP:0001739",  # Abnormal nasopharynx morphology
            "HP:0000421",  # Epistaxis
            "HP:0001742",  # Nasal congestion
            "HP:0004408",  # Abnormality of the sense of smell
            "HP:0000415",  # Abnormal choanae morphology
            "HP:0000419",  # Abnormal nasal septum morphology
            "HP:0000433",  # Abnormal nasal mucosa morphology
            "HP:0010640",  # Abnormal nasal cavity morphology
            "HP:0025011",  # Pyriform aperture stenosis
            "HP:0012384",  # Rhinitis
            "HP:0000301",  # Abnormality of facial musculature
            "HP:0000632",  # Lacrimation abnormality
            "HP:0000614",  # Abnormal nasolacrimal system morphology
            "HP:0000502",  # Abnormal conjunctiva morphology; its redness follows
            "HP:0030670",  # Hamartoma of the orbital region
            "HP:0008049",  # Abnormality of the extraocular muscles
            "HP:0030671",  # Abnormal common tendinous ring morphology
            "HP:0034808",  # Eyelid pain
            "HP:0041156",  # Fractured orbit of skull
            "HP:3000043",  # Abnormal facial vein morphology
            "HP:3000004",  # Abnormal frontalis muscle physiology
            "HP:0025669",  # Abnormal neck physiology
            "HP:0011006",  # Abnormal morphology of the musculature of the neck
            "HP:3000037",  # Abnormal neck blood vessel morphology
            "HP:3000067",  # Abnormal lateral cricoarytenoid muscle morphology
            "HP:0008984",  # Neck muscle hypoplasia
            "HP:0025667",  # Fetal neck anomaly
            "HP:0032011",  # Heterophoria
            "HP:0020046",  # Accommodative esotropia
            "HP:0031622",  # Brown anomaly
            "HP:0004437",  # Cranial hyperostosis
            "HP:0002691",  # Platybasia
            "HP:0034271",  # Copper beaten skull
            "HP:0000250",  # Dense calvaria
            "HP:0002684",  # Thickened calvaria
            "HP:0010539",  # Thin calvarium
            "HP:0030312",  # Obliteration of the calvarial diploe
            "HP:0005474",  # Decreased calvarial ossification
            "HP:0002697",  # Parietal foramina
            "HP:0001362",  # Calvarial skull defect
            "HP:6000612",  # Squamosal suture synostosis
            "HP:0012634",  # Iris pigment dispersion
            "HP:0100693",  # Iridodonesis
            "HP:0001101",  # Iritis
            "HP:0007905",  # Abnormal iris vasculature
            "HP:0008345",  # Hypoplasia of the iris dilator muscle
            "HP:0000658",  # Eyelid apraxia
            "HP:0030826",  # Eyelid fasciculation
            "HP:0030002",  # Nocturnal lagophthalmos
            "HP:0031786",  # Cogan lid twitch
            "HP:6000614",  # Orbital inflammation
            "HP:0001144",  # Orbital cyst
            "HP:0007800",  # Increased axial length of the globe
            "HP:0040170",  # Abnormality of hair growth
            "HP:0025469",  # Anagen effluvium
            "HP:0025470",  # Telogen effluvium
            "HP:0034042",  # Dorsal hirsutism
            "HP:0004780",  # Elbow hypertrichosis
            "HP:0011913",  # Lumbar hypertrichosis
            "HP:0009747",  # Lumbosacral hirsutism
            "HP:0004532",  # Sacral hypertrichosis
            "HP:0011914",  # Thoracic hypertrichosis
            "HP:0002231",  # Sparse body hair
            "HP:0004771",  # Premature graying of body hair
            "HP:0032495",  # Abnormal terminal:vellus ratio
            "HP:0011468",  # Facial tics
            "HP:0041249",  # Fractured nose
            "HP:0009888",  # Abnormality of secondary sexual hair
            "HP:0003328",  # Abnormal hairshaft morphology
        ),
    ),
    (
        SHOW,
        (
            "HP:0000159",  # Abnormal lip morphology
            "HP:0011337",  # Abnormality of mouth size
            "HP:0011338",  # Abnormality of mouth shape
            "HP:0000309",  # Abnormal midface morphology
            "HP:0000306",  # Abnormality of the chin
            "HP:0000277",  # Abnormal mandible morphology
            "HP:0000326",  # Abnormal maxilla morphology
            "HP:0010668",  # Abnormal zygomatic bone morphology
            "HP:0000158",  # Macroglossia
            "HP:0010808",  # Protruding tongue
            "HP:0000687",  # Widely spaced teeth
            "HP:0000194",  # Open mouth
            "HP:0025337",  # Red eye
            "HP:0001140",  # Limbal dermoid
            "HP:0000508",  # Ptosis
            "HP:0009759",  # Neck pterygia
            "HP:0000473",  # Torticollis
            "HP:0025300",  # Malar rash
            "HP:0001041",  # Facial erythema
            "HP:0007380",  # Facial telangiectasia
            "HP:0009762",  # Facial wrinkling
            "HP:0005320",  # Lack of facial subcutaneous fat
            "HP:0005328",  # Progeroid facial appearance
            "HP:0007413",  # Nevus flammeus of the forehead
            "HP:0010733",  # Naevus flammeus of the eyelid
            "HP:0007486",  # Cavernous hemangioma of the face
            "HP:0001043",  # Prominent scalp veins
            "HP:0007385",  # Aplasia cutis congenita of scalp
            "HP:0000338",  # Hypomimic face
            "HP:0001566",  # Widely-spaced maxillary central incisors
            "HP:0006315",  # Solitary median maxillary central incisor
        ),
    ),
    (
        HIDE,
        (
            "HP:3000019",  # Abnormal buccal mucosa morphology
            "HP:3000027",  # Abnormality of buccinator muscle
            "HP:3000029",  # Abnormality of depressor labii inferioris
            "HP:3000007",  # Abnormality of mentalis muscle
            "HP:3000015",  # Abnormality of risorius muscle
            "HP:3000018",  # Abnormality of zygomaticus major muscle
            "HP:3000020",  # Abnormality of zygomaticus minor muscle
            "HP:0010754",  # Abnormality of the temporomandibular joint
            "HP:3000077",  # Abnormal mandible condylar process morphology
            "HP:3000078",  # Abnormal mandible coronoid process morphology
            "HP:3000003",  # Abnormal mandibular ramus morphology
            "HP:6000595",  # Mandibular cyst
            "HP:0034046",  # Mandibular osteolysis
            "HP:0007626",  # Mandibular osteomyelitis
            "HP:0200025",  # Mandibular pain
            "HP:6000937",  # Thickened cortex of the mandible
            "HP:0100955",  # Giant cell granuloma of mandible
            "HP:0041155",  # Fractured mandible
            "HP:0041165",  # Fractured maxilla
            "HP:6000594",  # Maxillary cyst
            "HP:0031257",  # Arteriovenous malformation of the maxilla
            "HP:0000211",  # Trismus
            "HP:0040263",  # Jaw ankylosis
            "HP:0005332",  # Recurrent mandibular subluxations
            "HP:0010666",  # Hypoplasia of the anterior nasal spine
            "HP:0010758",  # Abnormality of the premaxilla
            "HP:0009101",  # Submucous cleft lip
        ),
    ),
)


def facial_signs(ontology: Ontology) -> Bool:
    """Tell which terms a photo of the face can show.

    Args:
        ontology: The T terms.

    Returns:
        bool [T].
    """
    shown = np.zeros(len(ontology), bool)
    for show, roots in RULES:
        for root in roots:
            if root in ontology:
                shown[[ontology.position[id] for id in (root, *ontology.descendants(root))]] = show
    return shown
