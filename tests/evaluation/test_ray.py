"""The splits of evaluations on a real Ray cluster with three machines."""

import os
import signal
import threading
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import ray
import threadpoolctl
from dysfw_ray.tasks import RayTasks

from dysfw.cache.store import StageCache
from dysfw.data.read import read_dataset
from dysfw.errors import DysfwError, Interrupted
from dysfw.evaluation.evaluate import Candidate, EvaluationConfig, evaluate
from dysfw.evaluation.splits import SplitConfig
from dysfw.evaluation.task_runner import load_task_runner
from dysfw.inference.build import build, build_fusion
from dysfw.recipe.check import load_recipe
from dysfw.registry.registry import load_registry
from dysfw.util.progress import Silent

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
TOYS = HERE.parent / "fixtures" / "toys"
NODE = {"num_cpus": 1, "object_store_memory": 150_000_000}
CONFIG = EvaluationConfig(SplitConfig(folds=3, repeats=4), resamples=50, permutations=99)


class Watched(Silent):
    """Keeps notes, and calls a function when some splits are finished.

    Args:
        after: How many.
        action: What to do then.
    """

    def __init__(self, after: int = 0, action=lambda: None) -> None:
        self.notes, self._after, self._action = [], after, action

    def note(self, text: str) -> None:
        self.notes.append(text)

    def track(self, items, what, total, unit, *, start=0, detail=str):
        for done, item in enumerate(items, start + 1):
            yield item
            if unit == "splits" and done == self._after:
                self._action()


def held_fusion(folder: Path, recipe, regions):
    """A fusion; on the cluster, it is made only when the test lets the work go on."""
    if ray.is_initialized() and (node := ray.get_runtime_context().get_node_id()) and ray.get_runtime_context().get_task_id():
        (folder / node).touch()
        while not (folder / "go").exists():
            time.sleep(0.05)
    return build_fusion(recipe, regions)


def threads(matrix: np.ndarray, n: int) -> tuple[int, bool, np.ndarray]:
    """The most threads of a library, whether the context can be changed, and a product."""
    product = matrix @ matrix * n
    return max(pool["num_threads"] for pool in threadpoolctl.threadpool_info()), matrix.flags.writeable, product


def die(context: tuple[Path, int], n: int) -> int:
    """Item 2 kills its process, a number of times."""
    folder, times = context
    deaths = len(list(folder.iterdir()))
    if n == 2 and deaths < times:
        (folder / str(deaths)).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return n


def sleep(_: object, seconds: float) -> float:
    time.sleep(seconds)
    return seconds


def fail(_: object, n: int) -> int:
    if n == 2:
        raise DysfwError("the third is wrong", hint="leave it out")
    return n


@pytest.fixture(scope="module")
def cluster():
    """Three machines with one processor each, which know the toys and the functions of this file."""
    from ray.cluster_utils import Cluster

    patch = pytest.MonkeyPatch()
    patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    for folder in (TOYS, HERE):  # nodes inherit it
        patch.setenv("PYTHONPATH", str(folder), prepend=os.pathsep)
    cluster = Cluster(initialize_head=True, head_node_args=NODE | {"include_dashboard": False})
    for _ in range(2):
        cluster.add_node(wait=False, **NODE)
    cluster.wait_for_nodes()
    yield cluster
    cluster.shutdown()
    patch.undo()


@pytest.fixture
def tasks(cluster):
    with RayTasks(cluster.address) as tasks:
        yield tasks


@pytest.fixture
def cache(tmp_path):
    cache = StageCache(tmp_path / "stages", 2**26, pytest.fail)
    yield cache
    cache.close()


@pytest.fixture
def candidate(toys, toy_recipe, cache):
    def make(*overrides: str, fusion=build_fusion) -> Candidate:
        recipe = load_recipe(toy_recipe, toys, overrides)
        components = build(recipe)
        other = load_recipe(toy_recipe, toys, ["fusion={use: stacking}"])
        return Candidate(recipe, components, {"stacking": partial(fusion, other, components.segmenter.regions)}, cache)

    return make


