"""Each plugin is loaded in isolation, and excluded plugins are not imported."""

import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata

import pytest

from dysfw import __version__
from dysfw.errors import DysfwError, Interrupted
from dysfw.registry import host
from dysfw.registry.compatibility import mismatch, required_core
from dysfw.registry.host import load_plugins
from dysfw.registry.time_limit import with_time_limit


def load_only_plugin(fake_plugins, only=None):
    (plugin,) = load_plugins(only, fake_plugins.points)
    return plugin


def test_a_plugin_is_described_by_its_distribution(fake_plugins):
    fake_plugins.offer("good")
    plugin = load_only_plugin(fake_plugins)
    assert (plugin.name, plugin.distribution, plugin.version, plugin.target) == ("good", "dysfw-good", "1.0", "good_plugin")
    assert plugin.origin == "dysfw-good 1.0"
    assert plugin.hooks is not None
    assert plugin.error is None
    assert not plugin.excluded


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("raise RuntimeError('no luck')", "no luck"),
        ("import no_such_module", "No module named 'no_such_module'"),
        ("import sys\nsys.exit(3)", r"the plugin called sys.exit\(3\) while importing"),
        ("def broken(:", "invalid syntax"),
        ("@hookimpl\ndef dysfw_componets():\n    return []", "unknown hook 'dysfw_componets'"),
        ("@hookimpl\ndef dysfw_components(registry):\n    return []", "registry.* are declared in the hookimpl but"),
    ],
)
def test_a_broken_plugin_is_listed_with_the_reason(fake_plugins, source, error):
    fake_plugins.install("bad", source)
    plugin = load_only_plugin(fake_plugins)
    assert plugin.hooks is None
    with pytest.raises(Exception, match=error):
        raise plugin.error


def test_an_entry_point_without_a_module_is_listed_with_the_reason(fake_plugins):
    fake_plugins.points.append(metadata.EntryPoint("lost", "no_such_plugin_module", "dysfw"))
    plugin = load_only_plugin(fake_plugins)
    assert isinstance(plugin.error, ModuleNotFoundError)
    assert plugin.origin == "unknown ?"


def test_an_entry_point_listed_twice_is_one_plugin(fake_plugins):
    fake_plugins.offer("good")
    fake_plugins.points *= 2
    assert len(load_plugins(None, fake_plugins.points)) == 1


def test_plugins_are_sorted_with_the_built_in_one_first(fake_plugins):
    for name in ("zeta", "alpha", "builtin"):
        fake_plugins.offer(name)
    assert [p.name for p in load_plugins(None, fake_plugins.points)] == ["builtin", "alpha", "zeta"]


@pytest.mark.parametrize("allowed", ["wanted", "dysfw-wanted"])
def test_an_excluded_plugin_is_not_imported(fake_plugins, allowed):
    fake_plugins.offer("wanted")
    fake_plugins.offer("unwanted")
    wanted, unwanted = sorted(load_plugins([allowed], fake_plugins.points), key=lambda p: p.excluded)
    assert (wanted.name, wanted.excluded) == ("wanted", False)
    assert (unwanted.name, unwanted.excluded, unwanted.hooks, unwanted.error) == ("unwanted", True, None, None)
    assert "wanted_plugin" in sys.modules
    assert "unwanted_plugin" not in sys.modules


def test_built_in_components_cannot_be_excluded(fake_plugins):
    fake_plugins.offer("builtin")
    assert load_only_plugin(fake_plugins, only=[]).hooks is not None


def test_allowing_a_plugin_that_is_not_installed_is_an_error(fake_plugins):
    fake_plugins.offer("shapes")
    with pytest.raises(DysfwError, match="no installed plugin is called 'shaps'; did you mean 'shapes'") as caught:
        load_plugins(["shapes", "shaps"], fake_plugins.points)
    assert caught.value.hint == "--plugins and DYSFW_PLUGINS take names from: shapes"
    assert "shapes_plugin" not in sys.modules


@pytest.mark.parametrize(
    "program",
    [
        "from dysfw.registry.registry import load_registry; r = load_registry(); assert len(r.components['fusion']) > 5",
        "import dysfw.registry.hookspecs",
    ],
)
def test_listing_plugins_imports_no_heavy_library(program):
    heavy = "sorted({'torch', 'numpy', 'scipy', 'sklearn', 'PIL', 'pydantic', 'timm', 'mediapipe'} & set(sys.modules))"
    answer = subprocess.run(
        [sys.executable, "-c", f"import sys; {program}; print({heavy})"], capture_output=True, text=True, check=True
    )
    assert answer.stdout == "[]\n"


def test_the_contracts_import_no_deep_learning_library():
    program = "import sys, dysfw.contracts.components; print(sorted({'torch', 'scipy', 'sklearn', 'PIL'} & set(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout == "[]\n"


