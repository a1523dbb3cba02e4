import pytest


def test_a_bundle_states_neither_device_nor_runtime_of_the_machine_that_trained_it(tmp_path, toy_recipe, colour_data, dysfw):
    ran = dysfw("train", toy_recipe, colour_data, "-o", tmp_path / "b", "--runtime", "onnxruntime", "--device", "cpu")
    assert ran.code == 0, ran.err
    written = (tmp_path / "b" / "recipe.yaml").read_text()
    assert "runtime: auto" in written
    assert "device: auto" in written


@pytest.mark.parametrize(
    ("name", "message"),
    [("onxruntime", "did you mean 'onnxruntime'?"), ("tensorrt", "allowed: auto, torch, "), ("", "runtime")],
)
def test_an_unknown_runtime_is_refused_with_what_is_allowed(dysfw, toy_recipe, name, message):
    ran = dysfw("recipe", "check", toy_recipe, "--set", f"runtime={name}")
    assert ran.code == 2
    assert message in ran.err
