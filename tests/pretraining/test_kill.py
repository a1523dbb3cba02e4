"""Training resumes with bit-identical results after an interruption or a full disk."""

import resource
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from dysfw.errors import DysfwError
from dysfw.pretraining.checkpoint import FILE
from dysfw.training.finetune.array_file import read_array_file
from dysfw.weights.weight_file import read_metadata, read_weights

pytestmark = pytest.mark.slow


def checkpoint_of(weights: Path) -> Path:
    return Path(f"{weights}.training") / FILE


def done(weights: Path) -> int:
    """Return the number of completed steps in the checkpoint."""
    path = checkpoint_of(weights)
    return read_array_file(path).values["step"] if path.is_file() else 0


def wait_for(condition, process) -> None:
    for _ in range(12_000):
        if condition():
            return
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    pytest.fail("timed out")


def same(one: Path, other: Path) -> bool:
    a, b = read_weights(one), read_weights(other)
    assert a.keys() == b.keys()
    return read_metadata(one) == read_metadata(other) and all(a[name].tobytes() == b[name].tobytes() for name in a)


def test_a_killed_training_resumes_with_the_same_bits(start, train_here, recipe, identities, progress):
    whole, resumed = recipe.parent / "whole.safetensors", recipe.parent / "resumed.safetensors"
    train_here(whole)
    process = start("pretrain", recipe, identities, "-o", resumed)
    wait_for(lambda: done(resumed) >= 3, process)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert 3 <= done(resumed) < 12
    assert not resumed.exists()
    progress.notes.clear()
    assert train_here(resumed).finished
    assert any("resuming after step" in note for note in progress.notes)
    assert same(whole, resumed)


def test_a_stopped_training_resumes_with_the_same_bits(train_here, tmp_path):
    whole, resumed = tmp_path / "whole.safetensors", tmp_path / "resumed.safetensors"
    train_here(whole)
    calls = iter(range(1000))
    assert not train_here(resumed, should_stop=lambda: next(calls) == 24 + 5).finished  # 24 images, then steps
    assert done(resumed) == 6
    assert train_here(resumed).finished
    assert same(whole, resumed)
    assert not checkpoint_of(resumed).exists()


def test_another_seed_gives_other_bits(train_here, tmp_path):
    one, other = tmp_path / "one.safetensors", tmp_path / "other.safetensors"
    train_here(one, "pretrain.steps=2")
    train_here(other, "pretrain.steps=2", "seed=4")
    assert not np.array_equal(read_weights(one)["neck.weight"], read_weights(other)["neck.weight"])


def test_a_second_training_is_refused_and_ctrl_c_explains_how_to_resume(start, train_here, recipe, identities, tmp_path):
    weights = tmp_path / "w.safetensors"
    process = start("pretrain", recipe, identities, "-o", weights, "--set", "pretrain.steps=100000")
    wait_for(lambda: done(weights) >= 1, process)
    with pytest.raises(DysfwError, match="another process"):
        train_here(weights)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "run the same command again" in err
    assert "Traceback" not in err
    assert done(weights) >= 1


def test_a_full_disk_preserves_the_old_checkpoint(train_here, tmp_path):
    weights = tmp_path / "w.safetensors"
    calls = iter(range(1000))
    train_here(weights, should_stop=lambda: next(calls) == 24 + 2)
    before = checkpoint_of(weights).read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, limits[1]))  # bytes a file: the checkpoint is larger
    try:
        with pytest.raises(DysfwError, match="cannot write"):
            train_here(weights)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert checkpoint_of(weights).read_bytes() == before
    assert not list(checkpoint_of(weights).parent.glob("*unfinished*"))
    assert train_here(weights).finished


@pytest.mark.parametrize("damage", ["cut", "flipped", "emptied"])
def test_a_damaged_checkpoint_is_refused(train_here, tmp_path, damage):
    weights = tmp_path / "w.safetensors"
    calls = iter(range(1000))
    train_here(weights, should_stop=lambda: next(calls) == 24)
    path = checkpoint_of(weights)
    content = bytearray(path.read_bytes())
    content[-1000] ^= 1
    path.write_bytes({"cut": content[:-500], "flipped": content, "emptied": b""}[damage])
    with pytest.raises(DysfwError, match="damaged") as refused:
        train_here(weights)
    assert "--fresh" in refused.value.hint
    assert train_here(weights, "pretrain.steps=1", fresh=True).finished


@pytest.mark.parametrize("change", ["pretrain.learning_rate=0.1", "crop.margin=0.2", "backbone.seed=9"])
def test_a_checkpoint_of_another_training_is_refused(train_here, tmp_path, change):
    weights = tmp_path / "w.safetensors"
    calls = iter(range(1000))
    train_here(weights, should_stop=lambda: next(calls) == 24)
    with pytest.raises(DysfwError, match="another training"):
        train_here(weights, change)