@pytest.fixture
def data(colour_data):
    manifest = colour_data / "manifest.csv"
    manifest.write_text("".join(f"{line.rpartition(',')[0]}\n" for line in manifest.read_text().splitlines()))
    return read_dataset(colour_data)


def same(one, other) -> bool:
    """Whether all figures and all predictions are the same, to the bit."""
    figures = [done.result.model_dump(mode="json", by_alias=True, exclude={"created", "seconds"}) for done in (one, other)]
    return figures[0] == figures[1] and all(
        np.array_equal(one.pooled.by_name[name], other.pooled.by_name[name], equal_nan=True) for name in one.pooled.by_name
    )


def interrupted(work) -> None:
    """Do some work that is interrupted, as the command line handles it."""

    def interrupt(*_: object) -> None:
        raise Interrupted

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        with pytest.raises(Interrupted):
            work()
    finally:
        signal.signal(signal.SIGINT, before)


def test_figures_equal_local_ones_although_a_machine_dies(cluster, tasks, candidate, data, tmp_path):
    held = tmp_path / "held"
    held.mkdir()
    fusion = partial(held_fusion, held)
    recipes = [candidate("name=a", fusion=fusion), candidate("name=b", "head={use: lda}", fusion=fusion)]
    recipes = [replace(one, cache=None) for one in recipes]
    victim = cluster.add_node(**NODE)

    def kill() -> None:
        deadline = time.monotonic() + 120
        while not (held / victim.node_id).exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        cluster.remove_node(victim, allow_graceful=False)

    class Holding(Watched):
        def note(self, text: str) -> None:
            super().note(text)
            if "left the cluster" in text:
                (held / "go").touch()

    watched, killer = Holding(), threading.Thread(target=kill)
    killer.start()
    there = evaluate(recipes, data, CONFIG, watched, tasks)
    killer.join()
    assert len(list(held.iterdir())) >= 3  # several machines were at work
    assert watched.notes == [
        "working on 4 machines with 4 CPUs in all",
        "a machine left the cluster; 1 task of it will be repeated on others",
    ]
    here = evaluate(recipes, data, CONFIG, Silent())
    assert all(same(*pair) for pair in zip(here, there, strict=True))


def test_after_an_interruption_the_evaluation_resumes_on_this_machine(tasks, candidate, data):
    watched = Watched(5, lambda: os.kill(os.getpid(), signal.SIGINT))
    interrupted(lambda: evaluate([candidate()], data, CONFIG, watched, tasks))
    watched = Watched()
    (resumed,) = evaluate([candidate()], data, CONFIG, watched)
    assert watched.notes[0] in [f"{n} splits of 12 known from an earlier evaluation" for n in range(4, 12)]
    assert same(resumed, evaluate([replace(candidate(), cache=None)], data, CONFIG, Silent())[0])


def test_ctrl_c_ends_tasks_that_are_not_finished(tasks):
    began = time.monotonic()
    threading.Timer(2, os.kill, (os.getpid(), signal.SIGINT)).start()
    interrupted(lambda: list(tasks.map(sleep, None, [600.0] * 5, print)))
    assert dict(tasks.map(sleep, None, [0.0], print)) == {0: 0.0}  # processors are free again
    assert time.monotonic() - began < 60


def test_a_machine_with_other_software_is_refused_before_any_work(cluster, tasks, candidate, data, tmp_path):
    fake = tmp_path / "other" / "numpy-9.9.9.dist-info"
    fake.mkdir(parents=True)
    (fake / "METADATA").write_text("Metadata-Version: 2.1\nName: numpy\nVersion: 9.9.9\n")
    other = cluster.add_node(**NODE, env_vars={"PYTHONPATH": os.pathsep.join([str(fake.parent), os.environ["PYTHONPATH"]])})
    try:
        with pytest.raises(DysfwError) as caught:
            evaluate([candidate()], data, CONFIG, Silent(), tasks)
    finally:
        cluster.remove_node(other)
    assert f"numpy is 9.9.9 there and {np.__version__} here" in caught.value.message
    assert other.node_id[:6] in caught.value.message
    assert caught.value.message.count("(node ") == 1
    assert "same versions on all machines" in caught.value.hint


