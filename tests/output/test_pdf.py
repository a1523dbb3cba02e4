"""A result as a PDF for paper."""

import io
from dataclasses import replace

import numpy as np
import pytest
from pypdf import PdfReader

from dysfw.data.read import read_dataset
from dysfw.errors import DysfwError
from dysfw.explain.explanation import explain
from dysfw.inference.loading import open_pipeline
from dysfw.inference.patient import predict_patient
from dysfw.output.pdf import ComparisonImage, save_pdf
from dysfw.recipe.check import load_recipe
from dysfw.training.train import train
from dysfw.types import EvidencePart, EvidenceResult, Failure, Notice, PatientRecord, PredictionSet, Sign
from dysfw.util.progress import Silent

LABELS = """\
red: {name: "Redness <b>& more</b> syndrome", mondo: "MONDO:0000001", omim: "OMIM:123456", orpha: "ORPHA:42"}
sand: {name: Sand syndrome}
"""


@pytest.fixture
def pipeline(toys, toy_recipe, colour_data, tmp_path, trained_once):
    (colour_data / "labels.yaml").write_text(LABELS)

    def write():
        train(load_recipe(toy_recipe, toys), read_dataset(colour_data), tmp_path / "bundle", Silent())

    return open_pipeline(trained_once("pdf", tmp_path / "bundle", toy_recipe, colour_data, write), toys)


@pytest.fixture
def prediction(pipeline, paint):
    (prediction,) = pipeline.predict([paint("Secret Person/new.png", (200, 40, 40), seed=99)], pixels=True)
    return prediction


@pytest.fixture
def read(pipeline):
    """read(result, top=3, …): the PDF that is written for a result, and its text in one line."""

    def read(result, top: int = 3, **settings: object) -> tuple[PdfReader, str]:
        file = io.BytesIO()
        save_pdf(file, result, pipeline, top=top, **settings)
        reader = PdfReader(file)
        return reader, " ".join(" ".join(page.extract_text() for page in reader.pages).split())

    return read


def with_record(result, number: int):
    """The result as it would be with a record of so many signs."""
    signs = tuple(Sign(f"HP:{n:07d}", f"Sign number {n}", "excluded" if n % 4 == 0 else "observed") for n in range(number))
    parts = tuple(EvidencePart(sign.name, np.full(len(result.labels), np.log(5), np.float32), sign) for sign in signs)
    evidence = EvidenceResult("hpo", np.full(len(result.labels), 3, np.float32), 0.5, parts)
    face = np.roll(result.probabilities, 1)
    record = PatientRecord(tuple(sign.id for sign in signs), age=3.5, sex="female")
    return replace(result, record=record, signs=signs, evidence=(evidence,), face_probabilities=face)


def with_evidence(explanation):
    """An explanation in which the record contributes too."""
    contributions = explanation.contributions
    evidence = np.full((1, contributions.values.shape[1]), -0.25)
    return replace(explanation, contributions=replace(contributions, evidence=evidence))


def fonts_of(reader: PdfReader) -> dict[str, bool]:
    """The fonts that text is set in, and whether each is embedded."""
    used = {}
    for page in reader.pages:
        for font in page["/Resources"]["/Font"].values():
            descriptor = font.get_object().get("/FontDescriptor")
            used[str(font.get_object()["/BaseFont"])] = descriptor is not None and "/FontFile2" in descriptor.get_object()
    return used


def test_names_ids_set_and_origin_can_be_read(read, prediction, pipeline):
    reader, text = read(replace(prediction, reasons=(), prediction_set=PredictionSet(0.9, (1,))))
    assert "Redness <b>& more</b> syndrome" in text  # a name with markup is literal
    for words in ("red · OMIM:123456 · ORPHA:42 · MONDO:0000001", "Sand syndrome", "green", "not a diagnosis", "new.png"):
        assert words in text
    assert "The 90 % set: Redness <b>& more</b> syndrome." in text
    assert f"bundle {pipeline.manifest.name} {pipeline.manifest.fingerprint[:12]}" in text
    assert f"recipe toy {pipeline.recipe.fingerprint[:12]}" in text
    assert f"page 1 of {len(reader.pages)}" in text
    assert f"balanced accuracy {pipeline.manifest.cross_validated.fused.estimate('balanced_accuracy')}" in text
    assert "shown to beat chance, p = " in text
    assert "Secret Person" not in text + str(dict(reader.metadata))  # a folder may name a person
    assert reader.metadata.author == "dysfw"
    assert "new.png" in reader.metadata.title


@pytest.mark.parametrize(("paper", "size"), [("a4", (595, 842)), ("letter", (612, 792))])
def test_pages_have_the_size_of_the_paper(read, prediction, paper, size):
    reader, _ = read(prediction, paper=paper)
    assert all((round(page.mediabox.width), round(page.mediabox.height)) == size for page in reader.pages)


def test_another_paper_is_refused(read, prediction):
    with pytest.raises(DysfwError, match="paper A5: no such paper size") as raised:
        read(prediction, paper="A5")
    assert "allowed: a4, letter" in raised.value.hint


