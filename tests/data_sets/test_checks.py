"""What takes part in a data set, and what is said of the rest."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageEnhance, ImageOps

from dysfw.data.checks import Checked, Finding, check
from dysfw.data.dataset import Dataset, Item
from dysfw.errors import DysfwError
from dysfw.progress import Silent


def scene(seed: int, size: int = 96) -> Pillow.Image:
    """A picture of its own: soft shapes with some texture."""
    rng = np.random.default_rng(seed)
    soft = Pillow.fromarray(rng.integers(0, 256, (6, 6, 3), dtype=np.uint8)).resize((size, size), Pillow.Resampling.BICUBIC)
    texture = rng.normal(0, 6, (size, size, 1))
    return Pillow.fromarray(np.clip(np.asarray(soft) * 0.7 + 40 + texture, 0, 255).astype(np.uint8))


def stored(picture: Pillow.Image, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, quality=80)
    return path


@dataclass
class Photographs:
    """``add("a.png", scene(1), "x", patient="p")`` … then ``checked``."""

    folder: Path
    items: list[Item]

    def add(self, name: str, picture: Pillow.Image | None, label: str, patient: str | None = None, split: str | None = None):
        path = self.folder / name
        if picture is not None:
            stored(picture, path)
        self.items.append(Item(path, label, patient, split))

    def checked(self) -> Checked:
        return check(Dataset(tuple(self.items), self.folder / "manifest.csv"), Silent())

    def left(self) -> list[str]:
        return [item.path.name for item in self.checked().dataset.items]


@pytest.fixture
def photographs(tmp_path) -> Photographs:
    return Photographs(tmp_path, [])


def found(checked: Checked, code: str) -> Finding:
    (finding,) = [one for one in checked.findings if one.code == code]
    return finding


def patients(checked: Checked) -> list[str | None]:
    return [item.patient for item in checked.dataset.items]


def test_a_clean_data_set_is_left_alone_and_nothing_is_said(photographs) -> None:
    for n in range(12):
        photographs.add(f"{n}.png", scene(n), "xy"[n % 2], f"p{n}")
    checked = photographs.checked()
    assert checked.dataset.items == tuple(photographs.items)
    assert checked.knows_patients
    assert checked.findings == ()
    assert checked.failures == ()


def test_what_cannot_be_read_is_excluded_by_its_reason_and_counted(photographs) -> None:
    for n in range(3):
        photographs.add(f"{n}.png", scene(n), "x", f"p{n}")
    photographs.add("gone.png", None, "x", "p4")
    photographs.add("lost.png", None, "y", "p5")
    photographs.add("text.png", None, "x", "p6")
    (photographs.folder / "text.png").write_text("no picture")
    checked = photographs.checked()
    assert len(checked.dataset.items) == 3
    missing, other = found(checked, "missing_file"), found(checked, "not_an_image")
    assert (missing.severity, missing.photographs) == ("exclusion", 2)
    assert missing.message == "2 photographs cannot be read: no such file"
    assert missing.examples == ("gone.png", "lost.png")
    assert other.photographs == 1
    assert sorted(failure.code for failure in checked.failures) == ["missing_file", "missing_file", "not_an_image"]
    assert found(checked, "class_lost").message == "1 class without a photograph that takes part: y"


def test_where_nothing_can_be_read_the_reason_is_named(photographs) -> None:
    photographs.add("gone.png", None, "x")
    with pytest.raises(DysfwError, match=r"none of 1 photograph can be read: no such file \(1\)") as caught:
        photographs.checked()
    assert caught.value.hint


def test_of_equal_photographs_one_is_kept_whatever_they_are_stored_as(photographs) -> None:
    photographs.add("a.png", scene(1), "x", "p")
    photographs.add("b.bmp", scene(1), "x", "p")
    photographs.add("c.png", scene(2), "x", "q")
    checked = photographs.checked()
    assert photographs.left() == ["a.png", "c.png"]
    assert found(checked, "same_photograph") == Finding(
        "same_photograph", "exclusion", "1 photograph equal to another, pixel for pixel, which is kept", 1, ("a.png = b.bmp",)
    )
    assert len(checked.findings) == 1


def test_equal_photographs_under_two_labels_are_all_left_out(photographs) -> None:
    photographs.add("a.png", scene(1), "x", "p")
    photographs.add("b.png", scene(1), "y", "q")
    photographs.add("c.png", scene(1), "y", "q")
    photographs.add("d.png", scene(2), "x", "p")
    photographs.add("e.png", scene(3), "y", "q")
    checked = photographs.checked()
    assert photographs.left() == ["d.png", "e.png"]
    assert patients(checked) == ["p", "q"]
    assert found(checked, "same_under_labels").photographs == 3
    assert found(checked, "same_under_labels").examples == ("a.png (x) = b.png (y) = c.png (y)",)


def test_patients_who_share_a_photograph_count_as_one(photographs) -> None:
    photographs.add("a.png", scene(1), "x", "p")
    photographs.add("b.png", scene(1), "x", "q")
    photographs.add("c.png", scene(2), "x", "q")
    photographs.add("d.png", scene(3), "x", "r")
    checked = photographs.checked()
    assert patients(checked) == ["p = q", "p = q", "r"]
    assert found(checked, "shared_photograph").severity == "warning"
    assert found(checked, "shared_photograph").examples == ("a.png = b.png",)


COPIES: dict[str, Callable[[Pillow.Image], Pillow.Image]] = {
    "smaller": lambda p: p.resize((48, 48), Pillow.Resampling.BILINEAR),
    "larger": lambda p: p.resize((240, 240), Pillow.Resampling.BICUBIC),
    "cut": lambda p: p.crop((2, 2, 94, 94)),
    "brighter": lambda p: ImageEnhance.Brightness(p).enhance(1.2),
    "mirrored": ImageOps.mirror,
    "grey": ImageOps.grayscale,
    "as it is": lambda p: p,
}


@pytest.mark.parametrize("change", COPIES)
def test_a_near_copy_joins_two_patients(photographs, change) -> None:
    for n in range(8):
        photographs.add(f"{n}.png", scene(n), "x", f"p{n}")
    photographs.add("copy.jpg", COPIES[change](scene(3)), "x", "q")
    checked = photographs.checked()
    assert len(checked.dataset.items) == 9
    assert patients(checked)[3] == patients(checked)[8] == "p3 = q"
    assert patients(checked)[:3] == ["p0", "p1", "p2"]
    assert found(checked, "near_copies").examples == ("3.png = copy.jpg",)


def test_near_copies_of_one_patient_are_only_noted(photographs) -> None:
    photographs.add("a.png", scene(1), "x", "p")
    photographs.add("b.jpg", scene(1), "x", "p")
    (finding,) = photographs.checked().findings
    assert (finding.code, finding.severity, finding.photographs) == ("near_copies_of_patient", "note", 2)


def test_near_copies_under_two_labels_are_a_warning_that_names_both(photographs) -> None:
    photographs.add("a.png", scene(1), "x", "p")
    photographs.add("b.jpg", scene(1), "y", "q")
    checked = photographs.checked()
    assert patients(checked) == ["p = q", "p = q"]
    assert found(checked, "near_under_labels").examples == ("a.png (x) = b.jpg (y)",)
    assert found(checked, "near_under_labels").severity == "warning"


def test_copies_of_unknown_patients_are_kept_together_and_the_patients_stay_unknown(photographs) -> None:
    photographs.add("a.png", scene(1), "x")
    photographs.add("b.jpg", scene(1), "x")
    checked = photographs.checked()
    one, other = patients(checked)
    assert one is not None
    assert one == other
    assert not checked.knows_patients
    assert found(checked, "patients_unknown").photographs == 2


def test_no_copy_leads_from_training_to_test(photographs) -> None:
    photographs.add("a.png", scene(1), "x", "p", "train")
    photographs.add("b.png", scene(2), "x", "p", "train")
    photographs.add("c.png", scene(1), "x", "q", "test")  # is a.png: the test photograph stays
    photographs.add("d.png", scene(3), "x", "r", "train")
    photographs.add("e.jpg", scene(3), "x", "s", "test")
    photographs.add("f.png", scene(4), "x", "t", "train")
    checked = photographs.checked()
    assert photographs.left() == ["c.png", "e.jpg", "f.png"]
    assert found(checked, "same_photograph").examples == ("c.png = a.png",)
    torn = found(checked, "across_splits")
    assert (torn.severity, torn.photographs, torn.examples) == ("exclusion", 2, ("b.png", "d.png"))


def test_a_patient_under_two_labels_is_a_warning(photographs) -> None:
    photographs.add("a.png", scene(1), "x", "p")
    photographs.add("b.png", scene(2), "y", "p")
    finding = found(photographs.checked(), "patient_under_labels")
    assert (finding.severity, finding.photographs, finding.examples) == ("warning", 2, ("p: x, y",))


def test_exclusions_come_first_and_the_order_of_files_does_not_matter(photographs) -> None:
    photographs.add("a.png", scene(1), "x")
    photographs.add("b.png", scene(1), "x")
    photographs.add("c.jpg", scene(1), "x")
    photographs.add("gone.png", None, "x")
    severities = [finding.severity for finding in photographs.checked().findings]
    assert severities == sorted(severities, key=["exclusion", "warning", "note"].index)
    codes = {finding.code for finding in photographs.checked().findings}
    photographs.items.reverse()
    assert {finding.code for finding in photographs.checked().findings} == codes


def test_phantoms_of_different_patients_are_no_copies(phantoms) -> None:
    from dysfw.data.read import read_dataset

    checked = check(read_dataset(phantoms), Silent())
    assert len(checked.dataset.items) == 48
    assert {finding.code for finding in checked.findings} <= {"near_copies_of_patient"}
