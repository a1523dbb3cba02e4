import json
import os
import resource
import threading
import time
from itertools import count
from pathlib import Path

import duckdb
import fsspec
import numpy as np
import pandas
import polars
import pytest
from filelock import FileLock
from PIL import Image as Pillow
from pyarrow import parquet
from stops import Stops

from dysfw.batch.runner import Local
from dysfw.batch.shard import Shard
from dysfw.batch.work_directory import PART_SIZE
from dysfw.errors import DysfwError
from dysfw.inference.loading import open_pipeline
from dysfw.types import Failure

pytestmark = pytest.mark.slow

RED = (200, 40, 40)


def unfinished(output: Path) -> Path:
    return output.with_name(f"{output.name}.unfinished")


def test_rows_agree_with_predictions(run_batch, toys, bundle, images, tmp_path):
    folder, output = images(120), tmp_path / "out.parquet"
    summary = run_batch(folder, output)
    assert (summary.rows, summary.failed) == (120, {"no_face": 3})
    rows = parquet.read_table(output).to_pylist()
    paths = sorted(folder.rglob("*.png"))
    assert [row["number"] for row in rows] == list(range(120))
    assert [row["image"] for row in rows] == [str(path) for path in paths]
    pipeline = open_pipeline(bundle, toys)
    for row, result in zip(rows, pipeline.predict(paths), strict=True):
        if isinstance(result, Failure):
            assert (row["error_code"], row["error_message"]) == (result.code, result.message)
            assert row["predicted"] is row["p:red"] is row["reliable"] is None
        else:
            assert row["error_code"] is None
            assert [row[f"p:{label}"] for label in result.labels] == result.probabilities.tolist()
            assert row["predicted"] == result.labels[result.ranking[0]]
            assert row["prediction_set"] == [result.labels[k] for k in result.prediction_set.members]
            assert row["reasons"] == [notice.code for notice in result.reasons]
            assert row["sha256"] == result.face_embedding.image.sha256
            assert row["box"] == result.face_embedding.face.box.tolist()
            assert row["regions"] == ["upper", "lower"]
    assert not unfinished(output).exists()


def test_the_file_records_its_origin(run_batch, images, tmp_path, toys, bundle):
    run_batch(images(10), tmp_path / "out.parquet")
    origin = json.loads(parquet.read_schema(tmp_path / "out.parquet").metadata[b"dysfw"])
    pipeline = open_pipeline(bundle, toys)
    assert origin["schema"] == "dysfw.batch/1"
    assert origin["notice"].startswith("Research use only")
    assert origin["bundle"]["fingerprint"] == pipeline.manifest.fingerprint
    assert origin["recipe"]["fingerprint"] == pipeline.recipe.fingerprint
    assert (origin["device"], origin["precision"]) == ("cpu", "float32")


def test_pandas_polars_and_duckdb_read_the_table(run_batch, images, tmp_path):
    output = tmp_path / "out.parquet"
    run_batch(images(60), output)
    assert pandas.read_parquet(output)["error_code"].value_counts().to_dict() == {"no_face": 2}
    assert polars.read_parquet(output).filter(polars.col("error_code").is_null()).height == 58
    query = f"""SELECT count(*), avg("p:red" + "p:green" + "p:sand") FROM '{output}' WHERE error_code IS NULL"""  # noqa: S608
    number, total = duckdb.sql(query).fetchall()[0]
    assert number == 58
    assert total == pytest.approx(1, abs=1e-6)


def test_region_probabilities_and_all_faces_are_written_on_request(run_batch, images, tmp_path):
    folder = images(6)
    overrides = ["detector.faces=2"]
    run_batch(folder, tmp_path / "faces.parquet", all_faces=True, region_probabilities=True, overrides=overrides)
    rows = parquet.read_table(tmp_path / "faces.parquet").to_pylist()
    assert [(row["number"], row["face"], row["faces"]) for row in rows] == [(n, f, 2) for n in range(6) for f in range(2)]
    for row in rows:
        for region in ("upper", "lower"):
            assert sum(row[f"r:{region}:{label}"] for label in ("red", "green", "sand")) == pytest.approx(1, abs=1e-5)
    run_batch(folder, tmp_path / "plain.parquet", overrides=overrides)
    assert len(parquet.read_table(tmp_path / "plain.parquet")) == 6
    assert not any(name.startswith("r:") for name in parquet.read_schema(tmp_path / "plain.parquet").names)


