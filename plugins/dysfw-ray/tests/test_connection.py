"""Errors of Ray in plain words, and iteration that signals can interrupt."""

import threading
import time

import pytest
import ray
from dysfw_ray.connection import cluster_error, connection_error
from dysfw_ray.interruptible import interruptible


def test_other_versions_on_the_cluster_are_named():
    from ray._private.utils import check_version_info

    with pytest.raises(RuntimeError) as raised:
        check_version_info({"ray_version": "1.2.3", "python_version": "3.9.1"}, "127.0.0.1")
    error = connection_error("10.0.0.1:6379", raised.value)
    assert "the Ray cluster at 10.0.0.1:6379 runs Ray 1.2.3 with Python 3.9.1, but this process Ray " in error.message
    assert f"Ray {ray.__version__}" in error.message
    assert "the same versions" in error.hint


def test_a_missing_module_is_named():
    error = cluster_error(RuntimeError("The remote function failed to import. No module named 'dysfw_ray'"))
    assert error.message == "a machine of the cluster lacks the module dysfw_ray"
    assert "dysfw-ray included" in error.hint


def test_items_and_errors_pass_through():
    def items():
        yield 1
        yield None  # nothing yet
        yield 2
        raise ValueError("third")

    work = interruptible(items())
    assert [next(work), next(work)] == [1, 2]
    with pytest.raises(ValueError, match="third"):
        next(work)


def test_if_the_caller_stops_the_work_is_closed():
    closed = threading.Event()

    def items():
        try:
            yield 1
            while True:
                time.sleep(0.01)
                yield None
        finally:
            closed.set()

    work = interruptible(items())
    assert next(work) == 1
    work.close()
    assert closed.wait(5)
