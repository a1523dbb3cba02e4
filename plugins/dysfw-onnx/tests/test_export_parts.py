"""Which heads and backbones can be exported, and the errors for those that cannot."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from dysfw_onnx import command
from dysfw_onnx.export.export import export_pipeline
from dysfw_onnx.export.folding import BicubicDownscale
from dysfw_onnx.export.layers import head_model
from dysfw_onnx.export.readme import summary
from PIL import Image as Pillow
from typer.testing import CliRunner

from dysfw.builtin.heads.gallery import Gallery
from dysfw.builtin.heads.knn import Knn
from dysfw.builtin.heads.lda import Lda
from dysfw.builtin.heads.linear_svm import LinearSvm
from dysfw.builtin.heads.mlp import Mlp
from dysfw.builtin.heads.softmax import Softmax
from dysfw.builtin.heads.two_stage import TwoStageHead
from dysfw.cli.main import app
from dysfw.contracts.components import Head, Layer
from dysfw.errors import DysfwError
from dysfw.inference.build import build
from dysfw.inference.pipeline import Pipeline
from dysfw.recipe.check import load_recipe
from dysfw.registry.registry import load_registry
from dysfw.util.install import install_command
from dysfw.util.progress import Silent

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
LABELS = ("apert", "control", "down", "noonan")
HEADS = {
    "softmax": lambda: Softmax(C=0.1),
    "lda": Lda,
    "linear_svm": lambda: LinearSvm(C=0.001),
    "mlp": lambda: Mlp(hidden=8),
    "knn": Knn,
    "knn with k=1": lambda: Knn(k=1, metric="plain"),
    "knn of all cases": lambda: Knn(k=1000, metric="standard"),
    "gallery": Gallery,
    "gallery of nearest": lambda: Gallery(by="nearest", metric="standard"),
    "two_stage": lambda: TwoStageHead(Lda(), Softmax(C=0.1)),
    "two_stage of gallery heads": lambda: TwoStageHead(Knn(), Gallery()),
}
BACKBONE = "{use: timm, model: test_resnet, weights: random, size: SIZE, seed: SEED}"


def network(size, seed=0):
    return BACKBONE.replace("SIZE", str(size)).replace("SEED", str(seed))


def dataset(dim=20, seed=0):
    rng = np.random.default_rng(seed)
    y = np.repeat(np.arange(4), 12)
    x = rng.normal(0, 1, (4, dim))[y] + rng.normal(0, 1.5, (len(y), dim))
    return x.astype(np.float32), y, np.arange(len(y)) // 2


@pytest.mark.parametrize("missing", [None, 3], ids=["all classes", "a class without cases"])
@pytest.mark.parametrize("make", HEADS.values(), ids=HEADS)
def test_every_head_gives_the_same_probabilities_after_export(make, missing):
    x, y, groups = dataset()
    head, keep = make(), y != missing
    head.prepare(LABELS)
    head.fit(x[keep], y[keep], 4, groups[keep])
    model = head_model(head, "face", x.shape[1])
    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    for rows in (x, x[:1], x[:0]):
        (found,) = session.run(None, {"embeddings": rows})
        assert found.dtype == np.float32
        assert found.shape == (len(rows), 4)
        np.testing.assert_allclose(found, head.predict(rows), atol=2e-6)


class Opaque(Head):
    """A third-party head without layers()."""

    def fit(self, x, y, classes, groups):
        self.classes = classes

    def predict(self, x):
        return np.full((len(x), self.classes), 1 / self.classes, np.float32)

    state = restore = None


@dataclass
class Sine(Layer):
    def __call__(self, x):
        return np.sin(x)


class Wavy(Opaque):
    def layers(self):
        return (Sine(),)


@pytest.mark.parametrize(("make", "part"), [
    (Opaque, "the head Opaque cannot be exported: it has no method layers"),
    (Wavy, "Wavy of the region nose cannot be exported: its layer Sine is not one of dysfw.contracts.layers"),
    (Softmax, "Softmax of the region nose cannot be exported: this head is not fitted"),
    (lambda: TwoStageHead(Lda(), Opaque()), "the head Opaque"),
])  # fmt: skip
def test_unsupported_heads_are_refused_with_the_supported_layers(make, part):
    x, y, groups = dataset()
    head = make()
    head.prepare(LABELS)
    if not isinstance(head, Softmax):
        head.fit(x, y, 4, groups)
    with pytest.raises(DysfwError, match=part) as caught:
        head_model(head, "nose", 20)
    assert "consists of Standardize, Affine, ReLU" in caught.value.hint


@pytest.mark.parametrize(("size", "smaller"), [(150, 112), (64, 48), (80, 40), (61, 17)])
def test_crops_are_downscaled_exactly_as_by_pillow(size, smaller):
    crops = np.random.default_rng(0).integers(0, 256, (4, size, size, 3), np.uint8)
    crops[0] = crops[0] // 128 * 255  # overshoots on both sides
    expected = [np.asarray(Pillow.fromarray(one).resize((smaller, smaller), Pillow.Resampling.BICUBIC)) for one in crops]
    found = BicubicDownscale(size, smaller)(torch.from_numpy(crops).permute(0, 3, 1, 2).float())
    np.testing.assert_array_equal(found.permute(0, 2, 3, 1).numpy(), expected)


@pytest.fixture
def opened(tmp_path):
    """opened("{use: …}", "key=value"): the pipeline of an untrained recipe with this backbone and these overrides."""

    def opened(backbone, *overrides):
        path = tmp_path / "test.yaml"
        quick = "segmenter: {use: halves}\ncrop: {align: dlib}\nbundle: null"
        path.write_text(f"extends: {ROOT / 'recipes' / 'dlib.yaml'}\nname: test\n{quick}\nbackbone: {backbone}\n")
        recipe = load_recipe(path, load_registry(), ["device=cpu", "precision=float32", *overrides])
        return Pipeline(recipe, build(recipe))

    return opened


@pytest.fixture(scope="module")
def onnx_file(tmp_path_factory):
    """A minimal model for the backbone ``onnx``."""
    crops = onnx.helper.make_tensor_value_info("crops", onnx.TensorProto.FLOAT, ["N", 3, 64, 64])
    means = onnx.helper.make_tensor_value_info("means", onnx.TensorProto.FLOAT, ["N", 3, 1, 1])
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("GlobalAveragePool", ["crops"], ["means"])], "means", [crops], [means]
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 18)], ir_version=10)
    path = tmp_path_factory.mktemp("model") / "means.onnx"
    onnx.save(model, path)
    return path


@pytest.mark.parametrize("backbone", [
    f"{{use: tta, of: {{use: concat, of: [{network(64)}, {network(48, 1)}], shares: [2, 1]}}}}",
    f"{{use: concat, unit: false, of: [{network(48)}, {{use: tta, of: {network(64, 1)}, unit: false}}]}}",
    f"{{use: tta, of: {network(64)}, flip: false, scales: [1.0]}}",
], ids=["tta of concat", "concat with tta", "one view"])  # fmt: skip
def test_nested_backbones_are_exported_as_one_graph(opened, tmp_path, backbone):
    pipeline = opened(backbone)
    result = export_pipeline(pipeline, tmp_path / "out", Silent())
    assert result.comparison.embedding < 2e-5
    assert result.comparison.images == 4
    assert result.comparison.probability is None
    assert "1 backbone; no heads, because the recipe is not trained" in summary(tmp_path / "out", result)
    metadata = json.loads((tmp_path / "out" / "export.json").read_text())
    assert (metadata["labels"], metadata["head"], metadata["bundle"]) == ([], None, None)
    assert sorted(metadata["files"]) == ["README.md", "backbone.onnx", "recipe.yaml"]
    assert "not trained" in (tmp_path / "out" / "README.md").read_text()


def test_a_backbone_tuned_for_a_region_gets_its_own_file(opened, tmp_path):
    pipeline = opened(network(64), "tune.mode=batchnorm")
    backbone = pipeline.components.backbone
    name, tensor = next((n, t) for n, t in backbone.net.state_dict().items() if n.endswith("bn1.weight"))
    variant = backbone.variant({name: np.full(tensor.shape, 0.5, np.float32)})
    tuned = Pipeline(pipeline.recipe, pipeline.components, tuned={"left_half": variant})
    result = export_pipeline(tuned, tmp_path / "out", Silent())
    assert result.comparison.embedding < 2e-5
    metadata = json.loads((tmp_path / "out" / "export.json").read_text())
    assert {one["name"]: one["backbone"] for one in metadata["regions"]} == {
        "right_half": "backbone.onnx", "left_half": "backbone-left_half.onnx",
    }  # fmt: skip
    crops = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), np.uint8)
    for file, original in (("backbone.onnx", backbone), ("backbone-left_half.onnx", variant)):
        session = onnxruntime.InferenceSession(tmp_path / "out" / file, providers=["CPUExecutionProvider"])
        np.testing.assert_allclose(session.run(None, {"crops": crops})[0], original.embed(crops), rtol=1e-3, atol=1e-5)
    assert "tune" not in (tmp_path / "out" / "recipe.yaml").read_text()
    assert load_recipe(tmp_path / "out" / "recipe.yaml", load_registry())


def test_the_alignment_of_the_whole_face_is_exported(opened, tmp_path):
    pipeline = opened("{use: dlib_resnet}", "segmenter={use: whole_face}", "crop.align=backbone")
    export_pipeline(pipeline, tmp_path / "out", Silent())
    crop = json.loads((tmp_path / "out" / "export.json").read_text())["crop"]
    assert crop["align"] == "backbone"
    assert np.allclose(crop["whole_face"]["points"], pipeline.components.alignment.points)
    again = load_recipe(tmp_path / "out" / "recipe.yaml", load_registry())
    assert build(again).alignment == pipeline.components.alignment


BACKBONES = {
    "no module": ("{use: onnx, model: FILE}", "the backbone dysfw-onnx:onnx cannot be exported: it has no torch module"),
    "nested": (
        f"{{use: concat, of: [{network(64)}, {{use: onnx, model: FILE}}]}}",
        "cannot be exported: .*dlib_resnet have one, and projection, concat, tta",
    ),
    "zoomed": (f"{{use: tta, of: {network(64)}, scales: [1.0, 1.2]}}", r"with scales \[1.0, 1.2\]: .*Mirrored views can"),
    "other results": (
        network(64).replace("}", ", precision: bfloat16}"),
        "other results: embeddings differ by .*allowed",
    ),
}


@pytest.mark.parametrize(("backbone", "part"), BACKBONES.values(), ids=BACKBONES)
def test_a_failed_export_leaves_no_files(opened, onnx_file, tmp_path, backbone, part):
    pipeline = opened(backbone.replace("FILE", str(onnx_file)))
    before = sorted(tmp_path.iterdir())
    with pytest.raises(DysfwError, match=part) as caught:
        export_pipeline(pipeline, tmp_path / "out", Silent())
    assert caught.value.hint
    assert sorted(tmp_path.iterdir()) == before


def test_an_alignment_without_a_name_is_refused(opened, tmp_path, monkeypatch):
    from dysfw.imaging.alignment import Alignment

    pipeline = opened("{use: dlib_resnet}", "crop.align=backbone")
    monkeypatch.setattr(type(pipeline.components.backbone), "alignment", Alignment(margin=0.3))
    with pytest.raises(DysfwError, match="alignment without a name"):
        export_pipeline(pipeline, tmp_path / "out", Silent())


def test_region_names_that_collide_as_file_names_are_numbered(opened, tmp_path):
    from dysfw_onnx.export.export import _file_names

    pipeline = opened(network(64))

    class Odd:
        regions = ("a/b", "a b")

    pipeline.components = replace(pipeline.components, segmenter=Odd())
    pipeline.classifier = object()
    assert list(_file_names(pipeline).heads.values()) == ["head-000-a_b.onnx", "head-001-a_b.onnx"]


def run(*arguments):
    return CliRunner().invoke(app, ["export", str(ROOT / "recipes" / "dlib.yaml"), *map(str, arguments)])


def test_invalid_output_folders_are_refused(tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").write_text("mine")
    for folder, part in (
        (tmp_path / "full", "already exists"),
        (tmp_path / "full" / "notes.txt", "already exists"),
        (tmp_path / "nowhere" / "out", "is not a folder"),
        (Path("/proc/out"), "cannot write in /proc"),
    ):
        refused = run("-o", folder).exception
        assert isinstance(refused, DysfwError)
        assert part in refused.message
    assert (tmp_path / "full" / "notes.txt").read_text() == "mine"


def test_other_formats_are_refused(tmp_path):
    assert "--format: found 'tflite'; allowed: onnx" in str(run("-o", tmp_path / "out", "--format", "tflite").exception)


def test_a_missing_package_is_reported_with_the_install_command(tmp_path, monkeypatch):
    monkeypatch.setattr(command, "REQUIRED_PACKAGES", ("torch", "no_such_package"))
    refused = run("-o", tmp_path / "out").exception
    assert "needs no_such_package" in refused.message
    assert refused.hint == install_command("dysfw-onnx", "export")


def test_exporting_gallery_cases_warns(opened, tmp_path):
    opened(network(64))  # writes test.yaml
    data = ["path,label"]
    for label in ("phantom-unaffected", "phantom-down-syndrome"):
        data += [
            f"{file},{label}" for file in sorted((ROOT / "tests" / "fixtures" / "data" / "phantoms" / label).iterdir())[:4]
        ]
    (tmp_path / "data.csv").write_text("\n".join(data))
    train = ("train", tmp_path / "test.yaml", tmp_path / "data.csv", "-o", tmp_path / "bundle", "--set", "head.use=gallery")
    assert CliRunner().invoke(app, [str(word) for word in train]).exit_code == 0
    command = ("export", tmp_path / "bundle", "-o", tmp_path / "out", "--set", "prior={phantom-unaffected: 0.9}")
    done = CliRunner().invoke(app, [str(word) for word in command])
    assert done.exit_code == 0, done.output
    assert "contain embeddings of 8 gallery cases" in " ".join(done.stderr.split())
    assert "## Personal data" in (tmp_path / "out" / "README.md").read_text()
    metadata = json.loads((tmp_path / "out" / "export.json").read_text())
    assert metadata["check"]["probability"] < 1e-4
    assert dict(zip(metadata["labels"], metadata["calibration"]["prior"], strict=True))["phantom-unaffected"] == pytest.approx(
        0.9
    )
