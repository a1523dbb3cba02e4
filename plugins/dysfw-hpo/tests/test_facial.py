"""Which signs a photo of the face can show, as a dysmorphologist would say."""

import re

import pytest
from dysfw_hpo.lookup.facial import RULES, facial_signs

SHOWN = """
Synophrys; Thick eyebrow; Highly arched eyebrow; Long eyelashes; Ptosis; Epicanthus; Telecanthus; Hypertelorism; Deeply set eye;
Proptosis; Upslanted palpebral fissure; Blepharophimosis; Strabismus; Esotropia; Blue sclerae; Heterochromia iridis;
Iris coloboma; Brushfield spots;
Corneal opacity; Microphthalmia; Anteverted nares; Depressed nasal bridge; Bulbous nose; Wide nasal bridge;
Underdeveloped nasal alae; Long philtrum; Smooth philtrum; Thin upper lip vermilion; Wide mouth; Downturned corners of mouth;
Cleft upper lip; Macroglossia; Protruding tongue; Widely spaced teeth; Micrognathia; Mandibular prognathia; Pointed chin;
Malar flattening; Midface retrusion; Coarse facial features; Triangular face; Frontal bossing; High forehead; Low-set ears;
Macrotia; Microtia; Posteriorly rotated ears; Preauricular skin tag; Attached earlobe; Low posterior hairline; White forelock;
Sparse scalp hair; Hirsutism; Microcephaly; Macrocephaly; Brachycephaly; Trigonocephaly; Webbed neck; Short neck; Malar rash;
Torticollis; Progeroid facial appearance; Mask-like facies
"""
NOT_SHOWN = """
Cerumen abnormality; Abnormal tympanic membrane morphology; Atresia of the external auditory canal;
Stiff neck; Abnormality of the temporomandibular joint; Parotitis; Oral bleeding; Myopic astigmatism; Esophoria; Myopia;
Cleft palate; Bifid uvula; High palate; Choanal atresia; Epistaxis; Anosmia; Deviated nasal septum; Rhinitis; Sinusitis;
Hearing impairment; Otitis media; Cataract; Retinal coloboma; Optic atrophy; Nystagmus; Visual impairment;
Lacrimation abnormality;
Nasolacrimal duct obstruction; Facial palsy; Taurodontia; Delayed eruption of teeth; Carious teeth; Parietal foramina;
Wormian bones; Platybasia; Thickened calvaria; Mandibular osteomyelitis; Trismus; Absent axillary hair; Elbow hypertrichosis;
Trichorrhexis nodosa; Increased nuchal translucency; Seizure; Ventricular septal defect; Global developmental delay
"""


def names(text: str) -> list[str]:
    return [name for name in re.split(r"\s*;\s*", text.strip()) if name]


@pytest.fixture(scope="module")
def shown(hpo):
    mask = facial_signs(hpo.ontology)
    return {name: bool(one) for name, one in zip(hpo.ontology.names, mask, strict=True)}


@pytest.mark.parametrize("name", names(SHOWN))
def test_a_photo_shows(shown, name):
    assert shown[name]


@pytest.mark.parametrize("name", names(NOT_SHOWN))
def test_a_photo_does_not_show(shown, name):
    assert not shown[name]


def test_the_rules_name_current_signs_once(hpo):
    ids = [id for _, roots in RULES for id in roots]
    assert all(id in hpo.ontology and hpo.ontology.is_sign(id) for id in ids)
    repeated = {id for id in ids if ids.count(id) > 1}
    assert not repeated


def test_muscles_vessels_pain_and_fractures_are_not_seen(shown):
    found = {name for name, one in shown.items() if one and re.search(r"muscle|\bvein|artery|\bpain\b|[Ff]ractured", name)}
    assert found == {"Prominent scalp veins"}
