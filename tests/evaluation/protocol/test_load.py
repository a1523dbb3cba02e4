"""Protocols of plugins are found by name, and may take their splits from files, as the GestaltMatcher Database has them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from protocol_data import dataset_of, long_tailed

from dysfw.errors import DysfwError
from dysfw.evaluation.protocol.frequent_rare import FrequentRare
from dysfw.evaluation.protocol.load import load_protocol, plan_of
from dysfw.evaluation.protocol.scores import score
from dysfw.util.install import install_command

# Splits from two files with the columns image_id, label and, for rare conditions, split. Its own data set is the manifest.
PLUGIN = """
@hookimpl
def dysfw_protocols():
    from dysfw.plugin import ProtocolSpec
    return [
        ProtocolSpec("from-files", "filed:FromFiles", "splits from files"),
        ProtocolSpec("no-protocol", "filed:ROWS", "nothing"),
        ProtocolSpec("own-data", "filed:OwnData", "rules on a data set of its own"),
    ]
"""
MODULE = """
import csv
from pathlib import Path

import numpy as np

from dysfw.plugin import Dataset, EvaluationProtocol, FrequentRare, GallerySplit, ProtocolPlan, Sample, Setting

ROWS = Path(__file__).with_name("splits.csv")
RARE = Setting("rare", "rare → rare")


class FromFiles(EvaluationProtocol):
    top = (1, 2)

    def plan(self, dataset):
        row_of = {sample.path.stem.partition("_")[0]: n for n, sample in enumerate(dataset.samples)}
        sides = {}
        for row in csv.DictReader(ROWS.open()):
            sides.setdefault(int(row["split"]), {}).setdefault(row["side"], []).append(row_of[row["image_id"]])
        splits = tuple(
            GallerySplit("rare", number, np.sort(each["gallery"]), np.sort(each["test"])) for number, each in sides.items()
        )
        return ProtocolPlan(dataset, (RARE,), splits, np.zeros(0, np.int64), {})


class OwnData(FrequentRare):
    def reference(self):
        samples = [Sample(Path(f"{l}/{n}.png"), l, f"{l}{n}", publication=f"{l}{n // 2}") for l in "ABC" for n in range(9)]
        return Dataset(tuple(samples), Path("own.csv"))
"""
SPLITS = "image_id,side,split\n" + "".join(
    f"{label}{n},{'test' if n == split else 'gallery'},{split}\n" for split in range(2) for label in "xyz" for n in range(3)
)


@pytest.fixture
def registry(dysfw_fake_plugins):
    dysfw_fake_plugins.install("filed", PLUGIN, filed=MODULE)
    (dysfw_fake_plugins.folder / "splits.csv").write_text(SPLITS)
    return dysfw_fake_plugins.registry()


def test_splits_may_come_from_files(registry):
    protocol = load_protocol(registry, "filed:from-files")
    dataset = dataset_of([(label, None, f"{label}{n}_aligned", 1) for label in "xyz" for n in range(3)])
    dataset = replace(dataset, samples=tuple(replace(s, path=Path(f"{s.patient}.jpg")) for s in dataset.samples))
    plan = plan_of(protocol, "from-files", dataset)
    assert [(split.number, len(split.gallery_rows), len(split.test_rows)) for split in plan.splits] == [(0, 6, 3), (1, 6, 3)]
    settings, conditions = score(plan, [np.zeros((3, 3))] * 2, protocol.top, 50)
    assert [top.macro.value for top in settings[0].top] == pytest.approx([1 / 3, 2 / 3])
    assert [(one.label, one.kind, one.splits) for one in conditions] == [("x", "", 2), ("y", "", 2), ("z", "", 2)]


def test_a_protocol_with_its_own_data_needs_no_images_and_accepts_only_the_same_data(registry):
    protocol = load_protocol(registry, "own-data")
    plan, reference = plan_of(protocol, "own-data", None), protocol.reference()
    assert plan.labels == ("A", "B", "C")
    folder = Path("/elsewhere")
    same = replace(
        reference, origin=folder / "manifest.csv",
        samples=tuple(replace(sample, path=folder / sample.path) for sample in reversed(reference.samples)),
    )  # fmt: skip
    assert plan_of(protocol, "own-data", same).fingerprint == plan.fingerprint
    first, second, *others = reference.samples
    changed = replace(
        reference, samples=(replace(first, path=Path("A/new.png")), replace(second, publication="another"), *others)
    )  # fmt: skip
    with pytest.raises(DysfwError) as caught:
        plan_of(protocol, "own-data", changed)
    assert caught.value.message == (
        "own.csv is not the data set of the protocol own-data: 1 image missing: A/0.png; 1 image too many: A/new.png; "
        "1 image with another label, patient or publication: A/1.png"
    )


def test_a_protocol_without_its_own_data_needs_some():
    with pytest.raises(DysfwError, match="the protocol frequent-rare has no data set of its own"):
        plan_of(FrequentRare(), "frequent-rare", None)
    assert plan_of(FrequentRare(), "frequent-rare", long_tailed()).settings


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("from-file", "no protocol is called 'from-file'; did you mean 'from-files'?"),
        ("no-protocol", "the protocol 'no-protocol' is not a subclass of dysfw.plugin.EvaluationProtocol"),
        ("field", "protocol 'field' belongs to the plugin dysfw-phantom, which is not installed"),
    ],
)
def test_names_that_are_no_protocol_are_named(registry, name, message):
    with pytest.raises(DysfwError) as caught:
        load_protocol(registry, name)
    assert caught.value.message == message
    assert name != "field" or caught.value.hint == install_command("dysfw-phantom")
