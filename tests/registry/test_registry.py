"""Lookup of components and other registered names."""

import sys

import pytest

from dysfw.builtin.fusions.pools import Mean
from dysfw.contracts.components import Fusion
from dysfw.errors import DysfwError
from dysfw.registry import distributions, host
from dysfw.registry import registry as module_under_test
from dysfw.util.install import install_command

FUSION = """
from dysfw.plugin import Fusion

class Own(Fusion):
    def fuse(self, region_probabilities, present):
        return region_probabilities[:, 0]

class Abstract(Fusion):
    pass

def function():
    pass
"""
OWN = "'fusion', 'own', 'shapes:Own', 'custom'"


def lookup_error(registry, name, kind="fusion", action="load"):
    with pytest.raises(DysfwError) as caught:
        getattr(registry, action)(kind, name) if action != "bundle" else registry.bundle(name)
    return caught.value


def test_a_component_is_imported_only_when_it_is_loaded(fake_plugins):
    fake_plugins.offer("shapes", OWN, shapes=FUSION)
    registry = fake_plugins.registry()
    assert registry.component("fusion", "own").spec.summary == "custom"
    assert "shapes" not in sys.modules
    loaded = registry.load("fusion", "own")
    assert loaded is sys.modules["shapes"].Own
    assert issubclass(loaded, Fusion)


@pytest.mark.parametrize("name", ["own", "dysfw-shapes:own", "shapes:own"])
def test_a_component_has_a_short_name_and_full_names(fake_plugins, name):
    fake_plugins.offer("shapes", OWN)
    assert fake_plugins.registry().component("fusion", name).full_name == "dysfw-shapes:own"


def test_the_same_name_may_exist_in_several_kinds(fake_plugins):
    fake_plugins.offer("shapes", OWN, "'head', 'own', 'shapes:OwnHead', 'a head'")
    registry = fake_plugins.registry()
    assert registry.component("head", "own").spec.summary == "a head"
    assert registry.component("fusion", "own").spec.summary == "custom"


def test_a_name_registered_by_two_plugins_must_be_written_in_full(fake_plugins):
    fake_plugins.offer("shapes", OWN)
    fake_plugins.offer("forms", "'fusion', 'own', 'forms:Own', 'another'")
    registry = fake_plugins.registry()
    error = lookup_error(registry, "own")
    assert error.message == "fusion 'own' is registered by dysfw-forms 1.0 and dysfw-shapes 1.0"
    assert error.hint == "write its full name: dysfw-forms:own or dysfw-shapes:own"
    assert registry.component("fusion", "dysfw-forms:own").spec.summary == "another"


def test_the_error_for_a_misspelt_name_suggests_the_closest_one(fake_plugins):
    fake_plugins.offer("shapes", OWN, "'fusion', 'median', 'shapes:Median', 'm'")
    error = lookup_error(fake_plugins.registry(), "mediam")
    assert error.message == "no fusion is called 'mediam'; did you mean 'median'?"
    assert error.hint == "installed: median, own. If it belongs to a plugin, install that plugin first."


def test_the_error_for_a_missing_plugin_says_what_to_install(fake_plugins):
    error = lookup_error(fake_plugins.registry(), "timm", "backbone")
    assert error.message == "backbone 'timm' belongs to the plugin dysfw-timm, which is not installed"
    assert error.hint == install_command("dysfw-timm")


def test_the_error_for_a_broken_plugin_gives_the_reason(fake_plugins):
    fake_plugins.install("timm", "import no_such_library")
    error = lookup_error(fake_plugins.registry(), "timm", "backbone")
    assert error.message == (
        "backbone 'timm' belongs to dysfw-timm 1.0, which is installed but cannot be loaded: "
        "ModuleNotFoundError: No module named 'no_such_library'"
    )


def test_an_unknown_name_may_belong_to_a_broken_plugin(fake_plugins):
    fake_plugins.offer("shapes", OWN)
    fake_plugins.install("forms", "raise OSError('lost')")
    error = lookup_error(fake_plugins.registry(), "rhombus")
    assert error.message == "no fusion is called 'rhombus'"
    assert error.hint == (
        "installed: own. The plugins that could not be loaded may have it: forms (dysfw-forms 1.0), OSError: lost"
    )