def test_all_text_is_set_in_embedded_fonts(read, prediction):
    reader, _ = read(prediction)
    fonts = {name: embedded for name, embedded in fonts_of(reader).items() if "Helvetica" not in name}  # declared, never used
    assert any("DejaVuSans-Bold" in name for name in fonts)
    assert all(fonts.values())


def test_a_character_that_the_font_lacks_is_replaced_and_explained(read, prediction):
    patient = "Ελένη Γ. 张三 \U0001f9ec"
    image = replace(prediction.face_embedding.image, source=f"/somewhere/{patient}.png")
    odd = replace(prediction, face_embedding=replace(prediction.face_embedding, image=image))
    _, text = read(odd)
    assert "Ελένη Γ. □□ □.png" in text
    assert "□ stands for a character" in text
    assert "□" not in read(prediction)[1]


def test_reasons_and_warnings_stand_before_the_ranking(read, prediction):
    reason, warning = Notice("blurred", "the face is blurred <i>"), Notice("other", "the hair hides the forehead")
    _, text = read(replace(prediction, reliable=False, reasons=(reason,), notices=(reason, warning)))
    assert text.index("Do not rely on this result: the face is blurred <i>") < text.index("Ranking")
    assert text.count("blurred") == 1
    assert "the hair hides the forehead" in text


def test_a_face_unlike_the_training_data_has_no_set(read, prediction):
    reason = Notice("out_of_distribution", "the face is odd")
    _, text = read(replace(prediction, reliable=False, reasons=(reason,), notices=(reason,)))
    assert "No prediction set: this face is unlike the training data" in text
    assert "in the set" not in text


@pytest.mark.parametrize(
    ("members", "words"),
    [
        (PredictionSet(0.9, (0, 1)), "The 90 % set: "),
        (PredictionSet(0.9, ()), "The 90 % prediction set is empty"),
        (PredictionSet(0.9, (0, 1, 2), (1,)), "None of the 3 conditions can be excluded with 90 % confidence. 1 condition had"),
        (PredictionSet(0.95, (1, 2), (2,)), "because there were too few patients to exclude them: Sand syndrome"),
    ],
)
def test_the_prediction_set_is_written_in_words(read, prediction, members, words):
    assert words in read(replace(prediction, prediction_set=members))[1]


def test_a_record_of_40_signs_is_listed_with_ids(read, prediction, pipeline):
    explanation = with_evidence(explain(pipeline, prediction))
    _, text = read(with_record(prediction, 40), explanation=explanation)
    assert all(f"{'excluded' if n % 4 == 0 else 'observed'} Sign number {n} HP:{n:07d} ×5" in text for n in range(40))
    assert "age 3.5 years · female" in text
    assert "From the face alone, " in text
    assert "record (hpo)" in text
    assert "−0.250" in text


def test_60_conditions_take_several_pages_and_none_is_zero(read, prediction, pipeline):
    labels = tuple(f"condition-{n}-{'very-long-name-' * 12}" for n in range(60))
    probabilities = np.full(60, 0.0003 / 59, np.float32)
    probabilities[7] = 0.9997
    regions = np.tile(probabilities, (len(prediction.regions), 1))
    many = replace(prediction, labels=labels, probabilities=probabilities, region_probabilities=regions)
    wide = np.zeros((len(prediction.regions), 60))
    few = explain(pipeline, prediction)
    contributions = replace(few.contributions, values=wide, base_values=np.full(60, 1 / 60), evidence=np.zeros((0, 60)))
    reader, text = read(many, top=60, explanation=replace(few, condition=7, contributions=contributions))
    assert len(reader.pages) > 2
    assert all(f"condition-{n}-" in text for n in range(60))
    assert text.count("<0.001") >= 59
    assert ">0.999" in text
    assert "1.000" not in text.partition("How well")[0]


def test_a_patient_with_8_images_shows_6_and_names_all(read, pipeline, paint):
    paths = [paint(f"image-{n}.png", (200, 40, 40), seed=n + 70) for n in range(8)]
    results = list(pipeline.predict(paths, pixels=True))
    patient = predict_patient(pipeline.classifier, "P <b>&", [*results, Failure("/home/ada/bad.png", "unreadable", "is empty")])
    reader, text = read(patient)
    assert "patient P <b>&" in text
    assert "Photos: 8 of 9 used" in text
    assert "Also used, not shown (2 photos): image-6.png, image-7.png" in text
    assert "bad.png: is empty" in text
    assert "ada" not in text
    assert sum(len(page.images) for page in reader.pages) == 6


def test_comparison_images_are_said_not_to_be_the_patient(read, prediction):
    shown = ComparisonImage(np.full((64, 64, 3), 120, np.uint8), "Sand syndrome", "synthetic face")
    reader, text = read(prediction, comparisons=[shown])
    assert "none of these is the patient Sand syndrome synthetic face" in text
    assert sum(len(page.images) for page in reader.pages) == 2


def test_saliency_maps_are_drawn_on_the_photo(read, prediction, pipeline):
    plain, _ = read(prediction)
    heated, text = read(prediction, explanation=explain(pipeline, prediction, maps="occlusion"))
    assert "Orange parts of the face support red" in text
    assert plain.pages[0].images[0].data != heated.pages[0].images[0].data
