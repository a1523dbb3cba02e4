"""Choice of the precision, and notices if it differs from that of the training."""

import pytest

from dysfw.bundle.read import read_bundle
from dysfw.data.read import read_dataset
from dysfw.inference import devices
from dysfw.inference.devices import resolve_precision
from dysfw.inference.loading import open_pipeline
from dysfw.recipe.check import load_recipe
from dysfw.training.train import train
from dysfw.util.progress import Silent


@pytest.mark.parametrize(
    ("flags", "precision"),
    [({"avx512f", "avx512_bf16"}, "bfloat16"), ({"asimd", "bf16"}, "bfloat16"), ({"avx2"}, "float32"), (set(), "float32")],
)
def test_auto_uses_bfloat16_if_the_processor_supports_it(monkeypatch, flags, precision):
    monkeypatch.setattr(devices, "_processor_flags", lambda: flags)
    assert resolve_precision("auto", "cpu", "auto") == precision
    assert resolve_precision("float32", "cpu", "auto") == "float32"
    assert resolve_precision("bfloat16", "cpu", "auto") == "bfloat16"


def test_flags_agree_with_torch():
    torch = pytest.importorskip("torch")
    known = getattr(torch.cpu, "get_capabilities", dict)()
    if "avx512_bf16" not in known:
        pytest.skip("torch does not report the processor's capabilities")
    assert ("avx512_bf16" in devices._processor_flags()) == known["avx512_bf16"]


@pytest.fixture
def grey(toys, toy_recipe, colour_data, tmp_path):
    """grey("bfloat16"): a bundle with a backbone in torch, trained in that precision."""

    def grey(precision: str):
        overrides = ["backbone.use=grey_backbone", f"precision={precision}"]
        folder = tmp_path / precision
        train(load_recipe(toy_recipe, toys, overrides), read_dataset(colour_data), folder, Silent())
        return folder

    return grey


def test_a_bundle_keeps_the_precision_of_its_training_and_reports_the_agreement_with_float32(toys, grey, monkeypatch):
    monkeypatch.setattr(devices, "_processor_flags", lambda: {"avx512_bf16"})
    folder = grey("auto")
    monkeypatch.setattr(devices, "_processor_flags", set)
    bundle = read_bundle(folder, toys)
    measured = bundle.manifest.agreement
    assert bundle.recipe.precision == measured.precision == "bfloat16"
    assert measured.images == 24
    assert 0.5 < measured.same_top_1 <= 1
    assert 0 < measured.max_difference < 0.2
    assert f"The bundle computes in bfloat16: {measured}." in (folder / "MODEL_CARD.md").read_text()
    pipeline = open_pipeline(folder, toys)
    assert pipeline.components.precision == "bfloat16"
    assert [n for n in pipeline.notices if n.code == "precision_differs"] == []
    (notice,) = [n for n in open_pipeline(folder, toys, ["precision=float32"]).notices if n.code == "precision_differs"]
    assert notice.message == f"predicted in float32, but the bundle was trained in bfloat16; {measured}"


def test_auto_uses_the_precision_of_the_bundle(toys, grey, toy_recipe, monkeypatch):
    folder = grey("float32")
    assert read_bundle(folder, toys).manifest.agreement is None
    monkeypatch.setattr(devices, "_processor_flags", lambda: {"avx512_bf16"})
    toy_recipe.write_text(toy_recipe.read_text().replace("use: mosaic", "use: grey_backbone") + f"bundle: {folder}\n")
    for overrides in (["precision=auto"], []):
        assert open_pipeline(toy_recipe, toys, overrides).components.precision == "float32"
    (notice,) = [n for n in open_pipeline(folder, toys, ["precision=bfloat16"]).notices if n.code == "precision_differs"]
    assert notice.message == "predicted in bfloat16, but the bundle was trained in float32"
