"""Use from Python."""

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image as Pillow
from pypdf import PdfReader

import dysfw
from dysfw.errors import DysfwError, ImageError
from dysfw.model import Model

RED = (200, 40, 40)


@pytest.fixture
def model(toys, toy_recipe, colour_data, tmp_path):
    from dysfw.data.read import read_dataset
    from dysfw.inference.loading import open_pipeline
    from dysfw.recipe.check import load_recipe
    from dysfw.training.train import train
    from dysfw.util.progress import Silent

    train(load_recipe(toy_recipe, toys), read_dataset(colour_data), tmp_path / "bundle", Silent())
    return Model(open_pipeline(tmp_path / "bundle", toys))


def test_an_image_is_a_path_bytes_an_array_or_a_pillow_image(model, paint):
    path = paint("a.png", RED)
    expected = model.predict(path).ranking
    assert expected[0][0] == "red"
    assert sum(probability for _, probability in expected) == pytest.approx(1, abs=1e-5)
    with Pillow.open(path) as opened:
        for image in (str(path), path.read_bytes(), np.asarray(opened), opened):
            assert dict(model.predict(image).ranking) == pytest.approx(dict(expected))


def test_a_pillow_image_keeps_its_orientation(model, paint, tmp_path):
    exif = Pillow.Exif()
    exif[0x0112] = 6
    with Pillow.open(paint("a.png", RED, size=(96, 48))) as opened:
        opened.save(tmp_path / "rotated.jpg", exif=exif)
    with Pillow.open(tmp_path / "rotated.jpg") as rotated:
        image = model.predict(rotated).prediction.face_embedding.image
    assert (image.width, image.height) == (48, 96)


def test_invalid_images_are_rejected(model, paint, tmp_path):
    with pytest.raises(ImageError, match="no such file"):
        model.predict("nowhere.jpg")
    with pytest.raises(ImageError, match="not an image"):
        model.predict(b"<svg/>")
    with pytest.raises(ValueError, match=r"uint8 \[height, width, 3\]"):
        model.predict(np.zeros((64, 64), np.float32))
    with pytest.raises(TypeError, match="not int"):
        model.predict(3)
    results = model.predict_all(["nowhere.jpg", paint("a.png", RED)])
    assert len(results) == 1
    assert [one.code for one in results.failures] == ["missing_file"]


def test_results_convert_to_data_frames(model, paint):
    results = model.predict_all([paint("a.png", RED), paint("b.png", RED, seed=2)])
    frame = results.to_frame()
    assert len(frame) == 6
    assert frame.groupby("image").probability.sum().round(4).tolist() == [1, 1]
    assert results[0].to_frame().iloc[0].label == "red"


def test_a_patient_is_predicted_from_the_images_that_can_be_used(model, paint, tmp_path):
    result = model.predict_patient([paint("a.png", RED), tmp_path / "none.jpg", paint("b.png", RED, seed=2)], "P-1")
    assert result.to_dict()["patient"] == "P-1"
    assert [one.code for one in result.prediction.failures] == ["missing_file"]
    images = result.to_dict()["images"]
    assert [one["counted"] for one in images] == [True, True, False]
    assert images[2]["left_out"] == "no such file"
    result.save_figure(tmp_path / "patient.png")  # the pixels of a patient are kept
    with pytest.raises(ImageError, match="no image of the patient"):
        model.predict_patient([tmp_path / "none.jpg"])
    with pytest.raises(ValueError, match="one face"):
        result.explain(maps="occlusion")


def test_an_explanation_is_included_in_later_output(model, paint, tmp_path):
    result = model.predict(paint("a.png", RED))
    assert "explanation" not in result.to_dict()
    explanation = result.explain("sand", maps="occlusion")
    assert explanation.condition == result.prediction.labels.index("sand")
    assert result.to_dict()["explanation"]["label"] == "sand"
    result.save_figure(tmp_path / "out.png")
    with Pillow.open(tmp_path / "out.png") as figure:
        assert figure.width == 1920
    result.save_pdf(tmp_path / "out.pdf", paper="letter")
    page = PdfReader(tmp_path / "out.pdf").pages[0]
    assert round(page.mediabox.width) == 612
    assert "sand" in page.extract_text().partition("What speaks for and against")[2]
    with pytest.raises(DysfwError, match="no such condition"):
        result.explain("sandd")


def test_notebooks_show_a_card_without_image_and_scripts(model, paint):
    path = paint("a<b>.png", RED)
    result = model.predict(path)
    html = result._repr_html_()
    assert "a&lt;b&gt;.png" in html
    assert "<script" not in html
    assert "data:" not in html
    assert "href" not in html
    assert "Research use only" in html
    assert "not reliable: " in html
    assert result._repr_html_() != html  # ids are unique in a notebook


def test_a_card_contains_the_image_only_on_request(model, paint):
    result = model.predict(paint("a.png", RED))
    assert "data:image/jpeg;base64," in result.html(image=True)
    with pytest.raises(ValueError, match="were not kept"):
        model.predict_all([paint("a.png", RED)])[0].html(image=True)
    assert "data:image" in model.predict_all([paint("a.png", RED)], pixels=True)[0].html(image=True)


def test_invalid_arguments_are_rejected(model, paint, tmp_path):
    path = paint("a.png", RED)
    with pytest.raises(TypeError, match="put it in a list"):
        model.predict_all(str(path))
    with pytest.raises(TypeError, match="put it in a list"):
        model.predict_patient(path.read_bytes())
    with pytest.raises(ImageError, match="there are no images"):
        model.predict_patient([])
    with pytest.raises(ValueError, match="occlusion, gradient or None, found 'foo'"):
        model.predict(path).explain(maps="foo")
    with pytest.raises(DysfwError, match=r"must end in .png, .pdf, .svg, found .*r\.xyz"):
        model.predict(path).save_figure(tmp_path / "r.xyz")
    with pytest.raises(DysfwError, match=r"must end in \.pdf, found "):
        model.predict(path).save_pdf(tmp_path / "r.png")


def test_importing_dysfw_imports_no_heavy_package():
    code = "import sys, dysfw; print([m for m in ('numpy', 'torch', 'PIL', 'pydantic', 'pluggy') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
    assert callable(dysfw.load)


def test_an_untrained_recipe_is_rejected(toy_recipe, monkeypatch):
    monkeypatch.syspath_prepend("tests/fixtures/toys_installed")
    with pytest.raises(DysfwError, match="not trained"):
        dysfw.load(toy_recipe)
