import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from dysfw.errors import DysfwError
from dysfw.inference.build import build
from dysfw.pretraining.backbone_file import WeightsInfo
from dysfw.pretraining.calibrate import update_batch_norm
from dysfw.pretraining.pairs import read_pairs
from dysfw.pretraining.schedule import Schedule
from dysfw.pretraining.verify import open_backbone, verify
from dysfw.recipe.check import load_recipe
from dysfw.recipe.sections import Pretrain
from dysfw.util.progress import Silent
from dysfw.weights.weight_file import read_metadata, read_weights

from .conftest import draw_identities

pytestmark = pytest.mark.slow


@pytest.fixture
def pairs_file(tmp_path) -> Path:
    """Pairs of eight people who are not in the training data; four folds."""
    draw_identities(tmp_path / "others", range(6, 14))
    lines = ["4\t6"]
    for fold in range(4):
        one, two = f"person_{6 + 2 * fold}", f"person_{7 + 2 * fold}"
        lines += [f"{name}\t{a}\t{b}" for name in (one, two) for a, b in ((1, 2), (3, 4), (1, 4))]
        lines += [f"{one}\t{a}\t{two}\t{b}" for a, b in ((1, 1), (2, 2), (3, 3), (4, 4), (1, 2), (2, 3))]
    path = tmp_path / "others" / "pairs.txt"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_the_weight_file_contains_backbone_projection_head_recipe_and_licence(train_here, recipe, registry, tmp_path):
    weights = tmp_path / "w.safetensors"
    done = train_here(weights, info=WeightsInfo("CC0-1.0", "of patterns"))
    assert (done.finished, done.images, done.identities, done.failures) == (True, 24, 6, ())
    metadata, tensors = read_metadata(weights), read_weights(weights)
    assert (metadata["format"], metadata["licence"], metadata["about"]) == ("dysfw.weights/1", "CC0-1.0", "of patterns")
    assert metadata["steps"] == "12"
    backbone = build(load_recipe(recipe, registry, [f"backbone.weights={weights}"])).backbone
    assert backbone.weights()[0].trained
    assert tensors["neck.weight"].shape == (16, backbone.dim)
    state = backbone.net.state_dict()
    assert all(np.array_equal(tensors[name], state[name].numpy()) for name in state)
    opened, projection = open_backbone(weights, None, registry, (), use_projection=None)
    assert opened.nodes["backbone"].params["weights"] == weights
    assert projection is not None


def test_eight_bits_shrink_the_file_and_barely_change_embeddings(train_here, recipe, registry, tmp_path, identities):
    for bits in (8, 32):
        train_here(tmp_path / f"{bits}.safetensors", info=WeightsInfo(bits=bits))
    small, large = tmp_path / "8.safetensors", tmp_path / "32.safetensors"
    assert small.stat().st_size < 0.4 * large.stat().st_size
    crops = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3)).astype(np.uint8)
    one, other = (
        build(load_recipe(recipe, registry, [f"backbone.weights={path}"])).backbone.embed(crops) for path in (small, large)
    )
    assert not np.array_equal(one, other)
    assert np.linalg.norm(one - other) < 0.1 * np.linalg.norm(other)


def test_training_reduces_the_loss_and_the_weights_verify_new_people(train_here, recipe, registry, tmp_path, pairs_file):
    weights = tmp_path / "w.safetensors"
    # Many steps: rounding differs between processors, so the result of a short training is a matter of chance.
    train_here(
        weights, "pretrain.steps=120", "pretrain.batch_size=16", "pretrain.depth=[]", "pretrain.margin=0", "pretrain.sizes=[]"
    )
    history = [json.loads(line) for line in Path(f"{weights}.training/history.jsonl").read_text("utf-8").splitlines()]
    assert [line["step"] for line in history] == [20, 40, 60, 80, 100, 120]
    assert history[-1]["identity"] < 0.6 * history[0]["identity"]
    assert history[-1]["images_per_s"] > 0

    def verified(source, use_projection=None):
        opened, projection = open_backbone(source, None, registry, (), use_projection=use_projection)
        return verify(opened, projection, read_pairs(pairs_file), pairs_file.parent, region=None, progress=Silent())

    after = verified(weights)
    assert (after.pairs, after.skipped, after.images, after.region) == (48, 0, 32, "upper")
    assert (after.embedding, after.trained) == ("projection", True)
    assert after.scores.auc > 0.7
    network = verified(weights, use_projection=False)
    assert network.embedding == "backbone"
    assert network.scores != after.scores
    assert not verified(recipe).trained


