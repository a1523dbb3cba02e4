"""The one way of a data set into training and evaluation: checks, signatures and observers."""

import shutil

import pytest

from dysfw.cache.store import StageCache
from dysfw.data.read import read_dataset
from dysfw.evaluation.evaluate import Candidate, EvaluationConfig, evaluate
from dysfw.evaluation.splits import SplitConfig
from dysfw.inference import embedder
from dysfw.inference.build import build
from dysfw.inference.pipeline import Pipeline
from dysfw.recipe.check import load_recipe
from dysfw.training.preparation import SignatureObserver, prepare_dataset
from dysfw.training.train import train
from dysfw.types import FaceEmbedding, Failure
from dysfw.util.progress import Silent

COLOURS = {"red": (200, 40, 40), "green": (40, 160, 40), "sand": (190, 170, 110)}
QUICK = EvaluationConfig(SplitConfig("folds", folds=3, repeats=1), resamples=50, permutations=99)


@pytest.fixture
def recipe(toys, toy_recipe):
    return load_recipe(toy_recipe, toys)


@pytest.fixture
def copied_data(tmp_path, paint):
    """Five images a class, each copied four times byte for byte, in folders without a manifest."""
    for k, (label, colour) in enumerate(COLOURS.items()):
        for n in range(5):
            original = paint(f"copied/{label}/{n}.png", colour, seed=100 * k + n)
            for copy in range(1, 5):
                shutil.copyfile(original, original.with_name(f"{n}-copy-{copy}.png"))
    return tmp_path / "copied"


@pytest.fixture
def near_copies(tmp_path, paint):
    """Two images a patient; red-2 (patient red-1) is an enlarged copy of red-0 (patient red-0)."""
    from PIL import Image as Pillow

    rows = ["path,label,patient"]
    for k, (label, colour) in enumerate(COLOURS.items()):
        for n in range(12):
            path = paint(f"near/{label}-{n}.png", colour, seed=100 * k + n)
            if (label, n) == ("red", 2):
                Pillow.open(tmp_path / "near" / "red-0.png").resize((128, 128)).save(path)
            rows.append(f"{label}-{n}.png,{label},{label}-{n // 2}")
    (tmp_path / "near" / "manifest.csv").write_text("\n".join(rows) + "\n")
    return tmp_path / "near"


@pytest.fixture
def files_read(monkeypatch):
    """The files that the pipeline reads, and the images that it decodes, in order."""
    read, decoded = [], []
    read_bytes, decode_image = embedder.read_bytes, embedder.decode_image
    monkeypatch.setattr(embedder, "read_bytes", lambda source: read.append(str(source)) or read_bytes(source))
    monkeypatch.setattr(
        embedder, "decode_image", lambda content, source: decoded.append(source) or decode_image(content, source)
    )
    return read, decoded


@pytest.fixture
def cache(tmp_path):
    cache = StageCache(tmp_path / "stages", 2**30, lambda message: None)
    yield cache
    cache.close()


def test_train_excludes_identical_copies(recipe, copied_data, tmp_path):
    result = train(recipe, read_dataset(copied_data), tmp_path / "bundle", Silent())
    assert result.manifest.data.images == 15
    assert result.manifest.data.per_label == {"green": 5, "red": 5, "sand": 5}
    assert result.manifest.data.excluded == {"duplicate_image": 60}
    (finding,) = [one for one in result.manifest.data.findings if one.code == "duplicate_image"]
    assert (finding.severity, finding.images) == ("exclusion", 60)
    card = (tmp_path / "bundle" / "MODEL_CARD.md").read_text()
    assert "15 images" in card
    assert "excluded: 60 (duplicate_image)" in card
    assert finding.message in card


