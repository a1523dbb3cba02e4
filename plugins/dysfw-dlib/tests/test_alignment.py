"""The effect of alignments on the backbone's ability to tell identities apart."""

from __future__ import annotations

import csv
from pathlib import Path

import dlib
import numpy as np
import pytest
from dysfw_dlib.backbone import DlibResnet
from dysfw_facenet.detector import Mtcnn
from sklearn.metrics import roc_auc_score

from dysfw.decoding.decode import read_image
from dysfw.imaging.alignment import ARCFACE_ALIGNMENT, DLIB_ALIGNMENT, FACENET_ALIGNMENT
from dysfw.imaging.crop import crop_region
from dysfw.registry.registry import load_registry
from dysfw.types import Crop, Region
from dysfw.util.files import packaged_file

pytestmark = pytest.mark.slow

PHANTOMS = Path(__file__).parents[3] / "tests" / "fixtures" / "data" / "phantoms"


@pytest.fixture(scope="module")
def faces():
    """Images, their faces by MTCNN, and their patients."""
    detector = Mtcnn()
    rows = list(csv.DictReader((PHANTOMS / "manifest.csv").open()))
    images = [read_image(PHANTOMS / row["path"]) for row in rows]
    found = [faces[0] for faces in detector.detect(images)]
    return images, found, np.array([row["patient"] for row in rows])


@pytest.fixture(scope="module")
def verification_auroc(faces):
    """verification_auroc(alignment): AUROC of the distance for pairs of images of the same against different identities."""
    images, found, patients = faces
    network = DlibResnet()
    one, other = np.triu_indices(len(patients), 1)

    def auroc(alignment):
        whole = Region("face", np.zeros((3, 2), np.float32))
        crops = [crop_region(i, f, whole, Crop(), 150, alignment=alignment) for i, f in zip(images, found, strict=True)]
        rows = network.embed(np.stack(crops))
        return roc_auc_score(patients[one] == patients[other], -np.linalg.norm(rows[one] - rows[other], axis=1))

    return auroc


def test_the_alignment_is_dlibs():
    assert DlibResnet().alignment is DLIB_ALIGNMENT
    assert load_registry().load("backbone", "dlib_resnet")().alignment is DLIB_ALIGNMENT


def test_a_wrong_alignment_lowers_the_verification_auroc(verification_auroc):
    right, arcface, facenet = map(verification_auroc, (DLIB_ALIGNMENT, ARCFACE_ALIGNMENT, FACENET_ALIGNMENT))
    print(f"verification AUROC: dlib {right:.3f}, arcface {arcface:.3f}, facenet {facenet:.3f}")
    assert right > 0.95
    assert arcface < right  # slightly, on these few pairs; benchmarks/alignment.py uses more
    assert facenet < right - 0.1


def test_crops_place_the_eyes_as_dlibs_face_chips_do(faces):
    file = packaged_file("face_recognition_models:models/shape_predictor_5_face_landmarks.dat")
    predictor = dlib.shape_predictor(str(file))
    gaps = []
    for image, face, _ in zip(*faces, strict=True):
        box = dlib.rectangle(*(int(v) for v in face.box))
        eyes = np.array([[p.x, p.y] for p in predictor(image.pixels, box).parts()[:4]], float)
        centres = np.stack([eyes[2:].mean(axis=0), eyes[:2].mean(axis=0)])  # the subject's right eye comes last
        expected = np.array([[0.3182, 0.3143], [0.6685, 0.3141]]) * 150  # of five-point chips with a padding of 0.25
        frame = DLIB_ALIGNMENT.frame(face, 150)
        inside = np.linalg.solve(frame[:, :2], (centres - frame[:, 2]).T).T
        gaps.append(np.linalg.norm(inside - expected, axis=1).mean())
    assert np.median(gaps) < 6  # px of 150