def test_invalid_files_have_rows_with_reasons(run_batch, paint, tmp_path):
    folder = tmp_path / "mixed"
    for n in range(5):
        paint(f"mixed/{n}.png", RED, seed=n)
    (folder / "1b.png").write_text("not an image")
    (folder / "2b.jpg").write_bytes((folder / "2.png").read_bytes()[:200])
    with (folder / "3b.png").open("wb") as huge:
        huge.truncate(300 * 2**20)
    (folder / "name\n\x1b[31m.png").write_bytes((folder / "0.png").read_bytes())
    Path(os.fsdecode(bytes(folder) + b"/\xff\xfe.png")).write_bytes((folder / "0.png").read_bytes())
    summary = run_batch(folder, tmp_path / "out.parquet")
    assert summary.failed == {"not_an_image": 1, "too_many_bytes": 1, "truncated": 1}
    images = [row["image"] for row in parquet.read_table(tmp_path / "out.parquet").to_pylist()]
    assert len(images) == summary.rows == 10
    assert any(image.endswith("\\xff\\xfe.png") for image in images)


def test_columns_of_a_manifest_are_kept(run_batch, paint, tmp_path):
    paint("a.png", RED)
    (tmp_path / "list.csv").write_text("path,patient,label,source\na.png,p1,red,here\n")
    run_batch(tmp_path / "list.csv", tmp_path / "out.parquet")
    (row,) = parquet.read_table(tmp_path / "out.parquet").to_pylist()
    assert (row["patient"], row["label"], row["source"]) == ("p1", "red", "here")


def test_shards_together_equal_the_whole_table(run_batch, images, tmp_path):
    folder = images(100)
    run_batch(folder, tmp_path / "whole.parquet")
    for i in (1, 2, 3):
        run_batch(folder, tmp_path / f"{i}.parquet", shard=Shard(i, 3))
    whole = pandas.read_parquet(tmp_path / "whole.parquet")
    shards = pandas.concat(pandas.read_parquet(tmp_path / f"{i}.parquet") for i in (1, 2, 3))
    assert sorted(shards["image"]) == sorted(whole["image"])
    both = whole.merge(shards, on="image", validate="one_to_one", suffixes=("", "_shard"))
    np.testing.assert_allclose(both["p:red"], both["p:red_shard"], rtol=1e-5)  # computed in other batches


def test_finished_work_is_not_repeated(run_batch, images, tmp_path, progress):
    folder, output = images(20), tmp_path / "out.parquet"
    run_batch(folder, output)
    before = output.stat().st_mtime_ns
    (folder / "new.png").write_bytes(b"")
    unfinished(output).mkdir()  # as after an interruption between the last two steps
    (unfinished(output) / "part-00000000.parquet").write_bytes(b"")
    assert run_batch(folder, output).rows == 20
    assert output.stat().st_mtime_ns == before
    assert progress.notes[-1].startswith(f"{output} is already complete")
    assert not unfinished(output).exists()
    assert run_batch(folder, output, fresh=True).failed["not_an_image"] == 1
    assert parquet.read_metadata(output).num_rows == 21


def test_interrupted_fresh_work_is_resumed_although_an_old_table_existed(run_batch, images, tmp_path):
    folder, output = images(300), tmp_path / "out.parquet"
    run_batch(folder, output)
    (folder / "new.png").write_bytes(b"")
    with pytest.raises(RuntimeError, match="stopped"):
        run_batch(folder, output, fresh=True, runner=Stops(290))
    assert run_batch(folder, output).rows == 301


def test_fresh_keeps_the_table_if_the_source_is_missing(run_batch, images, tmp_path):
    folder, output = images(20), tmp_path / "out.parquet"
    run_batch(folder, output)
    folder.rename(tmp_path / "away")
    with pytest.raises(DysfwError, match="no such file or folder"):
        run_batch(folder, output, fresh=True)
    assert parquet.read_metadata(output).num_rows == 20


