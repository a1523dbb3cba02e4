"""Registers the built-in components, decoders and protocols, which need no package beyond the core's dependencies."""

from __future__ import annotations

from ..registry.hookspecs import ComponentSpec, DecoderSpec, ProtocolSpec, RunnerSpec, Signature, hookimpl


@hookimpl
def dysfw_components() -> list[ComponentSpec]:
    """Register the built-in components."""
    here = "dysfw.builtin"
    return [
        ComponentSpec("detector", "precomputed", f"{here}.detectors.precomputed:Precomputed",
                      "reads face boxes and optional landmarks from a CSV or Parquet file"),
        ComponentSpec("segmenter", "landmark_boxes", f"{here}.segmenters.landmark_boxes:LandmarkBoxes",
                      "seven anatomical boxes placed by the five landmarks"),
        ComponentSpec("segmenter", "whole_face", f"{here}.segmenters.whole_face:WholeFace", "the whole face as one region"),
        ComponentSpec("segmenter", "grid", f"{here}.segmenters.grid:Grid", "a grid of patches of the aligned face"),
        ComponentSpec("segmenter", "halves", f"{here}.segmenters.halves:Halves", "right and left, or upper and lower half"),
        ComponentSpec("backbone", "projection", f"{here}.backbones.projection:Projection",
                      "pretrained linear projection of another backbone's embedding"),
        ComponentSpec("backbone", "concat", f"{here}.backbones.concat:Concat",
                      "concatenated embeddings of several backbones"),
        ComponentSpec("backbone", "tta", f"{here}.backbones.tta:Tta",
                      "test-time augmentation: mean embedding of flipped and scaled views"),
        ComponentSpec("head", "softmax", f"{here}.heads.softmax:Softmax", "class-balanced multinomial logistic regression"),
        ComponentSpec("head", "linear_svm", f"{here}.heads.linear_svm:LinearSvm",
                      "one-vs-rest linear support vector machine, calibrated"),
        ComponentSpec("head", "lda", f"{here}.heads.lda:Lda", "linear discriminant analysis with shrinkage, calibrated"),
        ComponentSpec("head", "knn", f"{here}.heads.knn:Knn", "k nearest gallery cases, calibrated"),
        ComponentSpec("head", "mlp", f"{here}.heads.mlp:Mlp", "multilayer perceptron with one hidden layer, calibrated",
                      extra="pretraining", needs=("torch",)),
        ComponentSpec("head", "gallery", f"{here}.heads.gallery:Gallery",
                      "cosine similarity to gallery cases; conditions can be added without training"),
        ComponentSpec("head", "two_stage", f"{here}.heads.two_stage:TwoStageHead",
                      "two heads: affected or unaffected, then which condition"),
        ComponentSpec("fusion", "mean", f"{here}.fusions.pools:Mean", "arithmetic mean of the region probabilities"),
        ComponentSpec("fusion", "geometric", f"{here}.fusions.pools:Geometric",
                      "geometric mean of the region probabilities"),
        ComponentSpec("fusion", "median", f"{here}.fusions.pools:Median", "median of the region probabilities"),
        ComponentSpec("fusion", "max", f"{here}.fusions.pools:Max", "maximum of the region probabilities"),
        ComponentSpec("fusion", "borda", f"{here}.fusions.borda:Borda", "Borda count of the regions' rankings"),
        ComponentSpec("fusion", "weighted", f"{here}.fusions.weighted:Weighted",
                      "weighted mean of the region probabilities, with given or fitted weights"),
        ComponentSpec("fusion", "stacking", f"{here}.fusions.stacking:Stacking",
                      "logistic regression on the region probabilities, fitted out of fold"),
        ComponentSpec("evidence", "demographics", f"{here}.evidence.demographics:Demographics",
                      "age and sex, where the conditions of the training data differ in them"),
    ]  # fmt: skip


@hookimpl
def dysfw_runners() -> list[RunnerSpec]:
    """Register the runner ``local``."""
    return [
        RunnerSpec(
            "local", "works on this machine", batch="dysfw.batch.runner:Local", tasks="dysfw.evaluation.task_runner:LocalTasks"
        )
    ]


@hookimpl
def dysfw_protocols() -> list[ProtocolSpec]:
    """Register the protocol ``frequent-rare``."""
    target = "dysfw.evaluation.protocol.frequent_rare:FrequentRare"
    return [ProtocolSpec("frequent-rare", target, "frequent and rare conditions, as in the GestaltMatcher Database")]


@hookimpl
def dysfw_decoders() -> list[DecoderSpec]:
    """Register the built-in decoders."""
    here = "dysfw.builtin.decoders"
    return [
        DecoderSpec("jpeg", f"{here}.jpeg:decode_jpeg", "JPEG", (((0, b"\xff\xd8\xff"),),), (".jpg", ".jpeg", ".jpe", ".jfif")),
        DecoderSpec("png", f"{here}.png:decode_png", "PNG", (((0, b"\x89PNG\r\n\x1a\n"),),), (".png",)),
        DecoderSpec("webp", f"{here}.raster:decode_webp", "WebP", (((0, b"RIFF"), (8, b"WEBP")),), (".webp",)),
        DecoderSpec("tiff", f"{here}.tiff:decode_tiff", "TIFF",
                    tuple(((0, start),) for start in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")), (".tif", ".tiff")),
        DecoderSpec("heif", f"{here}.heif:decode_heif", "HEIC", brands((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx")),
                    (".heic", ".heif", ".hif")),
        DecoderSpec("avif", f"{here}.avif:decode_avif", "AVIF", brands((b"avif", b"avis")), (".avif",)),
        DecoderSpec("jpeg2000", f"{here}.jpeg2000:decode_jpeg2000", "JPEG 2000",
                    (((0, b"\0\0\0\x0cjP  \r\n\x87\n"),), ((0, b"\xff\x4f\xff\x51"),)),
                    (".jp2", ".j2k", ".jpx", ".jpf", ".j2c", ".jpc")),
        DecoderSpec("bmp", f"{here}.raster:decode_bmp", "BMP", (((0, b"BM"),),), (".bmp", ".dib")),
        DecoderSpec("gif", f"{here}.raster:decode_gif", "GIF", (((0, b"GIF87a"),), ((0, b"GIF89a"),)), (".gif",)),
        DecoderSpec("ppm", f"{here}.raster:decode_ppm", "PPM",
                    tuple(((0, b"P%d" % kind + space),) for kind in range(1, 7) for space in (b"\n", b" ", b"\r", b"\t")),
                    (".ppm", ".pgm", ".pbm", ".pnm")),
    ]  # fmt: skip


def brands(names: tuple[bytes, ...]) -> tuple[Signature, ...]:
    """Signatures of files in the ISO base media format: a brand as the major one or among the first compatible ones.

    Args:
        names: The brands.
    """
    major = tuple(((4, b"ftyp"), (8, name)) for name in names)
    neutral = (b"mif1", b"msf1", b"miaf", b"MiHB", b"MiHE")  # say only that the file holds images
    compatible = (((4, b"ftyp" + brand), (offset, name)) for brand in neutral for name in names for offset in range(16, 48, 4))
    return (*major, *compatible)
