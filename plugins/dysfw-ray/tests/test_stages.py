"""What travels between the machines, and what they do with it, without a cluster. tests/batch/test_ray.py has a real one."""

import numpy as np
from dysfw_ray.stages import decode, listed, unlisted
from PIL import Image as Pillow

from dysfw.batch.item import BatchItem
from dysfw.batch.serialization import deserialize_batch
from dysfw.types import Failure, Image


def test_the_list_comes_back_as_it_was_also_names_that_are_no_text():
    numbered = [(3, BatchItem("/a/ü\udcff.png", "ü\udcff.png", "p", "l", "s")), (9, BatchItem("s3://b/c.jpg", "c.jpg"))]
    assert unlisted(listed(numbered)) == numbered


def test_photographs_are_decoded_into_batches_with_their_failures_in_place(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (40, 50, 3), np.uint8)
    Pillow.fromarray(pixels).save(tmp_path / "a.png")
    (tmp_path / "b.png").write_text("no picture")
    numbered = [(n, BatchItem(str(tmp_path / name), name)) for n, name in enumerate(["a.png", "b.png", "none.png"])]
    (row,) = decode({"listed": listed(numbered)})
    assert unlisted(row["listed"]) == numbered
    first, second, third = (one.result for one in deserialize_batch(row["images"]))
    assert isinstance(first, Image)
    assert np.array_equal(first.pixels, pixels)
    assert not first.pixels.flags.writeable
    assert first.source == str(tmp_path / "a.png")
    assert isinstance(second, Failure)
    assert (second.code, third.code) == ("not_an_image", "missing_file")


def test_large_photographs_travel_a_few_at_a_time(tmp_path, monkeypatch):
    from dysfw.inference import batches

    monkeypatch.setattr(batches, "BATCH_PIXELS", 5000)
    Pillow.new("RGB", (50, 40), (9, 9, 9)).save(tmp_path / "a.png")
    numbered = [(n, BatchItem(str(tmp_path / "a.png"), f"{n}")) for n in range(5)]
    rows = decode({"listed": listed(numbered)})
    assert [[number for number, _ in unlisted(row["listed"])] for row in rows] == [[0, 1], [2, 3], [4]]
