"""Which decoder reads a file: by its signature, with clear rules if several or none do."""

import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from image_files import COLOUR, jpeg, saved

from dysfw import __version__
from dysfw.decoding import formats
from dysfw.decoding.decode import decode_image
from dysfw.decoding.decoded import DecodedImage
from dysfw.errors import ImageError
from dysfw.registry import registry as registry_module
from dysfw.registry.hookspecs import DecoderSpec, hookimpl
from dysfw.registry.host import Plugin
from dysfw.registry.registry import Registry, load_registry
from dysfw.util.install import install_command

WHITE = np.full((40, 50, 3), 255, np.uint8)
DICOM = b"\0" * 128 + b"DICM"


def white(content: bytes) -> DecodedImage:
    return DecodedImage(WHITE.copy())


def raises(content: bytes) -> DecodedImage:
    raise KeyError("a bug")


def returns_grey(content: bytes) -> DecodedImage:
    return DecodedImage(WHITE[..., 0])


def returns_nothing(content: bytes) -> None:
    return None


def needs_a_library(content: bytes) -> DecodedImage:
    import no_such_library

    return no_such_library.decode(content)


@pytest.fixture
def install(monkeypatch):
    """install(a=[DecoderSpec], b=[…]): a registry of the core and plugins of these names, for this process."""

    def install(**decoders) -> Registry:
        import pluggy

        from dysfw.registry import hookspecs

        plugins = list(load_registry([]).plugins[:1])
        for name, specs in decoders.items():
            manager = pluggy.PluginManager("dysfw")
            manager.add_hookspecs(hookspecs)
            manager.register(type("Module", (), {"dysfw_decoders": staticmethod(hookimpl(lambda specs=specs: specs))})(), name)
            plugins.append(Plugin(name, f"dysfw-{name}", "1.0", name, manager.hook))
        registry = Registry(plugins)
        monkeypatch.setattr(registry_module, "_current", registry)
        return registry

    return install


def spec(function: str, *signatures, name: str = "raw", **options) -> DecoderSpec:
    return DecoderSpec(name, f"{__name__}:{function}", "Raw", signatures or (((0, b"RAW!"),),), **options)


def refusal(content: bytes) -> ImageError:
    with pytest.raises(ImageError) as caught:
        decode_image(content, "file")
    return caught.value


def test_a_plugin_adds_a_format(install) -> None:
    install(raw=[spec("white", extensions=(".raw",))])
    assert np.array_equal(decode_image(b"RAW!data", "file").pixels, WHITE)
    assert ".raw" in formats.image_extensions()
    assert refusal(b"text").message.startswith("a text file, not an image in a supported format: ")
    assert "Raw" in refusal(b"text").message


def test_the_signature_decides_and_not_the_extension(install, tmp_path) -> None:
    install(raw=[spec("white", extensions=(".jpg",))])
    assert decode_image(jpeg(), "photo.raw").pixels.shape == COLOUR.shape


def test_the_longest_signature_wins(install) -> None:
    tiff = saved(COLOUR, "TIFF")
    install(raw=[spec("white", ((0, tiff[:4]), (4, tiff[4:8])))])
    assert np.array_equal(decode_image(tiff, "file").pixels, WHITE)
    install(raw=[spec("white", ((0, tiff[:4]), (4, b"????")))])
    assert np.array_equal(decode_image(tiff, "file").pixels, COLOUR)


def test_of_equal_signatures_the_built_in_decoder_wins(install) -> None:
    install(raw=[spec("white", ((0, b"\xff\xd8\xff"),), name="jpeg")])
    assert decode_image(jpeg(), "file").pixels.shape == COLOUR.shape


def test_two_plugins_with_equal_signatures_are_an_error_that_names_both(install) -> None:
    install(a=[spec("white")], b=[spec("white")])
    error = refusal(b"RAW!data")
    assert error.code == "decoder_failed"
    assert "dysfw-a 1.0, dysfw-b 1.0" in error.message
    assert "--plugins" in error.message


