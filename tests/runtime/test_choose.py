"""Choice of the runtime, with registered runtimes that need no library."""

import sys
from types import ModuleType

import pytest

from dysfw.contracts.runtime import Runtime
from dysfw.errors import DysfwError
from dysfw.recipe.check import load_recipe
from dysfw.recipe.problems import RecipeError
from dysfw.registry.hookspecs import RuntimeSpec
from dysfw.registry.host import Plugin
from dysfw.registry.registry import Entry
from dysfw.runtime import choose
from dysfw.util.progress import Silent

CPU, FAST_CPU = {("cpu", "float32"): 1.4}, {("cpu", "float32"): 1.5, ("cpu", "bfloat16"): 2.0}


@pytest.fixture
def installed(monkeypatch, toys, tmp_path):
    """installed(torch=…, broken=…, slow=…): what is installed, and which of that cannot be imported."""

    monkeypatch.setenv("DYSFW_CACHE", str(tmp_path / "cache"))

    def installed(*, torch=True, broken=(), **speeds):
        plugin = Plugin("plugin", "dysfw-plugin", "1.0", "plugin.module")
        specs = [RuntimeSpec(name, f"plugin.module:{name}", "a runtime", speed, ("pytest",)) for name, speed in speeds.items()]
        monkeypatch.setattr(toys, "runtimes", [Entry(spec, plugin) for spec in specs])
        monkeypatch.setattr(choose, "current_registry", lambda: toys)
        monkeypatch.setattr(choose, "fetch_progress", Silent)  # not the terminal of a command in an earlier test
        monkeypatch.setattr(choose, "has_torch", lambda: torch)
        module = ModuleType("plugin.module")
        for name in speeds.keys() - set(broken):
            setattr(module, name, type(name, (Runtime,), {"version": "1.0", "open": None}))
        monkeypatch.setitem(sys.modules, "plugin", ModuleType("plugin"))
        monkeypatch.setitem(sys.modules, "plugin.module", module)
        choose._can_be_imported.cache_clear()

    return installed


@pytest.mark.parametrize(
    ("precision", "graph", "chosen"),
    [
        ("float32", True, "dysfw-plugin:fast"),
        ("bfloat16", True, "dysfw-plugin:fast"),
        ("float32", False, "torch"),
    ],
)
def test_auto_takes_the_fastest_that_supports_network_device_and_precision(installed, precision, graph, chosen):
    installed(slow=CPU, fast=FAST_CPU)
    assert choose.choose_runtime("auto", "cpu", precision, graph=graph) == chosen
    assert choose.choose_runtime("auto", "cuda:0", precision, graph=graph) == "torch"


def test_auto_takes_the_next_if_the_fastest_cannot_be_imported_and_says_so_once(installed, recwarn):
    installed(slow=CPU, fast=FAST_CPU, broken=["fast"])
    for _ in range(2):
        assert choose.choose_runtime("auto", "cpu", "float32", graph=True) == "dysfw-plugin:slow"
    (warning,) = [str(one.message) for one in recwarn if "cannot be imported" in str(one.message)]
    assert "runtime 'fast' is installed (dysfw-plugin 1.0) but cannot be imported: AttributeError" in warning
    assert warning.endswith("another runtime is used. To use it, reinstall it: pip install --force-reinstall pytest")
    installed(fast=FAST_CPU, broken=["fast"], torch=False)
    assert choose.choose_runtime("auto", "cpu", "float32", graph=True) == "dysfw-plugin:fast"  # there is no other
    with pytest.raises(DysfwError, match="'fast' is installed .* but cannot be imported") as caught:
        choose.open_session("dysfw-plugin:fast", b"", "cpu", "float32")
    assert "--runtime auto" in caught.value.hint


def test_a_runtime_that_could_be_imported_is_not_imported_again_to_choose_it(installed):
    installed(slow=CPU, fast=FAST_CPU)
    assert choose.choose_runtime("auto", "cpu", "float32", graph=True) == "dysfw-plugin:fast"
    installed(slow=CPU, fast=FAST_CPU, broken=["fast"])  # since then
    assert choose.choose_runtime("auto", "cpu", "float32", graph=True) == "dysfw-plugin:fast"
    with pytest.raises(DysfwError, match="'fast' is installed .* but cannot be imported"):
        choose.open_session("dysfw-plugin:fast", b"", "cpu", "float32")
    choose._can_be_imported.cache_clear()  # the next command
    with pytest.warns(UserWarning, match="'fast' is installed .* but cannot be imported"):
        assert choose.choose_runtime("auto", "cpu", "float32", graph=True) == "dysfw-plugin:slow"


