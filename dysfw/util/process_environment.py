"""Settings for the libraries below dysfw: no usage data, and no files outside dysfw's folders.

``import dysfw`` applies them, so they hold in every process: the program, notebooks, worker processes and their children.
Libraries read most of these settings when they are imported, so the packages of plugins import dysfw first.
"""

from __future__ import annotations

import atexit
import os
import sys
import warnings
from pathlib import Path

from ..errors import DysfwError
from .processors import usable_processors, visible_processors
from .threads import THREAD_SETTINGS
from .user_folders import is_writable, writable_cache_folder

CACHE, OFF = "DYSFW_CACHE", "off"

# Usage data go to the makers of these libraries, so the settings of the user are overwritten. mediapipe has no such setting:
# dysfw-mediapipe runs it in a process that cannot reach the network.
NO_USAGE_DATA = {
    "ORT_DISABLE_TELEMETRY": "1",  # onnxruntime: also keeps its device id and its database out of the home folder
    "RAY_USAGE_STATS_ENABLED": "0",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
}
# Tracing sends data only to where the operator wants them, so an explicit setting wins.
NO_TRACING = {"OTEL_SDK_DISABLED": "true"}
# Threads of torch that wait for one another sleep instead of spinning. Beside other programs spinning takes the time that the
# thread waited for needs (`python benchmarks/speed busy`). An explicit setting of the user wins.
WAITING = {"OMP_WAIT_POLICY": "passive"}
# Packages that do nothing but send usage data, and whose absence their users tolerate.
BLOCKED = ("openvino_telemetry",)
# Libraries that start sending when they are imported, with the setting that prevents it.
STARTS_AT_IMPORT = {"onnxruntime": "ORT_DISABLE_TELEMETRY"}

# Caches that libraries write below the home folder, as folders in dysfw's cache. An explicit setting of the user wins, unless
# that folder cannot be written: numba would then refuse to work.
CACHES = {
    "MPLCONFIGDIR": "matplotlib",
    "NUMBA_CACHE_DIR": "numba",
    "TORCHINDUCTOR_CACHE_DIR": "torchinductor",
    "TRITON_CACHE_DIR": "triton",
    "CUDA_CACHE_PATH": "cuda",
}


def prepare_process() -> None:
    """Apply all settings to this process and its children."""
    for module, setting in STARTS_AT_IMPORT.items():
        if module in sys.modules and os.environ.get(setting) != NO_USAGE_DATA[setting]:
            warnings.warn(
                f"{module} was imported before dysfw, and may send usage data to its maker; "
                f"import dysfw first, or set {setting}=1",
                stacklevel=3,
            )
    os.environ.update(NO_USAGE_DATA)
    for name, value in (NO_TRACING | WAITING).items():
        os.environ.setdefault(name, value)
    _respect_quota()
    for module in BLOCKED:
        sys.modules.setdefault(module, None)  # type: ignore[arg-type]  # makes importing it an ImportError
    _redirect_caches()


def _respect_quota() -> None:
    """Let libraries start no more threads than the CPU quota keeps busy; they see only the processors themselves.

    With a quota of half a processor on a machine of 64, 64 threads would wait for one another. An explicit setting wins.
    """
    usable = usable_processors()
    if usable < visible_processors():
        for name in THREAD_SETTINGS:
            os.environ.setdefault(name, str(usable))


def _redirect_caches() -> None:
    unset = {name: folder for name, folder in CACHES.items() if not _is_usable(name)}
    base = _library_caches() if unset else None
    if base is None:
        return
    if "MPLCONFIGDIR" in unset and "MATPLOTLIBRC" not in os.environ and (style := _matplotlib_style()):
        os.environ["MATPLOTLIBRC"] = str(style)  # it would otherwise be looked for in MPLCONFIGDIR
    os.environ.update({name: str(base / folder) for name, folder in unset.items()})


def _is_usable(name: str) -> bool:
    stated = os.environ.get(name)
    if stated and not is_writable(Path(stated)):
        warnings.warn(f"{name} is {stated!r}, which cannot be written; dysfw uses its own folder", stacklevel=5)
        return False
    return bool(stated)


def _library_caches() -> Path | None:
    """The folder of dysfw's cache; without one a temporary folder, which is deleted at exit; None if nothing can be written."""
    stated = os.environ.get(CACHE, "")
    try:
        if stated and stated.lower() != OFF:
            chosen = Path(stated).expanduser().absolute()
            if is_writable(chosen):
                return chosen
        return writable_cache_folder()
    except (DysfwError, RuntimeError):  # RuntimeError: "~" without a home folder
        return _temporary_caches()


def _temporary_caches() -> Path | None:
    import shutil  # both are rarely needed, and not light
    import tempfile

    try:
        if Path(tempfile.gettempdir()) == Path.cwd():  # where tempfile goes if nothing else can be written
            return None
        folder = Path(tempfile.mkdtemp(prefix="dysfw-cache-"))  # private to the user
    except OSError:
        return None
    owner = os.getpid()

    def delete() -> None:
        if os.getpid() == owner:  # not in forked processes
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(delete)
    return folder


def _matplotlib_style() -> Path | None:
    """The user's own matplotlibrc, if there is one."""
    folders = [os.environ.get("XDG_CONFIG_HOME", ""), os.path.join(os.path.expanduser("~"), ".config")]  # noqa: PTH111, PTH118
    folder = next((Path(folder) for folder in folders if Path(folder).is_absolute()), None)
    file = folder / "matplotlib" / "matplotlibrc" if folder else None
    return file if file and os.access(file, os.R_OK) else None