def test_prediction_imports_no_library_that_only_training_needs():
    program = (
        "import sys, dysfw.inference.loading, dysfw.inference.pipeline, dysfw.builtin.heads.softmax;"
        "print(sorted({'sklearn', 'scipy.stats', 'matplotlib', 'torch'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout == "[]\n"


@pytest.mark.parametrize(
    ("required", "fits"), [(">=0.1,<0.2", True), ("", True), ("==0.1.*", True), (">=0.2", False), ("<0.1", False)]
)
def test_a_plugin_for_another_version_of_dysfw_is_not_imported(fake_plugins, required, fits):
    fake_plugins.install("future", "FOUND = True", requires=f"dysfw{required}")
    plugin = load_only_plugin(fake_plugins)
    assert (plugin.hooks is not None, "future_plugin" in sys.modules) == (fits, fits)
    if not fits:
        assert plugin.error.message == f"it requires dysfw {required}, but dysfw {__version__} is installed"
        assert "install a version of dysfw-future for this dysfw" in plugin.error.hint


@pytest.mark.parametrize(
    "requirement",
    [
        "dysfw-facenet>=9",
        "dysfwx>=9",
        "dysfw.more>=9",
        "dysfw>=9; extra == 'test'",
        "numpy>=1",
        "dysfw>=9; sys_platform == 'nowhere'",
        "dysfw @ git+https://example.org/dysfw",
    ],
)
def test_other_requirements_of_a_plugin_are_ignored(fake_plugins, requirement):
    fake_plugins.install("other", "", requires=requirement)
    assert load_only_plugin(fake_plugins).hooks is not None


def test_an_invalid_requirement_is_reported(fake_plugins):
    fake_plugins.install("odd", "", requires="dysfw 1.x or so")
    assert "it requires 'dysfw 1.x or so', which is not a valid requirement" in str(load_only_plugin(fake_plugins).error)


def test_extras_parentheses_and_markers_are_parsed():
    assert mismatch(["numpy", "dysfw[backbones] (>=0.2) ; python_version > '3'"], "0.1.0")
    assert str(required_core(["Dysfw >= 0.2"])) == ">=0.2"
    assert required_core(["numpy"]) is None
    assert mismatch(["dysfw>=0.2"], "0.2.0rc1")  # a release candidate precedes the release
    assert not mismatch(["dysfw>=0.1"], "0.2.0rc1")


@pytest.mark.parametrize("error", ["SystemExit", "BaseException"])
def test_a_plugin_that_raises_a_base_exception_is_listed(fake_plugins, error):
    fake_plugins.install("panics", f"class Panic({error}): pass\nraise Panic('lost')")
    assert load_only_plugin(fake_plugins).error is not None


@pytest.mark.parametrize("error", [Interrupted, KeyboardInterrupt])
def test_an_interruption_by_the_user_is_passed_on(fake_plugins, error):
    fake_plugins.install("slow", f"from dysfw.errors import Interrupted\nraise {error.__name__}")
    with pytest.raises(error):
        load_only_plugin(fake_plugins)


def test_a_plugin_that_catches_the_time_limit_is_reported_when_it_ends(fake_plugins, monkeypatch):
    monkeypatch.setattr(host, "TIME_LIMIT", 0.1)
    fake_plugins.install(
        "stubborn", "import time\nfor _ in range(3):\n    try: time.sleep(0.2)\n    except BaseException: pass"
    )
    assert "was still importing after 0.1 s" in str(load_only_plugin(fake_plugins).error)


@pytest.mark.parametrize("source", ["import time; time.sleep(60)", "while True: pass"])
def test_a_plugin_that_hangs_while_importing_is_interrupted(fake_plugins, monkeypatch, source):
    monkeypatch.setattr(host, "TIME_LIMIT", 0.2)
    fake_plugins.install("slow", f"try:\n    {source}\nexcept Exception:\n    pass")
    fake_plugins.offer("good")
    slow, good = sorted(load_plugins(None, fake_plugins.points), key=lambda p: p.name == "good")
    assert str(slow.error) == "the plugin was still importing after 0.2 s, and was interrupted"
    assert good.hooks is not None


def test_an_alarm_set_before_still_goes_off():
    rung = []
    previous_handler = signal.signal(signal.SIGALRM, lambda *_: rung.append(time.monotonic()))
    previous_timer = signal.setitimer(signal.ITIMER_REAL, 0.3)
    try:
        start = time.monotonic()
        with with_time_limit(10):
            time.sleep(0.05)
        time.sleep(0.35)
        assert len(rung) == 1
        assert rung[0] - start >= 0.29
    finally:
        signal.signal(signal.SIGALRM, previous_handler)
        signal.setitimer(signal.ITIMER_REAL, *previous_timer)


def test_plugins_can_be_loaded_in_another_thread(fake_plugins):
    fake_plugins.offer("good")
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(load_only_plugin, fake_plugins).result().hooks is not None


def test_the_output_of_a_plugin_is_captured(fake_plugins, capsys):
    fake_plugins.install("chatty", "print('hello')\n@hookimpl\ndef dysfw_components():\n    print('there')\n    return []")
    (plugin,) = fake_plugins.registry().plugins
    assert plugin.captured == "hello\nthere\n"
    assert capsys.readouterr() == ("", "")