def test_each_task_has_one_thread_and_read_only_arrays_and_its_errors_name_the_machine(tasks):
    matrix = np.random.default_rng(0).normal(size=(300, 300))
    results = dict(tasks.map(threads, matrix, range(4), print))
    expected = dict(enumerate(threads(matrix, n)[2] for n in range(4)))
    assert {(most, writable) for most, writable, _ in results.values()} == {(1, False)}
    assert all(np.allclose(results[n][2], expected[n]) and results[n][2].flags.writeable for n in range(4))
    with pytest.raises(DysfwError, match=r"on the cluster: \S+: the third is wrong") as caught:
        list(tasks.map(fail, None, range(5), print))
    assert caught.value.hint == "leave it out"
    with pytest.raises(DysfwError, match=r"cannot be done on a cluster: a component cannot be sent to others \(.*lock"):
        list(tasks.map(fail, threading.Lock(), range(5), print))


def test_work_of_a_killed_process_is_repeated(tasks, tmp_path):
    notes: list[str] = []
    assert dict(tasks.map(die, (tmp_path, 1), range(5), notes.append)) == {n: n for n in range(5)}
    (lost,) = notes[1:]
    assert lost.startswith("1 task lost because a worker process of the cluster was killed")
    assert lost.endswith("repeated, with 1 CPU for each task")


def test_work_whose_process_is_always_killed_ends_with_a_message(tasks, tmp_path, monkeypatch):
    monkeypatch.setattr("dysfw_ray.tasks.MAX_LOSSES", 2)
    with pytest.raises(DysfwError, match="was killed 2 times at the same task") as caught:
        list(tasks.map(die, (tmp_path, 99), [2], print))
    assert "--runner-set cpus=N" in caught.value.hint


def test_a_recipe_that_is_fine_tuned_has_nothing_for_a_cluster(tasks, candidate, data):
    tuned = candidate("tune={mode: batchnorm}", "backbone={use: grey_backbone}")
    with pytest.raises(DysfwError, match="toy fine-tunes its backbone in every split, which is done on this machine"):
        evaluate([tuned], data, CONFIG, Silent(), tasks)


def test_a_missing_or_too_small_cluster_is_reported(cluster):
    with pytest.raises(DysfwError, match="no machine of the Ray cluster has 64 CPUs: 3 machines with at most 1"):
        RayTasks(cluster.address, cpus=64).__enter__()
    with pytest.raises(DysfwError, match=r"(?s)no Ray cluster could be reached at 127.0.0.1:1.*ray start --head"):
        RayTasks("127.0.0.1:1").__enter__()


@pytest.mark.parametrize(
    ("name", "address", "options", "message"),
    [
        ("ray", None, ["cpus=0"], "tasks and cpus must be 1 or more, found None and 0"),
        ("ray", None, ["actors=3"], "has no such option"),
        ("ray", None, ["actors=3"], "its options are: tasks, cpus"),
        ("ray", None, ["cpus=[1"], "'[1' is no valid value"),
        ("local", None, ["cpus=2"], "--runner-set cpus=2: the runner local has no options"),
        ("local", "10.0.0.1:1", [], "the runner local uses this machine only"),
        ("rya", None, [], "no runner is called 'rya'; did you mean 'ray'"),
    ],
)
def test_contradictory_options_are_rejected(name, address, options, message):
    with pytest.raises(DysfwError) as caught:
        load_task_runner(load_registry(["builtin", "ray"]), name, address, options)
    assert message in str(caught.value)