@pytest.mark.parametrize(
    ("function", "code", "text"),
    [
        ("raises", "truncated", "a bug"),
        ("returns_grey", "decoder_failed", "returned pixels of uint8 [40, 50]; it must return"),
        ("returns_nothing", "decoder_failed", "returned NoneType"),
        ("needs_a_library", "decoder_failed", "no_such_library"),
        ("is_missing", "decoder_failed", "cannot be imported"),
    ],
)
def test_a_broken_decoder_costs_only_the_files_of_its_format(install, function, code, text) -> None:
    install(raw=[spec(function)])
    error = refusal(b"RAW!data")
    assert (error.code, text in error.message) == (code, True), error.message
    assert decode_image(jpeg(), "file").width == 64


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (spec("white", ()), "at least 2 bytes"),
        (DecoderSpec("raw", "a:b", "Raw", ()), "must have a signature"),
        (spec("white", ((0, b"R"),)), "at least 2 bytes"),
        (spec("white", ((5000, b"RAW!"),)), "within the first 4096 bytes"),
        (spec("white", ((-1, b"RAW!"),)), "(offset, bytes) pairs"),
        (spec("white", extensions=("RAW",)), "in lower case with a dot"),
        (DecoderSpec("raw", "a.b", "Raw", (((0, b"RAW!"),),)), "must point to"),
    ],
)
def test_a_wrong_entry_leaves_out_its_plugin(install, wrong, text) -> None:
    registry = install(raw=[wrong])
    assert text in str(registry.plugins[-1].error)
    assert "raw" in refusal(b"RAW!data").message  # the broken plugin is named


def test_a_format_whose_plugin_is_not_installed_is_named(install) -> None:
    install()
    error = refusal(DICOM)
    assert (error.code, install_command("dysfw-dicom") in error.message) == ("decoder_missing", True)
    assert error.message.startswith("DICOM needs the plugin dysfw-dicom")
    assert ".dcm" in formats.image_extensions()  # so that no file is skipped silently


def test_files_without_extension_are_images_by_their_signature(install, tmp_path) -> None:
    install()
    for name in ("IM0001", "1.2.840.4711", "notes.txt"):
        (tmp_path / name).write_bytes(DICOM)
    (tmp_path / "README").write_text("no image")
    found = [
        name for name in ("IM0001", "1.2.840.4711", "notes.txt", "README", "gone") if formats.is_image_file(tmp_path / name)
    ]
    assert found == ["IM0001", "1.2.840.4711"]


def test_settings_of_a_decoder_are_a_part_of_its_fingerprint(install, monkeypatch) -> None:
    install(raw=[spec("white", environment=("RAW_MODE",))])
    monkeypatch.delenv("RAW_MODE", raising=False)
    plain = formats.decoder_fingerprint(b"RAW!data")
    monkeypatch.setenv("RAW_MODE", "bright")
    assert formats.decoder_fingerprint(b"RAW!data") != plain
    assert formats.decoder_fingerprint(jpeg()) == ""
    assert formats.decoder_fingerprint(b"text") == ""


def test_versions_and_settings_of_all_decoders_are_listed(install, monkeypatch) -> None:
    install(raw=[spec("white", environment=("RAW_MODE",))])
    monkeypatch.setenv("RAW_MODE", "bright")
    assert formats.decoder_settings() == {"dysfw": __version__, "dysfw-raw": "1.0", "RAW_MODE": "bright"}


def test_no_decoding_library_is_imported_before_a_file_needs_it(tmp_path) -> None:
    photo = tmp_path / "photo.png"
    photo.write_bytes(saved(COLOUR, "PNG"))
    program = textwrap.dedent("""
        import sys
        from pathlib import Path
        from dysfw.decoding.decode import read_image
        read_image(Path(sys.argv[1]))
        print(sorted({"pi_heif", "tifffile", "pydicom", "torch", "scipy"} & set(sys.modules)))
    """)
    done = subprocess.run([sys.executable, "-c", program, str(photo)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_plugins_of_this_repository_that_decode_are_known_by_name() -> None:
    for known, distribution in formats.DECODERS:
        folder = Path(__file__).parents[2] / "plugins" / distribution
        assert folder.is_dir()
        registered = next(entry for entry in load_registry().decoders if entry.plugin.distribution == distribution)
        assert (known.signatures, known.extensions) == (registered.spec.signatures, registered.spec.extensions)
