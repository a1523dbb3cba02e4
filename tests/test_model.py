"""dysfw from Python."""

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image as Pillow

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


def test_a_photograph_is_a_path_bytes_an_array_or_pillow_s(model, paint):
    path = paint("a.png", RED)
    wanted = model.predict(path).ranking
    assert wanted[0][0] == "red"
    assert sum(probability for _, probability in wanted) == pytest.approx(1, abs=1e-5)
    with Pillow.open(path) as opened:
        for given in (str(path), path.read_bytes(), np.asarray(opened), opened):
            assert dict(model.predict(given).ranking) == pytest.approx(dict(wanted))


def test_an_opened_photograph_keeps_its_orientation(model, paint, tmp_path):
    exif = Pillow.Exif()
    exif[0x0112] = 6
    with Pillow.open(paint("a.png", RED, size=(96, 48))) as opened:
        opened.save(tmp_path / "turned.jpg", exif=exif)
    with Pillow.open(tmp_path / "turned.jpg") as turned:
        judged = model.predict(turned).prediction.subject.image
    assert (judged.width, judged.height) == (48, 96)


def test_what_is_no_photograph_is_refused_with_its_reason(model, paint, tmp_path):
    with pytest.raises(ImageError, match="no such file"):
        model.predict("nowhere.jpg")
    with pytest.raises(ImageError, match="not an image"):
        model.predict(b"<svg/>")
    with pytest.raises(ValueError, match=r"uint8 \[height, width, 3\]"):
        model.predict(np.zeros((64, 64), np.float32))
    with pytest.raises(TypeError, match="not int"):
        model.predict(3)
    found = model.predict_all(["nowhere.jpg", paint("a.png", RED)])
    assert len(found) == 1
    assert [one.code for one in found.failures] == ["missing_file"]


def test_results_are_tables(model, paint):
    found = model.predict_all([paint("a.png", RED), paint("b.png", RED, seed=2)])
    frame = found.to_frame()
    assert len(frame) == 6
    assert frame.groupby("image").probability.sum().round(4).tolist() == [1, 1]
    assert found[0].to_frame().iloc[0].label == "red"


def test_a_patient_is_judged_by_what_can_be_judged(model, paint, tmp_path):
    result = model.predict_patient([paint("a.png", RED), tmp_path / "none.jpg", paint("b.png", RED, seed=2)], "P-1")
    assert result.to_dict()["patient"] == "P-1"
    assert [one.code for one in result.prediction.failures] == ["missing_file"]
    told = result.to_dict()["images"]
    assert [one["counted"] for one in told] == [True, True, False]
    assert told[2]["left_out"] == "no such file"
    result.save_figure(tmp_path / "patient.png")  # of a patient the pixels are kept
    with pytest.raises(ImageError, match="no photograph of the patient"):
        model.predict_patient([tmp_path / "none.jpg"])
    with pytest.raises(ValueError, match="of one face"):
        result.explain(maps="occlusion")


def test_explanations_are_in_all_that_is_made_of_the_result(model, paint, tmp_path):
    result = model.predict(paint("a.png", RED))
    assert "explanation" not in result.to_dict()
    found = result.explain("sand", maps="occlusion")
    assert found.condition == result.prediction.labels.index("sand")
    assert result.to_dict()["explanation"]["label"] == "sand"
    result.save_figure(tmp_path / "out.png")
    with Pillow.open(tmp_path / "out.png") as figure:
        assert figure.width == 1920
    with pytest.raises(DysfwError, match="no such condition"):
        result.explain("sandd")


def test_a_notebook_shows_it_without_the_photograph_and_without_a_program(model, paint):
    path = paint("a<b>.png", RED)
    result = model.predict(path)
    shown = result._repr_html_()
    assert "a&lt;b&gt;.png" in shown
    assert "<script" not in shown
    assert "data:" not in shown
    assert "href" not in shown
    assert "Research use only" in shown
    assert "reliable: no" in shown
    assert result._repr_html_() != shown  # names are unique in a notebook


def test_the_photograph_is_shown_only_where_that_is_asked_for(model, paint):
    result = model.predict(paint("a.png", RED))
    assert "data:image/jpeg;base64," in result.html(image=True)
    with pytest.raises(ValueError, match="were not kept"):
        model.predict_all([paint("a.png", RED)])[0].html(image=True)
    assert "data:image" in model.predict_all([paint("a.png", RED)], pixels=True)[0].html(image=True)


def test_what_is_asked_wrongly_is_told_in_words(model, paint, tmp_path):
    one = paint("a.png", RED)
    with pytest.raises(TypeError, match="put it in a list"):
        model.predict_all(str(one))
    with pytest.raises(TypeError, match="put it in a list"):
        model.predict_patient(one.read_bytes())
    with pytest.raises(ImageError, match="none was given"):
        model.predict_patient([])
    with pytest.raises(ValueError, match="occlusion, gradient, not 'foo'"):
        model.predict(one).explain(maps="foo")
    with pytest.raises(DysfwError, match=r"must end in .png, .pdf, .svg, found .*r\.xyz"):
        model.predict(one).save_figure(tmp_path / "r.xyz")


def test_importing_it_brings_nothing_heavy():
    code = "import sys, dysfw; print([m for m in ('numpy', 'torch', 'PIL', 'pydantic', 'pluggy') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
    assert callable(dysfw.load)


def test_an_untrained_recipe_is_refused(toy_recipe, monkeypatch):
    monkeypatch.syspath_prepend("tests/fixtures/toys_installed")
    with pytest.raises(DysfwError, match="not trained"):
        dysfw.load(toy_recipe)
