"""Maps by the gradient of the trunk."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from dysfw.errors import DysfwError
from dysfw.explain.crops import cut_crops
from dysfw.explain.explanation import explain
from dysfw.explain.gradient import CELLS, _pull
from dysfw.explain.occlusion import blurred
from dysfw.inference.loading import open_pipeline
from dysfw.plugin import with_networks
from dysfw.registry.registry import load_registry

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def pipeline():
    return open_pipeline(ROOT / "recipes" / "dlib.yaml", load_registry(), ["device=cpu", "precision=float32"])


@pytest.fixture(scope="module")
def result(pipeline):
    (found,) = pipeline.predict([ROOT / "docs" / "images" / "phantom.jpg"], pixels=True)
    return found


class SeesOneCorner(torch.nn.Module):
    """The brightness of the upper right corner, as all numbers of an embedding but the first."""

    def __init__(self):
        super().__init__()
        self.scale = torch.nn.Parameter(torch.tensor(0.1))

    def forward(self, pixels):
        seen = pixels[:, :, :37, 113:].float().mean(dim=(1, 2, 3)) * self.scale
        return torch.cat([torch.zeros_like(seen)[:, None], seen[:, None].repeat(1, 127)], dim=1)


def test_a_map_lies_where_the_trunk_looks_and_nowhere_else(pipeline, result):
    class Corner(type(pipeline.components.backbone)):
        def __init__(self):
            self.module = SeesOneCorner()

    noise = np.random.default_rng(0).integers(0, 256, result.subject.pixels.shape, dtype=np.uint8)
    seen = replace(result, subject=replace(result.subject, pixels=noise))
    told = explain(with_networks(pipeline, Corner(), {}, pipeline.classifier.heads), seen, maps="gradient")
    assert [one.region for one in told.maps] == list(result.regions)
    for one in told.maps:
        assert one.method == "gradient"
        importance = one.importance[told.condition]
        assert importance.shape == (CELLS, CELLS)
        strong = np.argwhere(np.abs(importance) > 1e-9)
        assert len(strong)
        assert strong[:, 0].max() <= CELLS * 37 // 150
        assert strong[:, 1].min() >= CELLS * 113 // 150 - 1
        assert np.isnan(np.delete(one.importance, told.condition, axis=0)).all()


def test_a_map_adds_up_to_what_blurring_loses_in_the_first_order(pipeline, result):
    """The axiom of completeness, with dlib's own network, head and fusion."""
    told, backbone = explain(pipeline, result, maps="gradient"), pipeline.components.backbone
    for row, cut in enumerate(cut_crops(pipeline.embedder, result.subject).values()):
        pull = _pull(pipeline.classifier, result, row, told.condition)
        here, hidden = backbone.embed(np.stack([cut.pixels, blurred(cut.pixels)]))
        wanted = float(pull @ (here - hidden))
        assert told.maps[row].importance[told.condition].sum() == pytest.approx(wanted, abs=0.02 + 0.1 * abs(wanted))


def test_the_pull_is_the_derivative_of_what_is_reported(pipeline, result):
    row, k = 0, result.ranking[0]
    pull = _pull(pipeline.classifier, result, row, k)
    moved = result.subject.embeddings[row] + 1e-3 * pull / np.linalg.norm(pull)
    region_probabilities = result.region_probabilities[None].copy()
    region_probabilities[0, row] = pipeline.classifier.heads[result.regions[row]].predict(moved[None])[0]
    after = pipeline.classifier.calibrated_probabilities(region_probabilities, result.present[None])[0, k]
    assert after - result.probabilities[k] == pytest.approx(1e-3 * np.linalg.norm(pull), rel=0.05)


def test_a_backbone_without_a_module_is_refused_in_words(pipeline, result):
    class Opaque:
        input_size = 150

    with pytest.raises(DysfwError, match="exposes no torch module") as refusal:
        explain(with_networks(pipeline, Opaque(), {}, pipeline.classifier.heads), result, maps="gradient")
    assert "occlusion" in refusal.value.hint
