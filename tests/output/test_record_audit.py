"""An audit of records on the terminal and in the report."""

import io
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from dysfw.audit.record_audit import audit_records
from dysfw.data.dataset import Sample
from dysfw.output.audit import print_audit
from dysfw.output.report.page import report_html
from dysfw.output.report.terminal import print_evaluation
from dysfw.types import PatientRecord

TERM = "<b>only</b> \x1b[2J [red]here"


@pytest.fixture(scope="module")
def pages():
    """The strict HTML parser."""
    import pages

    return pages.Page


@pytest.fixture(scope="module")
def leaking():
    """An audit of 20 conditions whose excluded signs were looked for because of the condition; one has no ages."""
    rng, samples = np.random.default_rng(0), []
    for n in range(120):
        label = n % 20
        terms = rng.permutation([f"sign {label}-{k}" for k in range(8)] + [TERM] * (label == 0))
        age = None if label == 3 else 5.0
        record = PatientRecord(tuple(terms[:3]), tuple(terms[3:]), age=age)
        samples.append(Sample(Path(f"{n}.png"), f"c{label:02}", str(n), publication=f"PMID:{n}", record=record))
    return audit_records(samples, [f"c{k:02}" for k in range(20)], permutations=199, seed=0)


@pytest.fixture(scope="module")
def evaluation(plain, leaking):
    return plain.model_copy(update={"audit": plain.audit.model_copy(update={"record": leaking})})


def printed(show, *what, width=140):
    console = Console(file=io.StringIO(), width=width, highlight=False)
    show(console, *what)
    return console.file.getvalue()


def test_the_terminal_shows_images_and_records_apart(examples, leaking):
    images = examples.audit(["a", "b"], "pass")
    plain, both = (printed(print_audit, one) for one in (images, images.model_copy(update={"record": leaking})))
    assert both.startswith(plain)
    records = both.removeprefix(plain)
    assert records.split()[:5] == ["records", "of", "the", "patients:", "fail"]
    assert "120 of 120 patients with a record; tested with 120" in records
    assert "excluded signs, among those assessed in others" in records
    assert "signs with their status, for comparison" in records
    assert "and 10 more; for all: --json or -o DIR" in records
    assert "c03  has a known age: 0 of 6, 114 of 114 others, AUROC 0.00" in records
    assert "<b>only</b> \\x1b[2J [red]here: 6 of 6" in records
    assert "\x1b" not in records
    assert "Assess the same signs in all patients" in " ".join(records.split())


def test_an_audit_without_leaks_prints_its_verdict_and_the_groups(examples, leaking):
    rng = np.random.default_rng(0)
    terms = np.array([f"sign {k}" for k in range(12)])
    samples = []
    for n in range(60):
        observed = rng.random(12) < 0.4
        record = PatientRecord(tuple(terms[observed]), tuple(terms[~observed]))
        samples.append(Sample(Path(f"{n}.png"), "ab"[n % 2], str(n), publication=f"PMID:{n}", record=record))
    found = audit_records(samples, ["a", "b"], permutations=199, seed=0)
    text = printed(print_audit, examples.audit(["a", "b"], "pass").model_copy(update={"record": found}))
    assert "records of the patients: pass  No leakage through the records detected (p = " in text
    assert "advice on records" not in text


def test_the_report_shows_verdict_tables_terms_and_advice(evaluation, leaking, pages):
    page = pages(report_html(evaluation))
    text = page.all("body")[0].text
    assert len(page.ids) == len(set(page.ids))
    assert text.count("Audit of the records: fail") == 2
    assert "the excluded signs lead to a record of the same condition" in text
    tables = {e.attributes["aria-labelledby"]: e.text for e in page.all("table")}
    assert "signs with their status, for comparison" in tables["t-records"]
    assert all(one.label in tables["t-record-classes"] for one in leaking.classes)
    assert "has a known age: 0 of 6, 114 of 114 others" in text
    assert "<b>only</b>" in text
    assert "\x1b" not in page.source
    assert all(sentence.split(":")[0] in text for sentence in leaking.advice)
    assert "audit of the records: fail" in page.all("blockquote")[0].text


def test_the_report_without_records_has_no_such_section(plain, pages):
    page = pages(report_html(plain))
    assert "Audit of the records" not in page.source
    assert "audit of the records" not in page.source


def test_the_terminal_report_has_both_verdicts_before_any_score(evaluation, plain):
    text = printed(print_evaluation, evaluation, None)
    assert text.index("audit of the data: pass") < text.index("audit of the records: fail") < text.index("what the scores show")
    assert "audit of the records" not in printed(print_evaluation, plain, None)
