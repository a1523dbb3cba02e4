"""``dysfw run --pdf``."""

import importlib.util

import pytest
from pypdf import PdfReader

RED = (200, 40, 40)


def test_each_image_becomes_a_pdf_beside_its_figure(dysfw, bundle, paint, tmp_path):
    images = paint("a.png", RED), paint("b.png", RED, seed=1)
    ran = dysfw("run", bundle, *images, "--pdf", tmp_path / "out.pdf", "--paper", "letter", "--figure", tmp_path / "o.png")
    assert ran.code == 0, ran.err
    for name, image in (("out.pdf", "a.png"), ("out-2.pdf", "b.png")):
        page = PdfReader(tmp_path / name).pages[0]
        assert round(page.mediabox.width) == 612
        assert image in page.extract_text()
        assert f"PDF: {tmp_path / name}" in ran.err
    assert (tmp_path / "o-2.png").is_file()


def test_a_patient_becomes_one_pdf_in_a4(dysfw, bundle, paint, tmp_path):
    images = paint("a.png", RED), paint("b.png", RED, seed=1)
    ran = dysfw("run", bundle, *images, "--patient", "P-017", "--pdf", tmp_path / "out.pdf", "--format", "csv")
    assert ran.code == 0, ran.err
    page = PdfReader(tmp_path / "out.pdf").pages[0]
    assert round(page.mediabox.width) == 595
    assert "P-017" in page.extract_text()
    assert not (tmp_path / "out-2.pdf").exists()


def test_a_record_is_in_the_pdf(dysfw, toy_recipe, colour_data, paint, tmp_path):
    recipe = tmp_path / "evidence.yaml"
    recipe.write_text(toy_recipe.read_text() + "evidence: [{use: toy_signs}]\n")
    images = sorted(colour_data.rglob("*.png"))
    rows = [f"{path},{path.parent.name},warm" for path in images]
    (tmp_path / "list.csv").write_text("\n".join(["path,label,hpo_observed", *rows]))
    assert dysfw("train", recipe, tmp_path / "list.csv", "-o", tmp_path / "bundle").code == 0
    out = tmp_path / "out.pdf"
    ran = dysfw("run", tmp_path / "bundle", paint("a.png", RED), "--term", "warm", "--age", "3", "--pdf", out)
    assert ran.code == 0, ran.err
    text = " ".join(" ".join(page.extract_text() for page in PdfReader(out).pages).split())
    assert "Record of the patient age 3 years" in text
    assert "observed warm" in text.casefold()
    assert "From the face alone" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--pdf", "out.png"], "must end in .pdf"),
        (["--pdf", "nowhere/out.pdf"], "is not a folder"),
        (["--pdf", "out.pdf", "--figure", "out.pdf"], "both out.pdf"),
        (["--pdf", "out.pdf", "--paper", "a5"], "a5"),
    ],
)
def test_a_pdf_that_cannot_be_written_is_an_error_before_any_work(dysfw, bundle, monkeypatch, arguments, message):
    monkeypatch.chdir(bundle.parent)
    ran = dysfw("run", bundle, "a.png", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err


def test_without_reportlab_the_message_names_the_command_that_installs_it(dysfw, bundle, monkeypatch, tmp_path):
    found = importlib.util.find_spec
    monkeypatch.setattr("dysfw.output.pdf.save.find_spec", lambda name: None if name == "reportlab" else found(name))
    ran = dysfw("run", bundle, "a.png", "--pdf", tmp_path / "out.pdf")
    assert ran.code == 2
    assert "needs reportlab, which is not installed" in ran.err
    assert "[pdf]" in ran.err


def test_the_command_line_offers_all_papers():
    from typing import get_args

    from dysfw.cli import formats
    from dysfw.output import pdf

    assert get_args(formats.Paper) == pdf.PAPERS
