"""Checks of a data set: which images are used, and what is reported about the others."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageEnhance, ImageOps

from dysfw.data.checks import CheckedDataset, Finding, check_dataset, read_signatures
from dysfw.data.dataset import Dataset, Sample
from dysfw.errors import DysfwError
from dysfw.util.progress import Silent


def scene(seed: int, size: int = 96) -> Pillow.Image:
    """A random image: soft shapes with some texture."""
    rng = np.random.default_rng(seed)
    soft = Pillow.fromarray(rng.integers(0, 256, (6, 6, 3), dtype=np.uint8)).resize((size, size), Pillow.Resampling.BICUBIC)
    texture = rng.normal(0, 6, (size, size, 1))
    return Pillow.fromarray(np.clip(np.asarray(soft) * 0.7 + 40 + texture, 0, 255).astype(np.uint8))


def stored(image: Pillow.Image, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, quality=80)
    return path


@dataclass
class Images:
    """``add("a.png", scene(1), "x", patient="p")`` … then ``checked``."""

    folder: Path
    samples: list[Sample]

    def add(self, name: str, image: Pillow.Image | None, label: str, patient: str | None = None, split: str | None = None):
        path = self.folder / name
        if image is not None:
            stored(image, path)
        self.samples.append(Sample(path, label, patient, split))

    def checked(self) -> CheckedDataset:
        dataset = Dataset(tuple(self.samples), self.folder / "manifest.csv")
        return check_dataset(dataset, *read_signatures(dataset, Silent()))

    def used_names(self) -> list[str]:
        return [sample.path.name for sample in self.checked().dataset.samples]


@pytest.fixture
def images(tmp_path) -> Images:
    return Images(tmp_path, [])


def finding_of(checked: CheckedDataset, code: str) -> Finding:
    (finding,) = [one for one in checked.findings if one.code == code]
    return finding


def patients(checked: CheckedDataset) -> list[str | None]:
    return [sample.patient for sample in checked.dataset.samples]


def test_a_clean_data_set_is_unchanged_and_has_no_findings(images) -> None:
    for n in range(12):
        images.add(f"{n}.png", scene(n), "xy"[n % 2], f"p{n}")
    checked = images.checked()
    assert checked.dataset.samples == tuple(images.samples)
    assert checked.knows_patients
    assert checked.findings == ()
    assert checked.failures == ()


def test_unreadable_images_are_excluded_and_counted_by_reason(images) -> None:
    for n in range(3):
        images.add(f"{n}.png", scene(n), "x", f"p{n}")
    images.add("gone.png", None, "x", "p4")
    images.add("lost.png", None, "y", "p5")
    images.add("text.png", None, "x", "p6")
    (images.folder / "text.png").write_text("not an image")
    checked = images.checked()
    assert len(checked.dataset.samples) == 3
    missing, other = finding_of(checked, "missing_file"), finding_of(checked, "not_an_image")
    assert (missing.severity, missing.images) == ("exclusion", 2)
    assert missing.message == "2 images cannot be read: no such file"
    assert missing.examples == ("gone.png", "lost.png")
    assert other.images == 1
    assert sorted(failure.code for failure in checked.failures) == ["missing_file", "missing_file", "not_an_image"]
    assert finding_of(checked, "class_without_images").message == "1 class without a usable image: y"


def test_an_error_names_the_reason_if_no_image_can_be_read(images) -> None:
    images.add("gone.png", None, "x")
    with pytest.raises(DysfwError, match=r"no image can be read \(1 file tried\): no such file \(1\)") as caught:
        images.checked()
    assert caught.value.hint


def test_one_of_several_identical_images_is_kept_in_any_format(images) -> None:
    images.add("a.png", scene(1), "x", "p")
    images.add("b.bmp", scene(1), "x", "p")
    images.add("c.png", scene(2), "x", "q")
    checked = images.checked()
    assert images.used_names() == ["a.png", "c.png"]
    assert finding_of(checked, "duplicate_image") == Finding(
        "duplicate_image",
        "exclusion",
        "1 image identical to another image, pixel for pixel; one copy is kept",
        1,
        ("a.png = b.bmp",),
    )
    assert len(checked.findings) == 1


def test_identical_images_with_different_labels_are_all_excluded(images) -> None:
    images.add("a.png", scene(1), "x", "p")
    images.add("b.png", scene(1), "y", "q")
    images.add("c.png", scene(1), "y", "q")
    images.add("d.png", scene(2), "x", "p")
    images.add("e.png", scene(3), "y", "q")
    checked = images.checked()
    assert images.used_names() == ["d.png", "e.png"]
    assert patients(checked) == ["p", "q"]
    assert finding_of(checked, "duplicate_conflicting_labels").images == 3
    assert finding_of(checked, "duplicate_conflicting_labels").examples == ("a.png (x) = b.png (y) = c.png (y)",)


def test_patients_who_share_an_image_are_treated_as_one(images) -> None:
    images.add("a.png", scene(1), "x", "p")
    images.add("b.png", scene(1), "x", "q")
    images.add("c.png", scene(2), "x", "q")
    images.add("d.png", scene(3), "x", "r")
    checked = images.checked()
    assert patients(checked) == ["p = q", "p = q", "r"]
    assert finding_of(checked, "shared_image").severity == "warning"
    assert finding_of(checked, "shared_image").examples == ("a.png = b.png",)


COPIES: dict[str, Callable[[Pillow.Image], Pillow.Image]] = {
    "smaller": lambda p: p.resize((48, 48), Pillow.Resampling.BILINEAR),
    "larger": lambda p: p.resize((240, 240), Pillow.Resampling.BICUBIC),
    "cropped": lambda p: p.crop((2, 2, 94, 94)),
    "brighter": lambda p: ImageEnhance.Brightness(p).enhance(1.2),
    "mirrored": ImageOps.mirror,
    "grey": ImageOps.grayscale,
    "unchanged": lambda p: p,
}


@pytest.mark.parametrize("change", COPIES)
def test_a_near_copy_joins_two_patients(images, change) -> None:
    for n in range(8):
        images.add(f"{n}.png", scene(n), "x", f"p{n}")
    images.add("copy.jpg", COPIES[change](scene(3)), "x", "q")
    checked = images.checked()
    assert len(checked.dataset.samples) == 9
    assert patients(checked)[3] == patients(checked)[8] == "p3 = q"
    assert patients(checked)[:3] == ["p0", "p1", "p2"]
    assert finding_of(checked, "near_copies").examples == ("3.png = copy.jpg",)


def test_near_copies_of_one_patient_are_a_note(images) -> None:
    images.add("a.png", scene(1), "x", "p")
    images.add("b.jpg", scene(1), "x", "p")
    (finding,) = images.checked().findings
    assert (finding.code, finding.severity, finding.images) == ("near_copies_of_patient", "note", 2)


def test_near_copies_with_different_labels_are_a_warning_with_both_names(images) -> None:
    images.add("a.png", scene(1), "x", "p")
    images.add("b.jpg", scene(1), "y", "q")
    checked = images.checked()
    assert patients(checked) == ["p = q", "p = q"]
    assert finding_of(checked, "near_copy_conflicting_labels").examples == ("a.png (x) = b.jpg (y)",)
    assert finding_of(checked, "near_copy_conflicting_labels").severity == "warning"


def test_copies_of_unknown_patients_are_grouped_and_the_patients_stay_unknown(images) -> None:
    images.add("a.png", scene(1), "x")
    images.add("b.jpg", scene(1), "x")
    checked = images.checked()
    one, other = patients(checked)
    assert one is not None
    assert one == other
    assert not checked.knows_patients
    assert finding_of(checked, "patients_unknown").images == 2


def test_no_copy_of_a_test_image_is_used_for_training(images) -> None:
    images.add("a.png", scene(1), "x", "p", "train")
    images.add("b.png", scene(2), "x", "p", "train")
    images.add("c.png", scene(1), "x", "q", "test")  # equals a.png: the test image is kept
    images.add("d.png", scene(3), "x", "r", "train")
    images.add("e.jpg", scene(3), "x", "s", "test")
    images.add("f.png", scene(4), "x", "t", "train")
    checked = images.checked()
    assert images.used_names() == ["c.png", "e.jpg", "f.png"]
    assert finding_of(checked, "duplicate_image").examples == ("c.png = a.png",)
    split_conflicts = finding_of(checked, "patient_in_both_splits")
    assert (split_conflicts.severity, split_conflicts.images, split_conflicts.examples) == ("exclusion", 2, ("b.png", "d.png"))


def test_a_patient_with_two_labels_is_a_warning(images) -> None:
    images.add("a.png", scene(1), "x", "p")
    images.add("b.png", scene(2), "y", "p")
    finding = finding_of(images.checked(), "patient_conflicting_labels")
    assert (finding.severity, finding.images, finding.examples) == ("warning", 2, ("p: x, y",))


def test_exclusions_come_first_in_any_order_of_files(images) -> None:
    images.add("a.png", scene(1), "x")
    images.add("b.png", scene(1), "x")
    images.add("c.jpg", scene(1), "x")
    images.add("gone.png", None, "x")
    severities = [finding.severity for finding in images.checked().findings]
    assert severities == sorted(severities, key=["exclusion", "warning", "note"].index)
    codes = {finding.code for finding in images.checked().findings}
    images.samples.reverse()
    assert {finding.code for finding in images.checked().findings} == codes


def test_phantoms_of_different_patients_are_not_copies(phantoms) -> None:
    from dysfw.data.read import read_dataset

    dataset = read_dataset(phantoms)
    checked = check_dataset(dataset, *read_signatures(dataset, Silent()))
    assert len(checked.dataset.samples) == 48
    assert {finding.code for finding in checked.findings} <= {"near_copies_of_patient"}
