"""The stages of the Ray runner, without a cluster. tests/batch/test_ray.py uses a real one."""

import numpy as np
from dysfw_ray.stages import decode, items_from_json, items_to_json
from PIL import Image as Pillow

from dysfw.batch.item import BatchItem
from dysfw.batch.serialization import deserialize_batch


def test_items_survive_serialisation_even_with_undecodable_file_names():
    items = [(3, BatchItem("/a/ü\udcff.png", "ü\udcff.png", "p", "l", "s")), (9, BatchItem("s3://b/c.jpg", "c.jpg"))]
    assert items_from_json(items_to_json(items)) == items


def test_images_are_decoded_into_batches_with_failures_in_place(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (40, 50, 3), np.uint8)
    Pillow.fromarray(pixels).save(tmp_path / "a.png")
    (tmp_path / "b.png").write_text("not an image")
    items = [(n, BatchItem(str(tmp_path / name), name)) for n, name in enumerate(["a.png", "b.png", "none.png"])]
    (row,) = decode({"items": items_to_json(items)}, plugins=None)
    assert items_from_json(row["items"]) == items
    first, second, third = deserialize_batch(row["images"])
    assert np.array_equal(first.image.pixels, pixels)
    assert not first.image.pixels.flags.writeable
    assert first.image.source == str(tmp_path / "a.png")
    assert second.image is third.image is None
    assert (second.failures[0].code, third.failures[0].code) == ("not_an_image", "missing_file")


def test_large_images_are_split_into_small_batches(tmp_path, monkeypatch):
    from dysfw.inference import batches

    monkeypatch.setattr(batches, "BATCH_PIXELS", 5000)
    Pillow.new("RGB", (50, 40), (9, 9, 9)).save(tmp_path / "a.png")
    items = [(n, BatchItem(str(tmp_path / "a.png"), f"{n}")) for n in range(5)]
    rows = decode({"items": items_to_json(items)}, plugins=None)
    assert [[number for number, _ in items_from_json(row["items"])] for row in rows] == [[0, 1], [2, 3], [4]]
