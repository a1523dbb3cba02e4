"""The protocol ``field``: its manifest is known without drawing, and is that of the drawn data set."""

from dataclasses import replace
from pathlib import Path

import pytest
from dysfw_phantom.dataset import make_dataset
from dysfw_phantom.protocol import Field, planned_dataset
from dysfw_phantom.spec import find_spec, parse_spec

from dysfw.data.read import read_dataset
from dysfw.evaluation.protocol.frequent_rare import FrequentRare
from dysfw.evaluation.protocol.protocol import checked_plan
from dysfw.types import PatientRecord
from dysfw.util.progress import Silent

SPEC = """\
version: 1
name: few
seed: 3
size: 64
published_cases: {min_cases: 2, min_signs: 2, images: [1, 2], diseases: ["OMIM:188400", "OMIM:600373", "OMIM:603671"]}
classes:
  - {condition: phantom-unaffected, patients: 2, source: elsewhere}
  - {condition: phantom-facial-palsy, patients: 2, images: [1, 3]}
"""


@pytest.mark.slow
def test_the_planned_manifest_is_that_of_the_drawn_data_set(tmp_path):
    spec = parse_spec(SPEC, "few.yaml", None)
    make_dataset(spec, tmp_path / "few", 1, Silent())
    drawn = read_dataset(tmp_path / "few")
    unknown = PatientRecord()  # signs and age are drawn with the image
    paths = [replace(one, path=one.path.relative_to(tmp_path / "few"), record=unknown) for one in drawn.samples]
    assert list(planned_dataset(spec).samples) == paths
    assert len({sample.publication for sample in paths}) > 2


def test_published_conditions_can_be_tested_without_dividing_a_publication():
    plan = checked_plan(FrequentRare(), planned_dataset(find_spec("field-small")))
    assert [setting.name for setting in plan.settings] == ["frequent-in-frequent"]
    assert len(plan.labels) > 20
    publications = [sample.publication for sample in plan.dataset.samples]
    (split,) = plan.splits
    assert {publications[n] for n in split.test_rows}.isdisjoint({publications[n] for n in split.gallery_rows} - {None})
    assert plan.dataset.origin == Path("field-small.csv")


def test_field_has_frequent_and_rare_conditions_and_tests_all_of_them():
    protocol = Field()
    plan = checked_plan(protocol, protocol.reference())
    assert [setting.name for setting in plan.settings] == [
        "frequent-in-frequent",
        "rare-in-rare",
        "frequent-in-all",
        "rare-in-all",
    ]
    assert len(plan.splits) == 31
    assert plan.findings == ()
    rules = FrequentRare().plan(plan.dataset)  # kinds change nothing else
    assert plan.fingerprint == rules.fingerprint
    assert plan.training_rows.tolist() == rules.training_rows.tolist()
    tested = {(split.setting, plan.kinds[plan.labels[k]]) for split in plan.splits for k in plan.y[split.test_rows]}
    assert tested == {
        (f"{kind}-in-{among}", f"{kind}, {source}")
        for kind in ("frequent", "rare")
        for among in (kind, "all")
        for source in ("cases", "frequencies")
    }
    for sample in plan.dataset.samples:
        assert plan.kinds[sample.label].endswith("cases" if sample.publication else "frequencies")
    assert len(plan.labels) == 175
    assert plan.fingerprint == "356ccf3988901d3bafb33ab74c93d305b3b0c0bbc1f7ae710f576b63f0ba9c43"  # frozen
