"""Every command of the program with arguments under which it does its real work, and the other ways to start dysfw."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PHOTO = "{root}/docs/images/phantom.jpg"
DYSFW = str(Path(sys.executable).with_name("dysfw"))
EVERYWHERE = ("empty", "read-only", "missing")


@dataclass(frozen=True)
class Case:
    """One way to start dysfw.

    Attributes:
        command: The command that it covers, such as "weights list", or a description that starts with "python".
        words: The command line. {in} is a folder with inputs, {out} the folder for outputs, {root} the repository.
        code: The exit code.
        homes: The states of the home folder under which it runs.
        compiled: Whether numba's compiled code is shared between the runs, as by a user who sets NUMBA_CACHE_DIR.
    """

    command: str
    words: tuple[str, ...]
    code: int = 0
    homes: tuple[str, ...] = EVERYWHERE
    compiled: bool = True

    def __str__(self) -> str:
        return self.command

    def line(self, inputs: Path, output: Path) -> list[str]:
        """The command line with all paths."""
        places = {"{in}": str(inputs), "{out}": str(output), "{root}": str(ROOT)}
        filled = list(self.words)
        for name, place in places.items():
            filled = [word.replace(name, place) for word in filled]
        return filled


def case(command: str, arguments: str = "", **keys: object) -> Case:
    """A command, and its arguments, of which none has spaces."""
    return Case(command, (DYSFW, *command.split(), *arguments.split()), **keys)


def python(what: str, *words: str, **keys: object) -> Case:
    """Python itself."""
    return Case(what, (sys.executable, *words), **keys)


RECORD = '--set evidence=[{"use":"hpo"}] --term HP:0000664 --excluded-term HP:0000508 --age 3y --sex female'
LIBRARY = f"import dysfw; print(dysfw.load('{{root}}/recipes/dlib.yaml').predict('{PHOTO}').ranking[0])"
PLUGINS = (
    "import dysfw_onnx.runtime, dysfw_openvino.runtime, dysfw_ray.runner, dysfw_timm.backbone, dysfw_facenet, dysfw_dlib, "
    "dysfw_phantom.render"
)
# onnxruntime sends a little later, from a thread of its own.
ONNX = (
    "import dysfw_onnx.runtime as r, pathlib; "
    "r.OnnxRuntime().open(pathlib.Path('{in}/exported/backbone.onnx'), 'cpu', 'float32')"
)
WORKERS = (
    "import operator; from dysfw.util.workers import map_in_workers; "
    "assert dict(map_in_workers(operator.getitem, [1, 2, 3, 4], range(4), print, workers=2, patience=0)) == "
    "{0: 1, 1: 2, 2: 3, 3: 4}"
)

CASES = [
    # With the real networks: MTCNN, mediapipe's process, dlib's; with explanations, a figure and a PDF.
    case("run", f"{{root}}/recipes/dlib.yaml {PHOTO} --explain --figure {{out}}/figure.png --pdf {{out}}/document.pdf"),
    # timm's and dlib's networks, mirrored views, gallery cases, a record.
    case("run", f"{{root}}/recipes/gestalt.yaml {PHOTO} --format phenopacket {RECORD}", homes=("empty",)),
    case("rank", "--term HP:0000664 --excluded-term HP:0000508 --age 3y --prior uniform --explain OMIM:122470"),
    case("rank", f"{{root}}/recipes/dlib.yaml {PHOTO} --term HP:0000664 --format tsv", homes=("empty",)),
    python("serve", "{root}/tests/privacy/serving.py", "{in}/bundle", "{in}/new.png"),
    case("batch", "{in}/bundle {in}/data/red -o {out}/table.parquet", homes=(*EVERYWHERE, "root")),
    case("batch", "{in}/bundle {in}/data/red -o {out}/table.parquet --runner ray --runner-set cpus=1", homes=("empty",)),
    case("data check", "{in}/data"),
    case("data manifest", "{in}/data/red -o {out}/manifest.csv"),
    case("data match", "{in}/cases {in}/controls -o {out}/matched.csv --recipe {in}/toy.yaml"),
    case("data splits", "{in}/data --protocol frequent-rare -o {out}/splits.csv"),
    case("audit", "{in}/data --recipe {in}/toy.yaml --permutations 99 -o {out}/audit"),
    case("train", "{in}/toy.yaml {in}/data -o {out}/bundle"),
    case("gallery list", "{in}/gallery --cases"),
    case("gallery add", "{in}/gallery {in}/new.png --label red --patient new -o {out}/more"),
    case("gallery remove", "{in}/gallery --label sand -o {out}/less"),
    case("pretrain", "{in}/small.yaml {in}/people -o {out}/weights.safetensors"),
    case("verify", "{in}/small.yaml {in}/people/pairs.txt"),
    case("evaluate", "{in}/toy.yaml {in}/data -o {out}/report --folds 2 --repeats 1"),
    case("evaluate", "{in}/toy.yaml {in}/data -o {out}/scores --protocol frequent-rare", homes=("empty",)),
    case("evaluate", "{in}/scores/predictions.parquet {in}/data -o {out}/scores --protocol frequent-rare", homes=("empty",)),
    case("compare", "{in}/toy.yaml {in}/gallery.yaml --data {in}/data -o {out}/comparison --folds 2 --repeats 1"),
    case("components"),
    case("plugins"),
    case("new", "dysfw-trial --kind fusion -o {out}/trial"),
    case("check", "onnx --recipe {in}/exported/recipe.yaml"),
    case("export", "{in}/small.yaml -o {out}/exported"),
    case("recipe check", "--build {in}/exported/recipe.yaml"),
    case("recipe show", "{root}/recipes/paper.yaml"),
    case("recipe schema"),
    case("weights list"),
    case("weights show", "facenet-vggface2"),
    python("weights fetch", "{root}/tests/privacy/fetching.py", "{out}", homes=("empty",)),
    python("weights fetch", "{root}/tests/privacy/fetching.py", "{out}", homes=("read-only", "missing"), code=2),
    case("weights verify", "phantom"),
    case("weights import", f"facenet-vggface2 {PHOTO}", code=2),  # the wrong file
    case("cache info", homes=("empty",)),
    case("cache info", homes=("read-only", "missing"), code=2),  # there is no cache
    case("cache clear", homes=("empty",)),
    case("cache clear", homes=("read-only", "missing"), code=2),
    case("doctor", homes=(*EVERYWHERE, "unset", "root")),
    case("phantom sample", "phantom-unaffected -o {out}/sheet.png --columns 1 --size 64", homes=("empty",), compiled=False),
    case(
        "phantom sample", "phantom-unaffected -o {out}/sheet.png --columns 1 --size 64", homes=("read-only", "missing", "unset")
    ),
    case("phantom dataset", "{in}/two.yaml -o {out}/two --workers 2"),
    case("phantom pairs", "{in}/people -o {out}/pairs.txt --folds 2 --per-fold 1"),
    case("phantom condition", "OMIM:147920 -o {out}/condition.yaml"),
    case("phantom conditions"),
    case("phantom terms"),
    # Commands start these only for work that takes seconds.
    python("python: worker processes", "-c", WORKERS),
    python("python: library", "-c", LIBRARY, homes=("empty", "missing")),
    python("python: plugins without dysfw", "-c", PLUGINS, homes=("empty", "missing")),
    python("python: onnxruntime", "-c", ONNX + "; import time; time.sleep(3)", homes=("empty", "missing")),
]
RUNS = [(one, home) for one in CASES for home in one.homes]
