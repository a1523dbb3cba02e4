"""Measure the speed of dysfw on this machine, each number next to a reference.

    python benchmarks/speed [NAME…] [--quick] [--json FILE] [--data DIR]

NAME: runtimes, backbone, compiled, precision, overhead, dlib_backbone, pipeline, cache, startup, memory, ray_runner, stages,
detector or busy. The default is all of them, each in a separate process. --quick: small sizes, a few minutes instead of about a
quarter of an hour. --json: also write the table to a file, with every single measurement. --data: a folder of phantoms from
``dysfw phantom dataset``, instead of those of the tests or newly rendered ones.

Prints one Markdown table and a line about the machine. Alternatives take turns in several rounds, because a machine's speed
drifts; the table shows medians with minimum and maximum. "unsteady" means that these differ by more than a quarter, "not in
every round" that the target is between them. "unclear" means that they differ more than twofold, or that other programs used
more than a tenth of the cores: torch's threads then wait for each other, and ratios are meaningless.
"""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).parents[1])  # so that this folder can be imported as the package ``speed``
    from speed.command import main

    sys.exit(main(__doc__))