def test_the_error_for_an_excluded_plugin_says_so(fake_plugins):
    fake_plugins.offer("timm", "'backbone', 'timm', 'shapes:Timm', ''")
    fake_plugins.offer("shapes", OWN)
    error = lookup_error(fake_plugins.registry(only=["shapes"]), "timm", "backbone")
    assert error.message == "backbone 'timm' belongs to the plugin timm, which --plugins or DYSFW_PLUGINS leaves out"
    assert error.hint == "add timm to that list"


@pytest.mark.parametrize("name", ["dysfw-shapes:owl", "shapes:owl"])
def test_the_error_for_a_misspelt_full_name_suggests_a_name_of_that_plugin(fake_plugins, name):
    fake_plugins.offer("shapes", OWN)
    fake_plugins.offer("birds", "'fusion', 'owl', 'birds:Owl', ''")
    assert (
        lookup_error(fake_plugins.registry(), name).message == f"dysfw-shapes 1.0 has no fusion {name!r}; did you mean 'own'?"
    )


def test_a_known_name_under_the_wrong_plugin_is_an_error_of_that_plugin(fake_plugins):
    fake_plugins.offer("timm", "'backbone', 'timm', 'shapes:Timm', ''")
    fake_plugins.offer("shapes", OWN)
    assert (
        lookup_error(fake_plugins.registry(), "shapes:timm", "backbone").message
        == "dysfw-shapes 1.0 has no backbone 'shapes:timm'"
    )
    assert lookup_error(fake_plugins.registry(), "nowhere:timm", "backbone").message.startswith(
        "no backbone is called 'nowhere:timm'"
    )


def test_the_error_for_a_missing_extra_says_how_to_install_it(fake_plugins):
    spec = "'fusion', 'own', 'shapes:Own', 'custom', extra='gpu', needs=('fast_library',)"
    fake_plugins.offer("shapes", spec, shapes="import fast_library.kernels")
    error = lookup_error(fake_plugins.registry(), "own")
    assert error.message == "fusion 'own' of dysfw-shapes 1.0 needs its optional extra 'gpu' (fast_library is not installed)"
    assert error.hint == "pip install 'dysfw-shapes[gpu]'"


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import other_library", "ModuleNotFoundError: No module named 'other_library'"),
        ("raise ValueError('bad state\\nand a long story')", "ValueError: bad state"),
        ("Other = 1", "AttributeError: module 'shapes' has no attribute 'Own'"),
        ("import sys\nsys.exit('bye')", "SystemExit: bye"),
    ],
)
def test_the_error_for_a_failed_import_gives_the_reason(fake_plugins, source, reason):
    fake_plugins.offer("shapes", OWN.replace("'custom'", "'custom', extra='gpu', needs=('fast_library',)"), shapes=source)
    error = lookup_error(fake_plugins.registry(), "own")
    assert error.message == f"fusion 'own' is installed (dysfw-shapes 1.0) but cannot be imported: {reason}"
    assert "reinstall" in error.hint


@pytest.mark.parametrize(
    ("kind", "target", "reason"),
    [
        ("head", "Own", "is not a subclass of dysfw.plugin.Head"),
        ("fusion", "function", "is not a subclass of dysfw.plugin.Fusion"),
        ("fusion", "Abstract", "does not implement: fuse"),
    ],
)
def test_a_component_that_violates_its_contract_is_an_error(fake_plugins, kind, target, reason):
    fake_plugins.offer("shapes", f"{kind!r}, 'own', 'shapes:{target}', ''", shapes=FUSION)
    assert lookup_error(fake_plugins.registry(), "own", kind).message == f"{kind} 'own' of dysfw-shapes 1.0 {reason}"


