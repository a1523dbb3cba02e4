"""The ledger of composites: two that are given away never differ by a few patients."""

import json
import os
import threading

import numpy as np
import pytest

from dysfw.bundle.composites import Composite
from dysfw.errors import DysfwError
from dysfw.training.composite_ledger import Member, check_ledger, ledger_folder, opened


@pytest.fixture
def folder(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return ledger_folder()


def people(*numbers, prefix="p", images="image"):
    """Patients, each with one image."""
    return [Member(f"{prefix}{n}", frozenset({f"{images}-{n}"})) for n in numbers]


def picture(seed, patients):
    return Composite(np.random.default_rng(seed).integers(0, 255, (128, 128, 3), np.uint8), patients)


def publish(folder, members, seed, without=()):
    with opened(folder) as ledger:
        return ledger.decide(picture(seed, len(members)), members, without)


def test_nine_changes_give_the_same_bytes_and_ten_a_new_composite(folder):
    first = publish(folder, people(*range(20)), 1)
    assert first.reason == ""
    nine = publish(folder, people(*range(5, 24)), 2)  # five left, four came
    assert nine.composite.pixels.tobytes() == first.composite.pixels.tobytes()
    assert nine.composite.patients == 20  # those it shows
    assert nine.reason == "an earlier composite is used again, since 9 patients changed and at least 10 must"
    ten = publish(folder, people(*range(5, 25)), 3)
    assert ten.reason == ""
    assert ten.composite.pixels.tobytes() == picture(3, 20).pixels.tobytes()


def test_every_earlier_composite_counts_not_only_the_last(folder):
    first = publish(folder, people(*range(20)), 1)
    assert publish(folder, people(*range(10, 30)), 2).reason == ""
    back = publish(folder, people(*range(19)), 3)  # 21 differ from the second, one from the first
    assert back.composite.pixels.tobytes() == first.composite.pixels.tobytes()


def test_small_steps_do_not_add_up_to_a_new_composite_each(folder):
    """Each step is compared with what was published, so a new one comes only when ten have changed since then."""
    made = [publish(folder, people(*range(20 + n)), n).reason == "" for n in range(0, 24, 3)]
    assert made == [True, False, False, False, True, False, False, False]


def test_patients_are_known_by_their_images_whatever_they_are_called(folder):
    first = publish(folder, people(*range(12)), 1)
    renamed = publish(folder, people(*range(11), prefix="other-"), 2)
    assert renamed.composite.pixels.tobytes() == first.composite.pixels.tobytes()


def test_a_further_image_of_a_patient_is_no_change_of_patients(folder):
    publish(folder, people(*range(12)), 1)
    more = [Member(one.name, one.images | {f"second-{one.name}"}) for one in people(*range(12))]
    assert publish(folder, more, 2).reason.startswith("an earlier composite is used again, since nobody changed")


def test_the_same_names_with_other_images_give_none(folder):
    """They may be the same images, exported again without one patient, or people of another hospital."""
    publish(folder, people(*range(12)), 1)
    again = publish(folder, people(*range(11), images="exported"), 2)
    assert again.composite is None
    assert "all but 1 of its patients are called as those of an earlier composite" in again.reason
    assert publish(folder, people(*range(11), prefix="b-", images="exported"), 3).reason == ""


def test_a_composite_with_a_patient_who_withdrew_is_not_used_again(folder):
    publish(folder, people(*range(20)), 1)
    without = publish(folder, people(*range(19)), 2, without=["image-19"])
    assert without.composite is None
    assert without.reason.startswith("an earlier composite shows a patient who does not agree now, and only 1 patient changed")
    assert publish(folder, people(*range(10, 19)) + people(*range(30, 40)), 3, without=["image-19"]).reason == ""


def test_two_conditions_of_one_training_are_compared_too(folder):
    with opened(folder) as ledger:
        first = ledger.decide(picture(1, 12), people(*range(12)), ())
        second = ledger.decide(picture(2, 12), people(*range(1, 13)), ())
    assert second.composite.pixels.tobytes() == first.composite.pixels.tobytes()


def test_the_ledger_is_private_and_tells_nothing_without_its_key(folder):
    publish(folder, people(*range(12)), 1)
    assert folder.stat().st_mode & 0o777 == 0o700
    files = [path for path in folder.iterdir() if path.name != "lock"]
    assert len(files) == 2
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in files)
    text = (folder / "ledger.json").read_text()
    assert "image-1" not in text
    assert '"p1"' not in text