def test_without_torch_the_others_are_used(installed):
    installed(torch=False, slow=CPU)
    assert choose.choose_runtime("auto", "cpu", "float32", graph=True) == "dysfw-plugin:slow"
    with pytest.raises(DysfwError, match=r"no runtime computes in bfloat16 on cpu; installed: slow \(float32 on cpu\)"):
        choose.choose_runtime("auto", "cpu", "bfloat16", graph=True)
    with pytest.raises(DysfwError, match="needs torch, which is not installed: it has no ONNX graph"):
        choose.choose_runtime("auto", "cpu", "float32", graph=False)
    with pytest.raises(DysfwError, match="torch was requested, but torch is not installed"):
        choose.choose_runtime("torch", "cpu", "float32", graph=True)


def test_a_named_runtime_is_used_or_refused_but_never_replaced(installed):
    installed(slow=CPU, fast=FAST_CPU)
    assert choose.choose_runtime("slow", "cpu", "float32", graph=True) == "dysfw-plugin:slow"
    assert choose.choose_runtime("dysfw-plugin:slow", "cpu", "float32", graph=True) == "dysfw-plugin:slow"
    assert choose.choose_runtime("torch", "cpu", "bfloat16", graph=True) == "torch"
    with pytest.raises(DysfwError, match="slow does not compute in bfloat16 on cpu; it supports float32 on cpu"):
        choose.choose_runtime("slow", "cpu", "bfloat16", graph=True)
    with pytest.raises(DysfwError, match="slow cannot execute this network: it is not available as an ONNX graph"):
        choose.choose_runtime("slow", "cpu", "float32", graph=False)
    with pytest.raises(DysfwError, match="torch cannot execute this network: it is an ONNX file"):
        choose.choose_runtime("torch", "cpu", "float32", graph=True, torch=False)
    with pytest.raises(DysfwError, match="no runtime is called 'slwo'; did you mean 'slow'"):
        choose.choose_runtime("slwo", "cpu", "float32", graph=True)


def test_a_known_runtime_that_is_not_installed_is_named_with_its_plugin(installed):
    installed(slow=CPU)
    with pytest.raises(DysfwError, match="'openvino' belongs to the plugin dysfw-openvino, which is not installed"):
        choose.choose_runtime("openvino", "cpu", "float32", graph=True)


def test_bfloat16_needs_a_runtime_that_has_it(installed):
    installed(torch=False, slow=CPU)
    assert not choose.supports_bfloat16("auto", "cpu")
    installed(torch=False, slow=CPU, fast=FAST_CPU)
    assert choose.supports_bfloat16("auto", "cpu")
    assert choose.supports_bfloat16("fast", "cpu")
    assert not choose.supports_bfloat16("slow", "cpu")
    assert not choose.supports_bfloat16("fast", "cuda:0")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("slwo", "no runtime is called 'slwo'"),
        ("openvino", "'openvino' belongs to the plugin dysfw-openvino, which is not installed"),
        ("{a: 1}", "found"),
        ("Open Vino", "allowed: auto, torch, onnxruntime, openvino or another runtime that is installed"),
    ],
)
def test_a_recipe_with_an_unknown_runtime_is_refused_at_its_line(toys, toy_recipe, value, message):
    toy_recipe.write_text(f"{toy_recipe.read_text()}runtime: {value}\n")
    with pytest.raises(RecipeError) as caught:
        load_recipe(toy_recipe, toys)
    assert f"{toy_recipe.name}:11:" in str(caught.value)
    assert "runtime: " in str(caught.value)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("opened", "message"),
    [(RuntimeError("licence expired"), "could not open the network: RuntimeError: licence"), (None, "returned NoneType")],
)
def test_a_runtime_that_fails_is_named(installed, monkeypatch, opened, message):
    class Failing(Runtime):
        version = "1"

        def open(self, *_arguments, **_options):
            if isinstance(opened, Exception):
                raise opened
            return opened

    installed(fast=CPU)
    monkeypatch.setattr(choose, "_loaded", lambda _entry: Failing())
    with pytest.raises(DysfwError, match=message) as caught:
        choose.open_session("dysfw-plugin:fast", b"", "cpu", "float32")
    assert "--runtime" in caught.value.hint