INVALID_HOOKS = [
    ("return 42", "dysfw_components must return a list of ComponentSpec, found int"),
    ("return 'abc'", "dysfw_components must return a list of ComponentSpec, found str"),
    ("return [CommandSpec('a', 'b:c', '')]", "dysfw_components must return a list of ComponentSpec, found CommandSpec"),
    ("return [ComponentSpec('fusion', 'Own!', 'a:b', '')]", "the name 'Own!' must consist of a-z, 0-9, _ and -"),
    ("return [ComponentSpec('fusio', 'own', 'a:b', '')]", "'own' has the kind 'fusio'; allowed: detector, segmenter"),
    ("return [ComponentSpec('fusion', 'own', 'a.b', '')]", "'own' must point to \"package.module:name\""),
    ("return [ComponentSpec('fusion', 'own', 'a:b', '')] * 2", "'own' is registered twice"),
    ("raise OSError('disk')", "disk"),
    ("import sys; sys.exit(1)", r"the plugin called sys.exit\(1\) while registering"),
]


@pytest.mark.parametrize(("body", "reason"), INVALID_HOOKS)
def test_a_plugin_with_a_failing_hook_registers_nothing_and_affects_no_other(fake_plugins, body, reason):
    fake_plugins.offer("alpha", OWN)
    fake_plugins.install(
        "broken",
        f"@hookimpl\ndef dysfw_components():\n    {body}\n"
        "@hookimpl\ndef dysfw_commands():\n    return [CommandSpec('fine', 'a:b', '')]\n",
    )
    fake_plugins.offer("zeta", "'head', 'zeta', 'zeta:Zeta', ''")
    registry = fake_plugins.registry()
    alpha, broken, zeta = registry.plugins
    assert alpha.error is None
    assert zeta.error is None
    assert broken.hooks is None
    with pytest.raises(Exception, match=reason):
        raise broken.error
    assert registry.commands == []
    names = {kind: [e.spec.name for e in entries] for kind, entries in registry.components.items() if entries}
    assert names == {"fusion": ["own"], "head": ["zeta"]}


def test_hooks_may_be_missing_or_return_none(fake_plugins):
    fake_plugins.install("none", "@hookimpl\ndef dysfw_components():\n    return None\n")
    (plugin,) = fake_plugins.registry().plugins
    assert plugin.error is None


def test_commands_and_bundles_are_registered_with_their_plugin(fake_plugins):
    fake_plugins.install(
        "shapes",
        "@hookimpl\ndef dysfw_commands():\n    return [CommandSpec('draw', 'shapes:draw', 'draws')]\n"
        "@hookimpl\ndef dysfw_bundles():\n    return [BundleSpec('trained', 'shapes_data:bundles/trained', 'a bundle')]\n",
    )
    (fake_plugins.folder / "shapes_data").mkdir()
    (fake_plugins.folder / "shapes_data" / "__init__.py").touch()
    registry = fake_plugins.registry()
    assert [entry.full_name for entry in registry.commands] == ["dysfw-shapes:draw"]
    assert registry.bundle("trained") == fake_plugins.folder / "shapes_data" / "bundles" / "trained"
    assert (
        lookup_error(registry, "trainde", action="bundle").message == "no bundle is called 'trainde'; did you mean 'trained'?"
    )


def test_the_error_for_a_bundle_in_a_missing_package_names_the_plugin(fake_plugins):
    fake_plugins.install(
        "shapes", "@hookimpl\ndef dysfw_bundles():\n    return [BundleSpec('trained', 'no_such_package:b', '')]\n"
    )
    message = lookup_error(fake_plugins.registry(), "trained", action="bundle").message
    assert message.startswith("bundle 'trained' is installed (dysfw-shapes 1.0) but cannot be imported: ModuleNotFoundError")


def test_the_registry_of_the_environment_has_the_built_in_components():
    registry = module_under_test.load_registry(only=[])
    assert registry.load("fusion", "mean") is Mean
    assert registry.load("fusion", "dysfw:mean") is Mean


WEIGHTS = "@hookimpl\ndef dysfw_weights():\n    return [WeightsSpec('faces', 'shapes_data:faces.safetensors', 'a backbone')]\n"


