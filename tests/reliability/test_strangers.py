"""The bundle that comes along, trained on phantoms, with MTCNN, face mesh and dlib's trunk for real."""

from pathlib import Path

import pytest
from PIL import Image as Pillow
from skimage import data as pictures

from dysfw.engine.assemble import open_pipeline
from dysfw.registry.registry import load_registry

RECIPE = Path(__file__).parents[2] / "recipes" / "dlib.yaml"


@pytest.fixture(scope="module")
def pipeline():
    return open_pipeline(RECIPE, load_registry())


def test_a_photograph_of_a_person_is_refused_as_unlike_the_phantoms(pipeline, tmp_path):
    """scikit-image's astronaut: public domain, NASA."""
    Pillow.fromarray(pictures.astronaut()).save(tmp_path / "astronaut.png")
    (prediction,) = pipeline.predict([tmp_path / "astronaut.png"])
    assert prediction.reliable is False
    assert [reason.code for reason in prediction.reasons] == ["unlike_training"]


def test_fresh_phantoms_are_believed_and_their_sets_hold_the_truth(pipeline, phantoms):
    images = sorted(phantoms.glob("*/*.jpg"))
    predictions = list(pipeline.predict(images))
    believed = [p.reliable for p in predictions]
    assert sum(believed) >= 0.9 * len(images)  # 97 % are meant to be; of 48 photographs, that may be 90 %
    covered = [
        image.parent.name in [p.labels[k] for k in p.prediction_set.members]
        for image, p in zip(images, predictions, strict=True)
    ]
    assert sum(covered) >= 0.8 * len(images)  # 90 % are asked for; of 48 photographs, that may be 80 %
    assert sum(len(p.prediction_set.members) for p in predictions) < 6 * len(images)  # of 7 conditions