def test_identities_with_one_or_no_usable_image_are_reported(train_here, identities, tmp_path, progress):
    for path in sorted((identities / "person_1").iterdir())[1:]:
        path.unlink()
    for path in (identities / "person_2").iterdir():
        path.write_bytes(b"no image")
    done = train_here(tmp_path / "w.safetensors", "pretrain.steps=1")
    assert done.identities == 5
    assert len(done.failures) == 4
    assert any("1 identity with a single image" in note and "person_1" in note for note in progress.notes)
    assert any("1 identity skipped" in note and "person_2" in note for note in progress.notes)


def test_one_identity_is_refused(train_here, identities, tmp_path):
    for person in range(1, 6):
        shutil.rmtree(identities / f"person_{person}")
    with pytest.raises(DysfwError, match="1 identity with a usable image; at least 2"):
        train_here(tmp_path / "w.safetensors")


@pytest.mark.parametrize(
    ("sets", "message"),
    [
        (["backbone={use: mosaic}"], "dysfw-toys:mosaic cannot be trained"),
        (["pretrain.regions=[uper]"], "did you mean 'upper'"),
        (["pretrain.attributes=1"], "truth.parquet"),
        (["backbone.pooling=flatten", "pretrain.sizes=[[0, 64]]"], "change the length of this backbone's embedding"),
        (["pretrain.learning_rate=1", "pretrain.scale=256", "pretrain.warmup=0", "backbone.weights=nowhere"], "safetensors"),
    ],
)
def test_unsuitable_recipes_are_refused(train_here, tmp_path, sets, message):
    with pytest.raises(DysfwError, match=message):
        train_here(tmp_path / "w.safetensors", *sets)


def test_missing_ground_truth_is_reported_before_faces_are_detected(train_here, tmp_path):
    with pytest.raises(DysfwError, match=r"truth\.parquet is missing"):
        train_here(tmp_path / "w.safetensors", "pretrain.landmarks=1")
    assert not list(tmp_path.rglob("frames-*"))


def test_an_existing_file_is_not_overwritten(train_here, tmp_path):
    (tmp_path / "w.safetensors").write_bytes(b"precious")
    with pytest.raises(DysfwError, match="already exists"):
        train_here(tmp_path / "w.safetensors")
    with pytest.raises(DysfwError, match="is not a folder"):
        train_here(tmp_path / "nowhere" / "w.safetensors")
    assert (tmp_path / "w.safetensors").read_bytes() == b"precious"


def test_two_processes_share_a_batch_and_write_one_file(start, recipe, identities, tmp_path):
    weights = tmp_path / "w.safetensors"
    process = start("pretrain", recipe, identities, "-o", weights, "--devices", 2, "--set", "pretrain.steps=4")
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    assert "error" not in err
    assert out.count("trained on 24 images of 6 identities") == 1
    assert read_metadata(weights)["steps"] == "4"


def test_the_schedule_follows_the_recipe():
    keys = Pretrain(steps=100, learning_rate=1.0, warmup=0.1, sizes=[(0, 32), (0.5, 48)], depth=[(0, 0.2), (0.5, 1.0)])
    schedule = Schedule(keys, 99)
    assert [schedule.size_at(step) for step in (0, 49, 50, 99)] == [32, 32, 48, 48]
    assert [schedule.depth_at(step) for step in (0, 25, 50, 99)] == pytest.approx([0.2, 0.6, 1, 1])
    rates = [schedule.learning_rate_at(step) for step in range(100)]
    assert max(rates) == rates[10] == 1
    assert rates == sorted(rates[:11]) + sorted(rates[11:], reverse=True)
    assert 0 < rates[0] < 0.1
    assert 0 < rates[99] < 0.02
    assert Schedule(Pretrain(), 99).size_at(0) == 99


def test_batch_norm_statistics_are_those_of_the_data():
    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
    batches = [(torch.randn(16, 3),) for _ in range(5)]
    weights = module[0].weight.clone()
    update_batch_norm(module, batches)
    hidden = [module[0](x) for (x,) in batches]
    torch.testing.assert_close(module[1].running_mean, torch.stack([h.mean(0) for h in hidden]).mean(0).detach())
    torch.testing.assert_close(module[1].running_var, torch.stack([h.var(0) for h in hidden]).mean(0).detach())
    assert torch.equal(module[0].weight, weights)
    assert not module.training
    assert module[1].momentum == 0.1