def test_weights_are_found_by_short_and_by_full_name(fake_plugins):
    (fake_plugins.folder / "shapes_data").mkdir()
    fake_plugins.install("shapes", WEIGHTS)
    for name in ("faces", "dysfw-shapes:faces"):
        entry = fake_plugins.registry().named_weights(name)
        assert entry.full_name == "dysfw-shapes:faces"
        assert entry.spec.file == "shapes_data:faces.safetensors"
    assert fake_plugins.registry().named_weights("backbone.safetensors") is None


HASH = "sha256='0' * 64"


@pytest.mark.parametrize(("manifest", "problem"), [
    ("'x.bin', 'no source'", "have one source (address or hub), found file 'x.bin' alone"),
    ("'x.bin', 'no hash', address='https://example.org/x.bin'", "64 lower-case hexadecimal digits, found ''"),
    (f"'x.bin', 'not encrypted', address='http://example.org/x.bin', {HASH}", "must have an https address, found 'http://ex"),
    (f"'x.bin', 'seemingly local', address='http://127.0.0.1:1@example.org/x', {HASH}", "must have an https address"),
    ("'x.bin', 'half a hash', address='https://example.org/x.bin', sha256='0' * 32", "64 lower-case hexadecimal digits"),
    ("'x.bin', 'wrong hash', hub='a/b', sha256='A' * 64", "64 lower-case hexadecimal digits"),
    (f"'x.bin', 'two sources', address='https://example.org/x.bin', hub='a/b', {HASH}", "found address 'https://exam"),
    (f"'../x.bin', 'outside the folder', address='https://example.org/x.bin', {HASH}", "without a folder"),
    ("'a/../x.bin', 'outside the folder', hub='a/b'", "without a folder"),
    ("'x.bin', 'not a repository', hub='https://huggingface.co/a/b'", "owner/repository"),
    ("'x.bin', 'negative size', size=-1, hub='a/b'", "or 0 if unknown, found -1"),
])  # fmt: skip
def test_an_invalid_weights_manifest_only_affects_its_plugin(fake_plugins, manifest, problem):
    fake_plugins.install("shapes", f"@hookimpl\ndef dysfw_weights():\n    return [WeightsSpec('faces', {manifest})]\n")
    (plugin,) = [p for p in fake_plugins.registry().plugins if p.name == "shapes"]
    assert "dysfw_weights: 'faces' must" in str(plugin.error)
    assert problem in str(plugin.error)


def test_the_error_for_weights_of_a_missing_plugin_says_what_to_install(fake_plugins, monkeypatch):
    monkeypatch.setitem(distributions.WEIGHTS, "faces", "dysfw-shapes")
    with pytest.raises(DysfwError) as caught:
        fake_plugins.registry().named_weights("faces")
    error = caught.value
    assert error.message == "weights 'faces' belongs to the plugin dysfw-shapes, which is not installed"
    assert "pip install" in error.hint


def test_weights_of_two_plugins_must_be_named_in_full(fake_plugins):
    (fake_plugins.folder / "shapes_data").mkdir()
    for name in ("shapes", "others"):
        fake_plugins.install(name, WEIGHTS)
    with pytest.raises(DysfwError, match="weights 'faces' is registered by dysfw-others 1.0 and dysfw-shapes 1.0"):
        fake_plugins.registry().named_weights("faces")


def test_a_plugin_that_hangs_while_registering_is_interrupted(fake_plugins, monkeypatch):
    monkeypatch.setattr(host, "TIME_LIMIT", 0.2)
    fake_plugins.install("slow", "@hookimpl\ndef dysfw_components():\n    while True: pass")
    (plugin,) = fake_plugins.registry().plugins
    assert str(plugin.error) == "the plugin was still registering after 0.2 s, and was interrupted"


def test_names_registered_by_several_plugins_are_listed(fake_plugins):
    fake_plugins.offer("shapes", OWN)
    fake_plugins.offer("forms", "'fusion', 'own', 'forms:Own', 'another'", "'head', 'own', 'forms:Own', 'a head'")
    found = {key: [p.name for p in owners] for key, owners in fake_plugins.registry().duplicates().items()}
    assert found == {("fusion", "own"): ["forms", "shapes"]}
