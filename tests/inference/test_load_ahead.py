import threading
from dataclasses import replace

import numpy as np
import pytest

from dysfw.contracts.components import Detector
from dysfw.inference.build import build
from dysfw.inference.jobs import ImageJob
from dysfw.inference.load_ahead import LoadAhead
from dysfw.recipe.check import load_recipe
from dysfw.types import Face
from dysfw.util import background


class Recording(Detector):
    """A detector that notes in which thread it is loaded, and may fail to."""

    def __init__(self, *, fails: bool = False) -> None:
        self.threads: list[str] = []
        self.fails = fails

    def load(self) -> None:
        self.threads.append(threading.current_thread().name)
        if self.fails:
            raise ValueError("the file is damaged")

    def detect(self, images):
        return [[] for _ in images]


@pytest.fixture
def ahead(toy_recipe, toys):
    """ahead(detector): loads the toy recipe's components, with another detector."""
    components = build(load_recipe(toy_recipe, toys))
    return lambda detector: LoadAhead(replace(components, detector=detector), {})


def test_components_are_loaded_once_in_another_thread(ahead):
    detector = Recording()
    load_ahead = ahead(detector)
    for source in ("a.png", "b.png"):
        load_ahead.start(ImageJob(source))
    background.wait()
    assert detector.threads == ["load detector"]


def test_what_the_cache_knows_needs_no_component(ahead):
    detector = Recording()
    load_ahead = ahead(detector)
    known = ImageJob("a.png", faces=())
    known.select_faces((Face(np.zeros(4, np.float32), 1.0, np.zeros((5, 2), np.float32)),), all_faces=False)
    load_ahead.start(known)  # its face is known, but not its embeddings
    background.wait()
    assert detector.threads == []


def test_an_error_is_left_to_the_first_batch(ahead, capfd):
    detector = Recording(fails=True)
    ahead(detector).start(ImageJob("a.png"))
    background.wait()
    assert detector.threads == ["load detector"]
    assert capfd.readouterr() == ("", "")
