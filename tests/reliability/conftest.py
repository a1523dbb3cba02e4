"""Fixtures for the tests of reliability."""

import json

import pytest
from safetensors.numpy import load_file, save_file

from dysfw.bundle.contents import Manifest
from dysfw.data.read import read_dataset
from dysfw.inference.loading import open_pipeline
from dysfw.recipe.check import load_recipe
from dysfw.training.train import train
from dysfw.util.files import sha256_of
from dysfw.util.progress import Silent

COLOURS = {"red": (200, 40, 40), "green": (40, 160, 40), "sand": (190, 170, 110)}
PATIENTS = 20


@pytest.fixture
def bundle(toys, toy_recipe, paint, tmp_path, trained_once):
    """The toy recipe, trained on sixty patients with three conditions, with faces that are large enough."""
    rows = ["path,label,patient"]
    for label, colour in COLOURS.items():
        for n in range(PATIENTS):
            paint(f"data/{label}-{n}.png", colour, seed=n)
            rows.append(f"{label}-{n}.png,{label},{label}-{n}")
    (tmp_path / "data" / "manifest.csv").write_text("\n".join(rows) + "\n")
    recipe = load_recipe(toy_recipe, toys, ["reliability.min_face_height=20"])
    data, bundle = tmp_path / "data", tmp_path / "bundle"
    return trained_once("reliability", bundle, toy_recipe, data, lambda: train(recipe, read_dataset(data), bundle, Silent()))


@pytest.fixture
def predict(toys, bundle):
    """predict(image, "reliability.coverage=0.5"): the bundle's prediction."""

    def predict(image, *overrides: str):
        (prediction,) = open_pipeline(bundle, toys, overrides).predict([image], pixels=True)
        return prediction

    return predict


@pytest.fixture
def change_state(bundle):
    """change_state(function of the arrays by name): rewrite the bundle's state, with valid hashes."""

    def change(function):
        arrays = load_file(bundle / "state.safetensors")
        save_file(function(arrays), bundle / "state.safetensors")
        content = json.loads((bundle / "bundle.json").read_text())
        content["files"] = {name: sha256_of(bundle / name) for name in content["files"]}
        content["fingerprint"] = Manifest.model_validate(content).computed_fingerprint()
        (bundle / "bundle.json").write_text(json.dumps(content))

    return change