def test_work_resumed_from_another_folder_uses_the_original_images(run_batch, images, paint, tmp_path, monkeypatch):
    folder, output = images(300), tmp_path / "out.parquet"
    run_batch(folder, tmp_path / "whole.parquet")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RuntimeError, match="stopped"):
        run_batch("images", output, runner=Stops(290))
    for path in folder.rglob("*.png"):  # different images with the same names
        paint(f"elsewhere/{path.relative_to(tmp_path)}", (0, 0, 0), size=(8, 8))
    monkeypatch.chdir(tmp_path / "elsewhere")
    run_batch("../elsewhere/../images", output)
    columns = ["sha256", "error_code", "predicted"]
    assert parquet.read_table(output, columns=columns).equals(parquet.read_table(tmp_path / "whole.parquet", columns=columns))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"region_probabilities": True}, "region_probabilities"),
        ({"overrides": ["fusion.use=median"]}, "recipe"),
        ({"shard": Shard(1, 2)}, "shard"),
    ],
)
def test_the_result_of_another_job_is_not_overwritten(run_batch, images, tmp_path, change, named):
    folder, output = images(10), tmp_path / "out.parquet"
    run_batch(folder, output)
    content = output.read_bytes()
    with pytest.raises(DysfwError, match=rf"is the result of another job \(different: .*{named}"):
        run_batch(folder, output, **change)
    assert output.read_bytes() == content


@pytest.mark.parametrize("content", [b"", b"something", b"PAR1 nearly PAR1"])
def test_other_files_are_not_overwritten(run_batch, images, tmp_path, content):
    output = tmp_path / "out.parquet"
    output.write_bytes(content)
    with pytest.raises(DysfwError, match="exists and is not a result of `dysfw batch`"):
        run_batch(images(5), output)
    assert output.read_bytes() == content


def test_interrupted_work_is_resumed_and_other_work_is_rejected(run_batch, images, tmp_path, progress):
    folder, output = images(600), tmp_path / "out.parquet"
    with pytest.raises(RuntimeError, match="stopped"):
        run_batch(folder, output, runner=Stops(300))
    assert not output.exists()
    with pytest.raises(
        DysfwError, match=r"unfinished work of another job: recipe was .*region_probabilities was False, now True"
    ):
        run_batch(folder, output, region_probabilities=True, overrides=["fusion.use=median"])
    assert run_batch(folder, output).rows == 600
    assert "resuming: 256 of 600 images are done" in progress.notes
    run_batch(folder, tmp_path / "whole.parquet")
    assert parquet.read_table(output).equals(parquet.read_table(tmp_path / "whole.parquet"))


@pytest.mark.parametrize("source", ["nothing", "empty"])
def test_a_source_without_images_leaves_no_folder_behind(run_batch, tmp_path, source):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DysfwError, match=f"(no such file or folder:|no images at) .*{source}"):
        run_batch(tmp_path / source, tmp_path / "out.parquet")
    assert not unfinished(tmp_path / "out.parquet").exists()


def test_fresh_discards_unfinished_work(run_batch, images, tmp_path, progress):
    folder, output = images(300), tmp_path / "out.parquet"
    with pytest.raises(RuntimeError, match="stopped"):
        run_batch(folder, output, runner=Stops(290))
    assert run_batch(folder, output, region_probabilities=True, fresh=True).rows == 300
    assert not any("resuming" in note for note in progress.notes)


def test_a_damaged_part_is_predicted_again_and_reported(run_batch, images, tmp_path, progress):
    folder, output = images(600), tmp_path / "out.parquet"
    with pytest.raises(RuntimeError, match="stopped"):
        run_batch(folder, output, runner=Stops(599))
    part = unfinished(output) / "part-00000001.parquet"
    part.write_bytes(part.read_bytes()[:100])
    (unfinished(output) / ".part-00000002.parquet.writing").write_bytes(b"half")
    assert run_batch(folder, output).rows == 600
    assert any("part-00000001.parquet is damaged" in note for note in progress.notes)
    run_batch(folder, tmp_path / "whole.parquet")
    assert parquet.read_table(output).equals(parquet.read_table(tmp_path / "whole.parquet"))


