"""How many processors this process may use: its affinity, and the CPU quota of its container or service."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator
from pathlib import Path

_ROOT = Path("/")


def usable_processors(root: Path = _ROOT) -> int:
    """Return the number of processors that this process may keep busy.

    The smallest of: the processors of the machine, those the process may run on (taskset, cpusets), and the CPU quota of its
    control groups (containers, systemd), rounded up. With a quota of half a processor, more than one thread would only make
    the process wait longer for its next time slice.

    Args:
        root: Where ``proc`` and ``sys`` are.

    Returns:
        At least 1.
    """
    return max(1, math.ceil(min([float(visible_processors()), *_quotas(root)])))


def visible_processors() -> int:
    """Return the number of processors that this process may run on (taskset, cpusets), which libraries count, too."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _quotas(root: Path) -> Iterator[float]:
    """CPU quotas, in processors, of this process's control groups and all groups above them."""
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, controllers, path = (*line.split(":", 2), "", "")[:3]
        if not controllers:  # version 2, alone or beside version 1
            mounts, read = ("sys/fs/cgroup", "sys/fs/cgroup/unified"), _quota_v2
        elif "cpu" in controllers.split(","):
            mounts, read = ("sys/fs/cgroup/cpu", f"sys/fs/cgroup/{controllers}"), _quota_v1
        else:
            continue
        inside = Path(path.lstrip("/"))
        for mount in mounts:
            # In a container the path may be that of the host, of which only the group's own files are mounted, at the root.
            yield from (quota for folder in (inside, *inside.parents) if (quota := read(root / mount / folder)))


def _quota_v2(folder: Path) -> float | None:
    """From ``cpu.max``: "50000 100000", or "max 100000" without a quota."""
    match = re.fullmatch(r"(\d+) (\d+)\s*", _text(folder / "cpu.max"))
    return int(match[1]) / int(match[2]) if match and int(match[2]) else None


def _quota_v1(folder: Path) -> float | None:
    """From two files; a quota of -1 is none."""
    quota, period = _text(folder / "cpu.cfs_quota_us").strip(), _text(folder / "cpu.cfs_period_us").strip()
    return int(quota) / int(period) if quota.isdecimal() and period.isdecimal() and int(period) else None


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8", "replace")
    except OSError:  # another system, or a file that may not be read
        return ""
