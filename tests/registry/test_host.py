"""Each plugin is loaded alone, and one that is not allowed is not touched at all."""

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
from dysfw.registry.compatibility import mismatch, wanted_core
from dysfw.registry.host import load_plugins
from dysfw.registry.time_limit import with_time_limit


def plugin_of(fake_plugins, only=None):
    (plugin,) = load_plugins(only, fake_plugins.points)
    return plugin


def test_a_plugin_is_described_by_its_distribution(fake_plugins):
    fake_plugins.offer("good")
    plugin = plugin_of(fake_plugins)
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
def test_a_plugin_that_cannot_be_loaded_is_listed_with_the_reason(fake_plugins, source, error):
    fake_plugins.install("bad", source)
    plugin = plugin_of(fake_plugins)
    assert plugin.hooks is None
    with pytest.raises(Exception, match=error):
        raise plugin.error


def test_an_entry_point_to_nowhere_is_listed_with_the_reason(fake_plugins):
    fake_plugins.points.append(metadata.EntryPoint("lost", "no_such_plugin_module", "dysfw"))
    plugin = plugin_of(fake_plugins)
    assert isinstance(plugin.error, ModuleNotFoundError)
    assert plugin.origin == "unknown ?"


def test_an_entry_point_listed_twice_is_one_plugin(fake_plugins):
    fake_plugins.offer("good")
    fake_plugins.points *= 2
    assert len(load_plugins(None, fake_plugins.points)) == 1


def test_plugins_are_sorted_with_the_core_s_own_first(fake_plugins):
    for name in ("zeta", "alpha", "builtin"):
        fake_plugins.offer(name)
    assert [p.name for p in load_plugins(None, fake_plugins.points)] == ["builtin", "alpha", "zeta"]


@pytest.mark.parametrize("allowed", ["wanted", "dysfw-wanted"])
def test_nothing_of_an_excluded_plugin_is_imported(fake_plugins, allowed):
    fake_plugins.offer("wanted")
    fake_plugins.offer("unwanted")
    wanted, unwanted = sorted(load_plugins([allowed], fake_plugins.points), key=lambda p: p.excluded)
    assert (wanted.name, wanted.excluded) == ("wanted", False)
    assert (unwanted.name, unwanted.excluded, unwanted.hooks, unwanted.error) == ("unwanted", True, None, None)
    assert "wanted_plugin" in sys.modules
    assert "unwanted_plugin" not in sys.modules


def test_the_core_s_own_components_cannot_be_excluded(fake_plugins):
    fake_plugins.offer("builtin")
    assert plugin_of(fake_plugins, only=[]).hooks is not None


def test_allowing_what_is_not_installed_is_refused_with_the_closest_name_before_anything_is_imported(fake_plugins):
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
def test_listing_all_that_is_installed_imports_nothing_heavy(program):
    heavy = "sorted({'torch', 'numpy', 'scipy', 'sklearn', 'PIL', 'pydantic', 'timm', 'mediapipe'} & set(sys.modules))"
    answer = subprocess.run(
        [sys.executable, "-c", f"import sys; {program}; print({heavy})"], capture_output=True, text=True, check=True
    )
    assert answer.stdout == "[]\n"


def test_the_contracts_import_no_deep_learning_library():
    program = "import sys, dysfw.contracts.components; print(sorted({'torch', 'scipy', 'sklearn', 'PIL'} & set(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout == "[]\n"


