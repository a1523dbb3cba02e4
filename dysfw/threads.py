"""How threads of numerical libraries wait for one another, decided before any of them is loaded."""

from __future__ import annotations

import os


def wait_asleep() -> None:
    """Let OpenMP's threads sleep when they have nothing to do, unless the user's environment says otherwise.

    By default they spin for a while. Where more threads are at work than there are processors, beside other programs or stages
    that work at the same time, a spinning thread keeps the processor from the one that it waits for: a pipeline was seen to
    fall from 9 to 0.9 photographs a second.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
