"""An environment on top of this one: it sees what is installed here, and what it installs itself stays its own.

So that tests can `pip install` a plugin as its author would, in seconds, and leave the environment that they run in alone.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

PIP = """\
#!/bin/sh
exec "$(dirname "$0")/python" -m pip --disable-pip-version-check "$@"
"""

# Guarded as pip writes it: worker processes import the program that started them.
PROGRAM = """\
#!{folder}/bin/python
import sys
from dysfw.cli.main import main
if __name__ == "__main__":
    sys.exit(main())
"""


@dataclass(frozen=True)
class Layer:
    """folder: of the environment."""

    folder: Path

    @property
    def bin(self) -> Path:
        return self.folder / "bin"

    def environment(self, **more: str) -> dict[str, str]:
        """The variables under which a shell finds its programs first."""
        path = os.pathsep.join([str(self.bin), str(Path(sys.executable).parent), os.environ["PATH"]])
        kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
        return kept | {"PATH": path, "VIRTUAL_ENV": str(self.folder)} | more

    def run(self, *command: object, cwd: Path | None = None, code: int = 0, **more: str) -> subprocess.CompletedProcess[str]:
        """Run a program of the environment and expect its exit code."""
        words = [str(word) for word in command]
        ran = subprocess.run(words, cwd=cwd, env=self.environment(**more), text=True, capture_output=True, check=False)
        assert ran.returncode == code, f"{' '.join(words)}: exit code {ran.returncode}\n{ran.stdout}\n{ran.stderr}"
        return ran


def make_layer(folder: Path, *, editables: bool = True) -> Layer:
    """A new environment at ``folder``. editables: whether it also sees what is installed here in editable form."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    below = sysconfig.get_path("purelib")
    (own,) = folder.glob("lib/python*/site-packages")
    # A plain line adds the folder alone; addsitedir also reads the .pth files in it, which is what editable installs are.
    (own / "below.pth").write_text(f"import site; site.addsitedir({below!r})\n" if editables else f"{below}\n")
    (folder / "bin" / "pip").write_text(PIP)
    (folder / "bin" / "pip").chmod(0o755)
    script = folder / "bin" / "dysfw"
    script.write_text(PROGRAM.format(folder=folder))
    script.chmod(0o755)
    return Layer(folder)