def test_equal_patients_have_other_hashes_in_another_ledger(folder, monkeypatch, tmp_path):
    publish(folder, people(*range(12)), 1)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "other"))
    publish(ledger_folder(), people(*range(12)), 1)
    one, other = (json.loads((path / "ledger.json").read_text())["entries"] for path in (folder, ledger_folder()))
    assert one[0]["sha256"] == other[0]["sha256"]
    assert {m["name"] for m in one[0]["members"]}.isdisjoint(m["name"] for m in other[0]["members"])


def _flip(path):
    text = path.read_text()
    path.write_text(text.replace('"members": [', '"members":[', 1).replace("a", "b", 1))


def _forget_a_member(path):
    content = json.loads(path.read_text())
    content["entries"][0]["members"].pop()
    path.write_text(json.dumps(content))


@pytest.mark.parametrize(
    "damage",
    [
        _flip,
        _forget_a_member,
        lambda path: path.write_bytes(path.read_bytes()[:-20]),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_text("[]"),
        lambda path: path.write_text('{"schema": "dysfw.composites/1", "key": "zz"}'),
        lambda path: path.unlink(),
    ],
)
def test_a_damaged_ledger_is_refused_and_nothing_is_overwritten(folder, damage):
    publish(folder, people(*range(12)), 1)
    damage(folder / "ledger.json")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    for use in (lambda: check_ledger(folder), lambda: publish(folder, people(*range(50, 70)), 2)):
        with pytest.raises(DysfwError, match="the ledger of composites in .* is damaged") as found:
            use()
        assert "restore the folder from a backup, or train without --composites" in found.value.hint
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_bytes(path.read_bytes()[:500])])
def test_a_picture_that_is_missing_or_damaged_is_refused_when_it_is_needed(folder, damage):
    publish(folder, people(*range(12)), 1)
    damage(next(folder.glob("*.png")))
    with pytest.raises(DysfwError, match="is damaged"):
        publish(folder, people(*range(12)), 2)


def test_two_trainings_at_once_do_not_both_make_a_new_composite(folder):
    reasons, barrier = [], threading.Barrier(6)

    def run(n):
        barrier.wait()
        reasons.append(publish(folder, people(*range(20 + n % 2)), n).reason)

    threads = [threading.Thread(target=run, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert reasons.count("") == 1
    assert len(reasons) == 6
    assert len(list(folder.glob("*.png"))) == 1


def test_nothing_is_recorded_if_the_training_fails_meanwhile(folder):
    check_ledger(folder)
    before = (folder / "ledger.json").read_bytes()

    def fail():
        with opened(folder) as ledger:
            ledger.decide(picture(1, 12), people(*range(12)), ())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert (folder / "ledger.json").read_bytes() == before
    assert not list(folder.glob("*.png"))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_refused(folder):
    folder.parent.mkdir(parents=True)
    folder.parent.chmod(0o500)
    with pytest.raises(DysfwError, match="cannot be written"):
        check_ledger(folder)


def test_a_file_in_the_way_is_refused(folder):
    folder.parent.write_text("")
    with pytest.raises(DysfwError, match="cannot be written"):
        check_ledger(folder)


def test_without_a_home_folder_there_are_no_composites(monkeypatch):
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setenv("HOME", "/nonexistent")
    with pytest.raises(DysfwError, match="remembered of whom: there is no home folder") as found:
        ledger_folder()
    assert "XDG_STATE_HOME" in found.value.hint
