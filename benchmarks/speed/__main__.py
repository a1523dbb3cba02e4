"""How fast dysfw is on this machine, each number beside the one that it ought to be measured by.

    python benchmarks/speed [NAME…] [--quick] [--json FILE] [--data DIR]

NAME: trunk, compiled, precision, tax, dlib_trunk, pipeline, cache, startup, memory, ray_runner, stages; without one all of
them, each in a process of its own. --quick: small sizes, a few minutes in all; else about a quarter of an hour. --json: the
table to a file too, with every single measurement. --data: a folder of phantoms, as ``dysfw phantom dataset`` makes it,
instead of those that are rendered or come with the tests.

Prints one Markdown table and a line on the machine. What is compared runs side by side, in turn, round after round; shown are
medians and, in brackets, the least and the most of the rounds, because a machine's speed drifts. "unsteady" stands where they
lie more than a quarter apart, "not in every round" where the aim lies between them, "unclear" where they lie more than twofold
apart, or where other programs took more than a tenth of the cores: then torch's threads wait for each other, in some programs
far more than in others, and no ratio is worth anything.
"""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).parents[1])  # so that this folder is the package ``speed``
    from speed.command import main

    sys.exit(main(__doc__))
