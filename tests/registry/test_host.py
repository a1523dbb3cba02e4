"""Each plugin is loaded alone, and one that is not allowed is not touched at all."""

import subprocess
import sys
from importlib import metadata

import pytest

from dysfw.errors import DysfwError
from dysfw.registry.host import load_plugins


def plugin_of(site, only=None):
    (plugin,) = load_plugins(only, site.points)
    return plugin


def test_a_plugin_is_described_by_its_distribution(site):
    site.offer("good")
    plugin = plugin_of(site)
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
        ("import sys\nsys.exit(3)", r"the plugin called sys.exit\(3\) when imported"),
        ("def broken(:", "invalid syntax"),
        ("@hookimpl\ndef dysfw_componets():\n    return []", "unknown hook 'dysfw_componets'"),
        ("@hookimpl\ndef dysfw_components(registry):\n    return []", "registry.* are declared in the hookimpl but"),
    ],
)
def test_a_plugin_that_cannot_be_loaded_is_listed_with_the_reason(site, source, error):
    site.install("bad", source)
    plugin = plugin_of(site)
    assert plugin.hooks is None
    with pytest.raises(Exception, match=error):
        raise plugin.error


def test_an_entry_point_to_nowhere_is_listed_with_the_reason(site):
    site.points.append(metadata.EntryPoint("lost", "no_such_plugin_module", "dysfw"))
    plugin = plugin_of(site)
    assert isinstance(plugin.error, ModuleNotFoundError)
    assert plugin.origin == "unknown ?"


def test_an_entry_point_listed_twice_is_one_plugin(site):
    site.offer("good")
    site.points *= 2
    assert len(load_plugins(None, site.points)) == 1


def test_plugins_are_sorted_with_the_core_s_own_first(site):
    for name in ("zeta", "alpha", "builtin"):
        site.offer(name)
    assert [p.name for p in load_plugins(None, site.points)] == ["builtin", "alpha", "zeta"]


@pytest.mark.parametrize("allowed", ["wanted", "dysfw-wanted"])
def test_nothing_of_an_excluded_plugin_is_imported(site, allowed):
    site.offer("wanted")
    site.offer("unwanted")
    wanted, unwanted = sorted(load_plugins([allowed], site.points), key=lambda p: p.excluded)
    assert (wanted.name, wanted.excluded) == ("wanted", False)
    assert (unwanted.name, unwanted.excluded, unwanted.hooks, unwanted.error) == ("unwanted", True, None, None)
    assert "wanted_plugin" in sys.modules
    assert "unwanted_plugin" not in sys.modules


def test_the_core_s_own_components_cannot_be_excluded(site):
    site.offer("builtin")
    assert plugin_of(site, only=[]).hooks is not None


def test_allowing_what_is_not_installed_is_refused_with_the_closest_name_before_anything_is_imported(site):
    site.offer("shapes")
    with pytest.raises(DysfwError, match="no installed plugin is called 'shaps'; did you mean 'shapes'") as caught:
        load_plugins(["shapes", "shaps"], site.points)
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
    program = "import sys, dysfw.components; print(sorted({'torch', 'scipy', 'sklearn', 'PIL'} & set(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout == "[]\n"


def test_judging_with_what_was_trained_imports_no_library_that_only_training_needs():
    program = (
        "import sys, dysfw.engine.assemble, dysfw.engine.pipeline, dysfw.builtin.heads.softmax;"
        "print(sorted({'sklearn', 'scipy.stats', 'matplotlib', 'torch'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout == "[]\n"