def test_judging_with_what_was_trained_imports_no_library_that_only_training_needs():
    program = (
        "import sys, dysfw.inference.loading, dysfw.inference.pipeline, dysfw.builtin.heads.softmax;"
        "print(sorted({'sklearn', 'scipy.stats', 'matplotlib', 'torch'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout == "[]\n"


@pytest.mark.parametrize(
    ("wanted", "fits"), [(">=0.1,<0.2", True), ("", True), ("==0.1.*", True), (">=0.2", False), ("<0.1", False)]
)
def test_a_plugin_built_for_another_core_is_not_imported(fake_plugins, wanted, fits):
    fake_plugins.install("future", "FOUND = True", requires=f"dysfw{wanted}")
    plugin = plugin_of(fake_plugins)
    assert (plugin.hooks is not None, "future_plugin" in sys.modules) == (fits, fits)
    if not fits:
        assert plugin.error.message == f"it is built for dysfw {wanted}, and this is dysfw {__version__}"
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
def test_only_what_a_plugin_requires_of_the_core_counts(fake_plugins, requirement):
    fake_plugins.install("other", "", requires=requirement)
    assert plugin_of(fake_plugins).hooks is not None


def test_a_requirement_that_is_no_version_range_is_told(fake_plugins):
    fake_plugins.install("odd", "", requires="dysfw 1.x or so")
    assert "it requires 'dysfw 1.x or so', which is no requirement" in str(plugin_of(fake_plugins).error)


def test_extras_parentheses_and_markers_do_not_hide_the_range():
    assert mismatch(["numpy", "dysfw[trunks] (>=0.2) ; python_version > '3'"], "0.1.0")
    assert str(wanted_core(["Dysfw >= 0.2"])) == ">=0.2"
    assert wanted_core(["numpy"]) is None
    assert mismatch(["dysfw>=0.2"], "0.2.0rc1")  # a candidate comes before the release
    assert not mismatch(["dysfw>=0.1"], "0.2.0rc1")


@pytest.mark.parametrize("error", ["SystemExit", "BaseException"])
def test_a_plugin_that_raises_what_is_no_exception_is_listed_too(fake_plugins, error):
    fake_plugins.install("panics", f"class Panic({error}): pass\nraise Panic('lost')")
    assert plugin_of(fake_plugins).error is not None


@pytest.mark.parametrize("error", [Interrupted, KeyboardInterrupt])
def test_an_interruption_by_the_user_is_not_taken_for_a_fault(fake_plugins, error):
    fake_plugins.install("slow", f"from dysfw.errors import Interrupted\nraise {error.__name__}")
    with pytest.raises(error):
        plugin_of(fake_plugins)


def test_a_plugin_that_catches_everything_is_told_when_it_is_done(fake_plugins, monkeypatch):
    monkeypatch.setattr(host, "TIME_LIMIT", 0.1)
    fake_plugins.install(
        "stubborn", "import time\nfor _ in range(3):\n    try: time.sleep(0.2)\n    except BaseException: pass"
    )
    assert "was still importing after 0.1 s" in str(plugin_of(fake_plugins).error)


@pytest.mark.parametrize("source", ["import time; time.sleep(60)", "while True: pass"])
def test_a_plugin_that_hangs_is_interrupted_and_listed(fake_plugins, monkeypatch, source):
    monkeypatch.setattr(host, "TIME_LIMIT", 0.2)
    fake_plugins.install("slow", f"try:\n    {source}\nexcept Exception:\n    pass")
    fake_plugins.offer("good")
    slow, good = sorted(load_plugins(None, fake_plugins.points), key=lambda p: p.name == "good")
    assert str(slow.error) == "the plugin was still importing after 0.2 s, and was interrupted"
    assert good.hooks is not None


def test_an_alarm_of_somebody_else_goes_off_when_it_would_have():
    rung = []
    before = signal.signal(signal.SIGALRM, lambda *_: rung.append(time.monotonic()))
    others = signal.setitimer(signal.ITIMER_REAL, 0.3)
    try:
        began = time.monotonic()
        with with_time_limit(10):
            time.sleep(0.05)
        time.sleep(0.35)
        assert len(rung) == 1
        assert rung[0] - began >= 0.29
    finally:
        signal.signal(signal.SIGALRM, before)
        signal.setitimer(signal.ITIMER_REAL, *others)


def test_in_another_thread_there_is_no_limit_and_no_harm(fake_plugins):
    fake_plugins.offer("good")
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(plugin_of, fake_plugins).result().hooks is not None


def test_what_a_plugin_prints_is_kept_apart(fake_plugins, capsys):
    fake_plugins.install("chatty", "print('hello')\n@hookimpl\ndef dysfw_components():\n    print('there')\n    return []")
    (plugin,) = fake_plugins.registry().plugins
    assert plugin.captured == "hello\nthere\n"
    assert capsys.readouterr() == ("", "")
