"""Batches on a real Ray cluster with three nodes."""

import os
import signal
import threading
import time
from pathlib import Path

import pytest
from pyarrow import parquet
from stops import Stops

from dysfw.batch.runner import load_runner
from dysfw.errors import DysfwError

pytestmark = pytest.mark.slow

TESTS = Path(__file__).parents[1]
NODE = {"num_cpus": 3, "object_store_memory": 150_000_000, "include_dashboard": False}


@pytest.fixture(scope="module")
def cluster():
    import dysfw_ray.runner  # noqa: F401  # before Ray, because it sets environment variables for it
    from ray.cluster_utils import Cluster

    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(
        [str(TESTS / "fixtures" / "toys"), str(TESTS / "fixtures" / "toys_installed")]
    )  # nodes inherit it
    cluster = Cluster(initialize_head=True, head_node_args=NODE)
    for _ in range(2):
        cluster.add_node(**{key: NODE[key] for key in ("num_cpus", "object_store_memory")})
    cluster.wait_for_nodes()
    yield cluster
    cluster.shutdown()
    del os.environ["PYTHONPATH"]
    if before is not None:
        os.environ["PYTHONPATH"] = before


@pytest.fixture
def on_ray(run_batch, toys, cluster):
    """on_ray(source, output): ``run_batch`` on the cluster."""
    from dysfw_ray.runner import Ray

    def on_ray(source, output, **options):
        return run_batch(source, output, runner=Ray(cluster.address, cpus=2), **options)

    return on_ray


@pytest.fixture
def toys(monkeypatch):
    from dysfw.registry.registry import load_registry

    monkeypatch.syspath_prepend(str(TESTS / "fixtures" / "toys_installed"))
    return load_registry(["builtin", "toys", "ray", "dicom"])  # Ray's workers load every decoder


def prediction_workers() -> list[int]:
    """Ids of the processes that predict, by the names that Ray gives them."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            name = (process / "cmdline").read_bytes().decode("utf-8", "replace")
        except OSError:
            continue
        if name.startswith("ray::") and "Predict" in name:
            found.append(int(process.name))
    return found


def parts(output: Path) -> int:
    return len(list(output.with_name(f"{output.name}.unfinished").glob("part-*")))


def when(condition, action) -> threading.Thread:
    def wait() -> None:
        deadline = time.monotonic() + 240
        while not condition():
            if time.monotonic() > deadline:
                return
            time.sleep(0.005)
        action()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


@pytest.mark.timeout(400)
def test_the_table_equals_a_local_one_although_a_worker_and_a_machine_die(on_ray, run_batch, cluster, images, tmp_path):
    folder, output = images(2000), tmp_path / "out.parquet"
    killed: list[object] = []

    def kill_worker() -> None:
        victims = prediction_workers()[:1]
        for victim in victims:
            os.kill(victim, signal.SIGKILL)
        killed.extend(victims)

    def kill_machine() -> None:
        node = cluster.worker_nodes[0] if hasattr(cluster.worker_nodes, "__getitem__") else next(iter(cluster.worker_nodes))
        cluster.remove_node(node, allow_graceful=False)
        killed.append("machine")

    threads = [when(lambda: parts(output) >= 1, kill_worker), when(lambda: parts(output) >= 2, kill_machine)]
    summary = on_ray(folder, output)
    for thread in threads:
        thread.join()
    assert len(killed) == 2
    assert killed[1] == "machine"
    assert (summary.rows, summary.failed) == (2000, {"no_face": 40})
    run_batch(folder, tmp_path / "local.parquet")
    assert parquet.read_table(output).equals(parquet.read_table(tmp_path / "local.parquet"))


def test_work_started_locally_is_resumed_on_the_cluster(on_ray, run_batch, images, tmp_path, progress):
    folder, output = images(700), tmp_path / "out.parquet"
    with pytest.raises(RuntimeError, match="stopped"):
        run_batch(folder, output, runner=Stops(600))
    assert on_ray(folder, output).rows == 700
    assert "resuming: 512 of 700 images are done" in progress.notes
    run_batch(folder, tmp_path / "local.parquet")
    assert parquet.read_table(output).equals(parquet.read_table(tmp_path / "local.parquet"))


def test_invalid_files_and_file_names_have_rows(on_ray, run_batch, images, tmp_path):
    folder = images(20)
    (folder / "a.png").write_text("not an image")
    Path(os.fsdecode(bytes(folder) + b"/\xff.png")).write_bytes((folder / "000" / "00000.png").read_bytes())
    on_ray(folder, tmp_path / "out.parquet", all_faces=True, region_probabilities=True, overrides=["detector.faces=2"])
    run_batch(folder, tmp_path / "local.parquet", all_faces=True, region_probabilities=True, overrides=["detector.faces=2"])
    assert parquet.read_table(tmp_path / "out.parquet").equals(parquet.read_table(tmp_path / "local.parquet"))


def test_a_machine_with_another_version_is_rejected(images, tmp_path, run_batch, cluster):
    from dataclasses import replace

    from dysfw_ray.runner import Ray

    class OtherVersion(Ray):
        """As if the batch was started with another version."""

        def run(self, task, pipeline, numbered):
            return super().run(replace(task, fingerprints=task.fingerprints | {"dysfw": "0.0.1"}), pipeline, numbered)

    with pytest.raises(
        DysfwError, match="on the cluster: this machine differs from the one that started the batch: dysfw is 0.1.0 here"
    ):
        run_batch(images(5), tmp_path / "out.parquet", runner=OtherVersion(cluster.address, cpus=1))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["cpus=0"], "actors and cpus must be 1 or more"),
        (["cpus=many"], "--runner-set cpus: Input should be a valid integer"),
        (["cpu=2"], "has no such option; did you mean 'cpus'"),
        (["cpus"], "write key=value; its options are: actors, cpus, gpus"),
    ],
)
def test_invalid_options_are_rejected(toys, options, message):
    with pytest.raises(DysfwError) as caught:
        load_runner(toys, "ray", None, options)
    assert message in str(caught.value)


def test_a_missing_or_too_small_cluster_is_reported(run_batch, images, tmp_path, cluster):
    from dysfw_ray.runner import Ray

    folder = images(5)
    with pytest.raises(DysfwError, match="an actor needs 64, and decoding 1"):
        run_batch(folder, tmp_path / "out.parquet", runner=Ray(cluster.address, cpus=64))
    with pytest.raises(DysfwError, match="the Ray cluster has no GPU"):
        run_batch(folder, tmp_path / "out.parquet", runner=Ray(cluster.address, gpus=True))
    with pytest.raises(DysfwError, match=r"(?s)no Ray cluster could be reached at 127.0.0.1:1.*ray start --head"):
        run_batch(folder, tmp_path / "out.parquet", runner=Ray("127.0.0.1:1"))


def test_unknown_runners_and_invalid_addresses_are_rejected(toys):
    with pytest.raises(DysfwError, match="no runner is called 'rya'; did you mean 'ray'"):
        load_runner(toys, "rya", None)
    with pytest.raises(DysfwError, match="the runner local uses this machine only"):
        load_runner(toys, "local", "10.0.0.1:1")


def test_ray_does_not_report_usage():
    import dysfw_ray.runner  # noqa: F401

    try:
        from ray._common.usage import usage_lib
    except ImportError:  # older versions of Ray
        from ray._private.usage import usage_lib
    assert not usage_lib.usage_stats_enabled()
