"""Saliency maps by integrated gradients."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from dysfw.errors import DysfwError
from dysfw.explain.crops import cut_crops
from dysfw.explain.explanation import explain
from dysfw.explain.gradient import CELLS, _probability_gradient
from dysfw.explain.occlusion import blurred
from dysfw.inference.loading import open_pipeline
from dysfw.plugin import with_networks
from dysfw.registry.registry import load_registry

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def pipeline():
    return open_pipeline(ROOT / "recipes" / "dlib.yaml", load_registry(), ["device=cpu", "precision=float32"])


@pytest.fixture(scope="module")
def result(pipeline):
    (prediction,) = pipeline.predict([ROOT / "docs" / "images" / "phantom.jpg"], pixels=True)
    return prediction


class SeesOneCorner(torch.nn.Module):
    """Embeds the brightness of the upper right corner in every dimension but the first."""

    def __init__(self):
        super().__init__()
        self.scale = torch.nn.Parameter(torch.tensor(0.1))

    def forward(self, pixels):
        brightness = pixels[:, :, :37, 113:].float().mean(dim=(1, 2, 3)) * self.scale
        return torch.cat([torch.zeros_like(brightness)[:, None], brightness[:, None].repeat(1, 127)], dim=1)


def test_a_map_is_nonzero_only_where_the_backbone_looks(pipeline, result):
    class Corner(type(pipeline.components.backbone)):
        module = SeesOneCorner()

        def __init__(self):
            pass

    noise = np.random.default_rng(0).integers(0, 256, result.face_embedding.pixels.shape, dtype=np.uint8)
    noisy = replace(result, face_embedding=replace(result.face_embedding, pixels=noise))
    explanation = explain(with_networks(pipeline, Corner(), {}, pipeline.classifier.heads), noisy, maps="gradient")
    assert [one.region for one in explanation.maps] == list(result.regions)
    for one in explanation.maps:
        assert one.method == "gradient"
        importance = one.importance[explanation.condition]
        assert importance.shape == (CELLS, CELLS)
        strong = np.argwhere(np.abs(importance) > 1e-9)
        assert len(strong)
        assert strong[:, 0].max() <= CELLS * 37 // 150
        assert strong[:, 1].min() >= CELLS * 113 // 150 - 1
        assert np.isnan(np.delete(one.importance, explanation.condition, axis=0)).all()


def test_a_map_sums_to_the_first_order_effect_of_blurring(pipeline, result):
    """The axiom of completeness, with the network, head and fusion of the dlib recipe."""
    explanation, backbone = explain(pipeline, result, maps="gradient"), pipeline.components.backbone
    for row, crop in enumerate(cut_crops(pipeline.embedder, result.face_embedding).values()):
        gradient = _probability_gradient(pipeline.classifier, result, row, explanation.condition)
        original, hidden = backbone.embed(np.stack([crop.pixels, blurred(crop.pixels)]))
        expected = float(gradient @ (original - hidden))
        assert explanation.maps[row].importance[explanation.condition].sum() == pytest.approx(
            expected, abs=0.02 + 0.1 * abs(expected)
        )


def test_the_gradient_predicts_the_change_in_probability(pipeline, result):
    row, k = 0, result.ranking[0]
    gradient = _probability_gradient(pipeline.classifier, result, row, k)
    moved = result.face_embedding.embeddings[row] + 1e-3 * gradient / np.linalg.norm(gradient)
    region_probabilities = result.region_probabilities[None].copy()
    region_probabilities[0, row] = pipeline.classifier.heads[result.regions[row]].predict(moved[None])[0]
    after = pipeline.classifier.calibrated_probabilities(region_probabilities, result.present[None])[0, k]
    assert after - result.probabilities[k] == pytest.approx(1e-3 * np.linalg.norm(gradient), rel=0.05)


def test_a_backbone_without_a_torch_module_is_rejected(pipeline, result):
    class Opaque:
        input_size = 150

    with pytest.raises(DysfwError, match="exposes no torch module") as error:
        explain(with_networks(pipeline, Opaque(), {}, pipeline.classifier.heads), result, maps="gradient")
    assert "occlusion" in error.value.hint
