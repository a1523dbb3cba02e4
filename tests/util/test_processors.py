import os

import pytest

from dysfw.util.processors import usable_processors


def system(root, groups: str, files: dict[str, str]):
    """A file system root with the files of control groups."""
    for name, text in {"proc/self/cgroup": groups, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.fixture(autouse=True)
def eight_processors(monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(6)), raising=False)


def test_without_control_groups_the_affinity_counts(tmp_path, monkeypatch):
    assert usable_processors(tmp_path) == 6
    monkeypatch.delattr(os, "sched_getaffinity")
    assert usable_processors(tmp_path) == 8
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert usable_processors(tmp_path) == 1


@pytest.mark.parametrize(
    ("groups", "files", "expected"),
    [
        ("0::/\n", {"cpu.max": "50000 100000\n"}, 1),
        ("0::/\n", {"cpu.max": "250000 100000\n"}, 3),
        ("0::/\n", {"cpu.max": "max 100000\n"}, 6),
        ("0::/a/b\n", {"a/cpu.max": "200000 100000\n", "a/b/cpu.max": "max 100000\n"}, 2),
        ("0::/of/the/host\n", {"cpu.max": "400000 100000\n"}, 4),
        (
            "3:cpuset:/\n1:cpu,cpuacct:/a\n",
            {"cpu,cpuacct/a/cpu.cfs_quota_us": "50000", "cpu,cpuacct/a/cpu.cfs_period_us": "25000"},
            2,
        ),
        ("1:cpu:/a\n0::/\n", {"cpu/a/cpu.cfs_quota_us": "50000\n", "cpu/a/cpu.cfs_period_us": "100000\n"}, 1),
        ("1:cpu:/\n", {"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, 6),
        ("1:cpu:/\n", {"cpu/cpu.cfs_quota_us": "5000", "cpu/cpu.cfs_period_us": "0"}, 6),
        ("damaged\n\n0::\n", {"cpu.max": "1 2 3"}, 6),
    ],
)  # fmt: skip
def test_quotas(tmp_path, groups, files, expected):
    root = system(tmp_path, groups, {f"sys/fs/cgroup/{name}": text for name, text in files.items()})
    assert usable_processors(root) == expected