def test_the_list_does_not_change_if_images_are_added_or_removed(run_batch, images, tmp_path):
    folder, output = images(300), tmp_path / "out.parquet"
    with pytest.raises(RuntimeError, match="stopped"):
        run_batch(folder, output, runner=Stops(260))
    (folder / "002" / "00299.png").unlink()
    (folder / "000" / "new.png").write_bytes((folder / "000" / "00000.png").read_bytes())
    assert run_batch(folder, output).failed == {"missing_file": 1, "no_face": 6}
    assert parquet.read_metadata(output).num_rows == 300


def test_two_processes_cannot_do_the_same_work(run_batch, images, tmp_path):
    output = tmp_path / "out.parquet"
    unfinished(output).mkdir()
    with FileLock(unfinished(output) / "lock"), pytest.raises(DysfwError, match="another process is working"):
        run_batch(images(5), output)


def test_a_source_that_disappears_stops_the_work_and_keeps_finished_parts(run_batch, images, tmp_path, progress):
    folder, output = images(1200), tmp_path / "out.parquet"
    away = tmp_path / "away"

    class Unplugged(Local):
        def run(self, task, pipeline, numbered):
            for number, result in enumerate(super().run(task, pipeline, numbered)):
                if number == 300:
                    folder.rename(away)
                yield result

    with pytest.raises(DysfwError, match=r"(?s)can no longer be read: .*no such file.*the same command to resume"):
        run_batch(folder, output, runner=Unplugged())
    assert (unfinished(output) / "part-00000000.parquet").is_file()
    away.rename(folder)
    assert run_batch(folder, output).failed == {"no_face": 24}
    assert any(note.startswith("resuming: ") for note in progress.notes)


def test_a_manifest_with_many_missing_images_is_completed(run_batch, paint, tmp_path):
    paint("there.png", RED)
    names = [f"gone-{n}.png" for n in range(60)]
    (tmp_path / "list.csv").write_text("path\n" + "\n".join([*names, "there.png"]) + "\n")
    summary = run_batch(tmp_path / "list.csv", tmp_path / "out.parquet")
    assert (summary.rows, summary.failed) == (61, {"missing_file": 60})


def test_a_failing_service_stops_the_work(run_batch, tmp_path, monkeypatch):
    memory = fsspec.filesystem("memory")
    for n in range(300):
        memory.pipe(f"/failing/{n:03}.png", b"not an image")

    class Hangs(Local):
        def run(self, task, pipeline, numbered):
            for number, result in enumerate(super().run(task, pipeline, numbered)):
                if number == 100:
                    monkeypatch.setattr(type(memory), "_open", _time_out)
                yield result

    with pytest.raises(DysfwError, match=r"memory://failing can no longer be read: .*ConnectionError: timed out"):
        run_batch("memory://failing", tmp_path / "out.parquet", runner=Hangs())
    memory.rm("/failing", recursive=True)


def _time_out(*_, **__):
    raise ConnectionError("timed out")


def test_fresh_does_not_delete_the_work_of_another_process(run_batch, images, tmp_path):
    output = tmp_path / "out.parquet"
    unfinished(output).mkdir()
    (unfinished(output) / "part-00000000.parquet").write_bytes(b"part")
    with FileLock(unfinished(output) / "lock"), pytest.raises(DysfwError, match="another process is working"):
        run_batch(images(5), output, fresh=True)
    assert (unfinished(output) / "part-00000000.parquet").read_bytes() == b"part"


def test_a_file_system_without_locks_is_reported(run_batch, images, tmp_path, monkeypatch):
    def unknown(*_):
        raise NotImplementedError("flock")

    monkeypatch.setattr("filelock.FileLock._acquire", unknown)  # such a file system cannot be mounted in a test
    with pytest.raises(DysfwError, match="file system without locks"):
        run_batch(images(5), tmp_path / "out.parquet")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
