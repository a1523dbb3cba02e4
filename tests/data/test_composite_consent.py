"""The column composite_consent of a manifest."""

import pytest

from dysfw.data.read import read_dataset


@pytest.fixture
def consent_of(tmp_path, paint):
    """consent_of("yes"): what a manifest with this cell says, and the codes of its findings."""
    paint("a.png", (200, 40, 40))

    def read(cell: str, column: str = "composite_consent"):
        (tmp_path / "manifest.csv").write_text(f"path,label,{column}\na.png,x,{cell}\n")
        dataset = read_dataset(tmp_path / "manifest.csv")
        return dataset.samples[0].composite_consent, {finding.code: finding for finding in dataset.findings}

    return read


@pytest.mark.parametrize(
    ("cell", "consent"), [("yes", True), ("Yes", True), ("TRUE", True), ("no", False), ("False", False), ("", None)]
)
def test_yes_and_no_are_read(consent_of, cell, consent):
    assert consent_of(cell) == (consent, {})


@pytest.mark.parametrize("cell", ["1", "ok", "ja", "yes, if asked again"])
def test_anything_else_is_no_consent_and_reported(consent_of, cell):
    consent, findings = consent_of(f'"{cell}"')
    assert consent is None
    assert "in row 2 count as no consent; allowed: yes, no, or empty" in findings["consent_unread"].message


def test_a_word_for_a_missing_value_is_no_consent(consent_of):
    consent, findings = consent_of("unknown")
    assert consent is None
    assert "missing_values" in findings


@pytest.mark.parametrize("column", ["consent", "composite", "consent_to_publication"])
def test_no_other_consent_counts(consent_of, column):
    assert consent_of("yes", column)[0] is None