def test_train_and_evaluate_use_the_same_images_and_patients(recipe, near_copies, tmp_path):
    dataset = read_dataset(near_copies)
    prepared = prepare_dataset(Pipeline(recipe, build(recipe)), dataset, Silent(), SignatureObserver())
    trained = train(recipe, dataset, tmp_path / "bundle", Silent())
    (evaluated,) = evaluate([Candidate(recipe, build(recipe))], dataset, QUICK, Silent())
    embedded = evaluated.evaluation_data.embedded
    assert trained.manifest.data.fingerprint == embedded.fingerprint
    assert [(s.path, s.label, s.patient) for s in prepared.checked.dataset.samples] == [
        (s.path, s.label, s.patient) for s in embedded.samples
    ]
    assert trained.manifest.data.patients == evaluated.result.data.patients == 17  # of 18, two share a near copy
    assert "near_copies" in {one.code for one in trained.findings}
    assert "near_copies" in {one.code for one in evaluated.result.data.findings}


def test_evaluate_reads_and_decodes_each_image_once(recipe, colour_data, files_read):
    read, decoded = files_read
    dataset = read_dataset(colour_data)
    evaluate([Candidate(recipe, build(recipe))], dataset, QUICK, Silent())
    everything = sorted(str(sample.path) for sample in dataset.samples)
    assert sorted(read) == everything
    assert sorted(decoded) == everything


def test_recipes_with_the_same_embeddings_read_each_image_once(toys, toy_recipe, colour_data, files_read):
    recipes = [load_recipe(toy_recipe, toys, overrides) for overrides in ([], ["fusion.use=median", "name=median"])]
    dataset = read_dataset(colour_data)
    evaluate([Candidate(recipe, build(recipe)) for recipe in recipes], dataset, QUICK, Silent())
    assert [len(calls) for calls in files_read] == [30, 30]


class FailsOnOne:
    """An observer that cannot handle one image."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.seen: list[str] = []

    def needs(self, sha256: str) -> bool:
        return True

    def observe(self, job) -> None:
        if job.source.endswith(self.name):
            raise RuntimeError("no colour profile")
        self.seen.append(job.source)


def test_an_observer_that_fails_leaves_out_only_that_image(recipe, paint):
    images = [paint(f"{n}.png", COLOURS["red"], seed=n) for n in range(5)]
    observer = FailsOnOne("2.png")
    results = list(Pipeline(recipe, build(recipe)).embed(images, observer=observer))
    assert [isinstance(one, FaceEmbedding) for one in results] == [True, True, False, True, True]
    failure = results[2]
    assert isinstance(failure, Failure)
    assert failure.code == "not_inspected"
    assert "RuntimeError: no colour profile" in failure.message
    assert observer.seen == [str(path) for n, path in enumerate(images) if n != 2]


def test_a_second_training_takes_signatures_from_the_cache(recipe, colour_data, tmp_path, cache, files_read):
    read, decoded = files_read
    first = train(recipe, read_dataset(colour_data), tmp_path / "first", Silent(), cache=cache)
    assert (len(read), len(decoded)) == (30, 30)
    second = train(recipe, read_dataset(colour_data), tmp_path / "second", Silent(), cache=cache)
    assert (len(read), len(decoded)) == (60, 30)  # nothing is decoded again
    assert second.manifest.data == first.manifest.data
    assert second.manifest.files["state.safetensors"] == first.manifest.files["state.safetensors"]


def test_signatures_from_the_cache_equal_computed_ones(recipe, colour_data, cache):
    dataset = read_dataset(colour_data)
    computed, cached = SignatureObserver(cache), SignatureObserver(cache)
    list(Pipeline(recipe, build(recipe)).embed([s.path for s in dataset.samples], observer=computed))
    computed.keep()
    for sha256, signature in computed.signatures.items():
        assert not cached.needs(sha256)
        other = cached.signatures[sha256]
        assert other.pixels == signature.pixels
        for name in ("bits", "small", "mirrored_bits", "mirrored_small"):
            assert (getattr(other, name) == getattr(signature, name)).all()
            assert getattr(other, name).dtype == getattr(signature, name).dtype