def test_a_full_disk_is_reported_and_the_work_can_be_resumed(run_batch, images, tmp_path):
    disk, folder = tmp_path / "disk", images(1100)
    disk.mkdir()
    if os.system(f"mount -t tmpfs -o size=100k tmpfs {disk}"):  # noqa: S605
        pytest.skip("no disk can be mounted here")
    try:
        with pytest.raises(DysfwError, match=r"(?s)the disk is full.*the same command to resume"):
            run_batch(folder, disk / "out.parquet", region_probabilities=True)
        finished = list(disk.glob("out.parquet.unfinished/part-*"))
        assert finished
        os.system(f"mount -o remount,size=20m {disk}")  # noqa: S605
        assert run_batch(folder, disk / "out.parquet", region_probabilities=True).rows == 1100
    finally:
        os.system(f"umount {disk}")  # noqa: S605


def test_the_list_is_read_as_needed(run_batch, images, tmp_path, monkeypatch):
    """Only a few parts of a long list are in memory."""
    taken, seen = count(), []

    class Slow(Local):
        def run(self, task, pipeline, numbered):
            def counted():
                for item in numbered:
                    self.ahead = next(taken)
                    yield item

            for number, result in super().run(task, pipeline, counted()):
                seen.append(self.ahead - number)
                yield number, result

    run_batch(images(1000), tmp_path / "out.parquet", runner=Slow())
    assert max(seen) < 200


@pytest.mark.timeout(300)
def test_a_batch_that_is_killed_repeatedly_gives_the_same_table(start, run_batch, bundle, images, tmp_path):
    folder, output = images(2600), tmp_path / "out.parquet"
    command = ("batch", bundle, folder, "-o", output, "--no-cache")
    kills = 0
    for _ in range(3):
        process, before = start(*command), len(list(unfinished(output).glob("part-*")))
        deadline = time.monotonic() + 60
        while len(list(unfinished(output).glob("part-*"))) <= before and process.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.002)
        if process.poll() is None:
            process.kill()
            kills += 1
        process.communicate()
    assert kills >= 2
    assert not output.exists()
    process = start(*command)
    out, err = process.communicate()
    assert process.returncode == 1, err  # some images have no face
    assert "resuming: " in err
    assert "2,600 rows" in out
    run_batch(folder, tmp_path / "whole.parquet")
    assert parquet.read_table(output).equals(parquet.read_table(tmp_path / "whole.parquet"))


def test_no_thread_remains_after_an_interruption(run_batch, images, tmp_path):
    before = threading.active_count()
    with pytest.raises(RuntimeError, match="stopped"):
        run_batch(images(600), tmp_path / "out.parquet", runner=Stops(20))
    for _ in range(50):
        if threading.active_count() == before:
            break
        time.sleep(0.1)
    assert threading.active_count() == before


class LittleMemory:
    """A limit of what this process can reserve."""

    def __init__(self) -> None:
        self.before = resource.getrlimit(resource.RLIMIT_AS)

    def set(self, spare: int) -> None:
        status = Path("/proc/self/status").read_text("utf-8")
        size = int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmSize")))
        resource.setrlimit(resource.RLIMIT_AS, (size * 1024 + spare, self.before[1]))

    def lift(self) -> None:
        resource.setrlimit(resource.RLIMIT_AS, self.before)


@pytest.fixture
def little_memory():
    limit = LittleMemory()
    yield limit
    limit.lift()


def test_images_that_lack_memory_have_no_row_and_are_tried_again(images, run_batch, tmp_path, little_memory) -> None:
    folder, output = images(PART_SIZE + 3), tmp_path / "out.parquet"
    large = folder / "999.png"  # in the last part
    face = Pillow.open(sorted(folder.rglob("*.png"))[0])
    face.resize((7900, 7900), Pillow.Resampling.NEAREST).save(large)  # 187 MB decoded, and as much again to hand over
    little_memory.set(spare=300_000_000)
    with pytest.raises(DysfwError) as caught:
        run_batch(folder, output)
    assert "ran out of memory" in caught.value.message
    assert "999.png" in caught.value.message
    assert not output.exists()
    assert len(list((unfinished(output)).glob("part*.parquet"))) == 1  # the first part is kept
    little_memory.lift()
    run_batch(folder, output)
    rows = parquet.read_table(output).to_pylist()
    assert len(rows) == PART_SIZE + 4
    assert {row["error_code"] for row in rows} <= {None, "no_face"}
