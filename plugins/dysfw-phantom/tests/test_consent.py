"""Phantoms that agree to composites."""

from dysfw_phantom.consent import add_consent, manifest_without_consent

from dysfw.data.read import read_dataset


def test_every_phantom_agrees_once(tmp_path):
    (tmp_path / "a.png").write_bytes(b"")
    (tmp_path / "manifest.csv").write_text('path,label,publication\na.png,"x, y",\n')
    before = (tmp_path / "manifest.csv").read_bytes()
    assert manifest_without_consent(tmp_path) == before
    assert read_dataset(tmp_path).samples[0].composite_consent is None
    add_consent(tmp_path)
    add_consent(tmp_path)
    assert (tmp_path / "manifest.csv").read_text() == 'path,label,publication,composite_consent\na.png,"x, y",,yes\n'
    assert read_dataset(tmp_path).samples[0].composite_consent is True
    assert manifest_without_consent(tmp_path) == before  # so a frozen data set stays recognised
