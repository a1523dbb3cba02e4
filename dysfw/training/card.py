"""Writes the model card: what a bundle is, what it was trained on, and how reliable it is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .. import RESEARCH_USE
from ..bundle.contents import Manifest, Performance, TrainingData
from ..inference.reliability_model import ReliabilityModel
from ..recipe.model import Recipe
from ..reliability.prior import describe_prior
from ..stats.chance import ALPHA
from ..util.text import count, listed

MAX_LISTED = 60


def model_card(manifest: Manifest, recipe: Recipe, reliability: ReliabilityModel) -> str:
    """Write the model card.

    Args:
        manifest: Of the bundle.
        recipe: The trained recipe.
        reliability: The fitted reliability model.

    Returns:
        Markdown.
    """
    sections = [
        f"# {manifest.name}",
        f"**{RESEARCH_USE}** Trained by dysfw {manifest.versions['dysfw']} on {manifest.created[:10]} with the recipe "
        f"`{recipe.name}`.",
        manifest.about,
        _warning(manifest.cross_validated),
        "## What it does",
        f"From an image of a face it predicts probabilities for {count(len(manifest.labels), 'condition')}. They always sum to "
        "one: the model knows nothing of people with another condition, or with none of these. Classes had equal weight in "
        f"training: the probabilities assume {_prior(reliability, manifest.labels)}.",
        "## Training data",
        _data(manifest.data),
        _conditions(manifest),
        _findings(manifest.data),
        _gallery(manifest),
        _composites(manifest),
        "## Performance",
        _patient_note(manifest.data),
        _performance("Cross-validated on the training data", manifest.cross_validated),
        _chance(manifest.cross_validated, manifest.data),
        _records(manifest.cross_validated, recipe),
        _performance("On the held-out images", manifest.held_out) if manifest.held_out else "",
        "A score alone proves nothing: a model can separate classes that come from different sources without looking at "
        "the face. `dysfw evaluate` tests for this.",
        _reliability(reliability, manifest.labels),
        f"## Precision\n\nThe bundle computes in {manifest.agreement.precision}: {manifest.agreement}."
        if manifest.agreement
        else "",
        "## Weights",
        _table(
            ("used by", "file", "licence", "source", "sha256"),
            [(w.component, w.name + ("" if w.trained else " **(random)**"), w.licence, w.source, f"`{w.sha256[:16]}…`")
             for w in manifest.weights],
        ),
        "## Versions",
        ", ".join(f"{name} {version}" for name, version in manifest.versions.items()),
    ]  # fmt: skip
    return "\n\n".join(section for section in sections if section) + "\n"


def _prior(reliability: ReliabilityModel, labels: list[str]) -> str:
    if np.ptp(reliability.prior) == 0:
        return "that every condition is equally common"
    return f"these frequencies: {describe_prior(reliability.prior, labels)}"


def _data(data: TrainingData) -> str:
    patients = count(data.patients, "patient") if data.patients is not None else "an unknown number of patients"
    excluded = ", ".join(f"{n} ({code})" for code, n in data.excluded.items())
    return (
        f"{count(data.images, 'image')} of {patients}"
        + (f"; excluded: {excluded}" if excluded else "")
        + f". Fingerprint `{data.fingerprint[:16]}`."
    )


def _conditions(manifest: Manifest) -> str:
    counts = manifest.data.per_label.items()
    if not manifest.conditions:
        return _table(("condition", "images"), [(label, str(n)) for label, n in counts])
    known = manifest.conditions
    return _table(("condition", "images", "known as"), [(label, str(n), str(known.get(label, ""))) for label, n in counts])


def _findings(data: TrainingData) -> str:
    if not data.findings:
        return ""
    lines = [f"- {one.severity}: {one.message}" for one in data.findings]
    return "Data checks:\n\n" + "\n".join(lines)


def _gallery(manifest: Manifest) -> str:
    if not manifest.gallery_cases:
        return ""
    changes = "".join(f"\n- {change}" for change in manifest.changes)
    return (
        f"The bundle keeps the embeddings of {count(len(manifest.gallery_cases), 'gallery case')}, with the names of their "
        "images and patients. Embeddings of faces are biometric data: share the bundle only as you would share the images."
        + (f" Changes since training:\n{changes}" if changes else "")
    )


def _composites(manifest: Manifest) -> str:
    if not manifest.composites:
        return ""
    rows = [(label, str(one.patients), f"{one.px} px") for label, one in manifest.composites.items()]
    table = _table(("condition", "patients", "side"), rows)
    return (
        "The bundle holds composites: average faces of training patients who agreed to it, with equal weights. A composite is "
        "no portrait, but who has a patient's image may find out whether the patient is in it: share the bundle only with "
        f"people for whom the patients agreed.\n\n{table}"
    )


def _patient_note(data: TrainingData) -> str:
    if data.patients is None:
        return (
            "The data do not say which images show the same patient. If some do, the cross-validated scores below are too "
            "high: add a `patient` column to the manifest."
        )
    return "No patient's images are on both sides of a split."


def _reliability(reliability: ReliabilityModel, labels: list[str]) -> str:
    config = reliability.config
    lines = [
        f"Probabilities are calibrated by temperature scaling (temperature {reliability.temperature:.2f}, cross-validated)."
        if config.calibrate
        else "Probabilities are not calibrated.",
        f"Each prediction comes with a set that contains the right condition for {100 * config.coverage:.0f} % of patients.",
    ]
    if always := [labels[k] for k in reliability.always]:
        lines.append(f"Always in the set, because too few patients are known: {listed(always, MAX_LISTED)}.")
    lines.append(
        "A prediction is flagged as not reliable if the face is out of distribution, less than "
        f"{config.min_face_height} px high, rotated by more than {config.max_pose_angle:.0f}°, or more blurred than nearly all "
        "training images. A prediction without a flag can still be wrong."
    )
    return "## Reliability\n\n" + " ".join(lines)


def _warning(measured: Performance) -> str:
    if measured.chance_test is None or measured.chance_test.shown:
        return ""
    return "**This bundle was not shown to beat chance.** All its predictions are marked as not reliable; see Performance."


def _chance(measured: Performance, data: TrainingData) -> str:
    """Whether the bundle was shown to beat chance, and how this was tested."""
    test = measured.chance_test
    if test is None:
        return ""
    permuted = "patient" if data.patients is not None else "image"
    verdict = (
        f"The fused prediction was shown to beat chance (p = {test.p:.3f})"
        if test.shown
        else f"**The fused prediction was not shown to beat chance (p = {test.p:.3f}), so its probabilities may mean nothing**"
    )
    return (
        f"{verdict}: conditions were permuted {test.permutations:,} times between the {count(test.patients, permuted)}, and p "
        f"is how often the balanced accuracy was at least {test.balanced_accuracy.value:.3f}. Up to {ALPHA:g} counts as shown."
    )


def _performance(title: str, measured: Performance) -> str:
    fused = measured.fused
    rows = [("**all, fused**", fused), *measured.regions.items()]
    top = [n for n in fused.top if n > 1]
    table = _table(
        ("regions", "images", "balanced accuracy", "accuracy", *(f"top {n}" for n in top)),
        [
            (name, str(s.images), *(str(s.estimate(m)) for m in ("balanced_accuracy", "accuracy", *(f"top_{n}" for n in top))))
            for name, s in rows
        ],
    )
    bracketed = "In brackets: 95 % bootstrap intervals, resampled by patient. " if fused.intervals else ""
    return f"### {title}\n\n{table}\n\n{bracketed}Chance: balanced accuracy {fused.chance:.3f}."


def _records(measured: Performance, recipe: Recipe) -> str:
    if not recipe.evidence:
        return ""
    names = listed(f"`{name}`" for name in recipe.evidence_names)
    if not measured.records:
        text = (
            f"The recipe reads records ({names}), but no training patient had one: the weights of face and record were not "
            "learned, and what they predict together was never tested."
        )
        return f"### Records of patients\n\n{text}"
    measures = ("balanced_accuracy", "accuracy")
    rows = [(name, str(s.images), *(str(s.estimate(one)) for one in measures)) for name, s in measured.records.items()]
    table = _table(("from", "images", "balanced accuracy", "accuracy"), rows)
    text = (
        f"Records were read by {names}; cross-validated on the images whose patient has one. `dysfw audit` tests whether the "
        "way in which the records were written reveals the condition by itself."
    )
    return f"### Records of patients\n\n{table}\n\n{text}"


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
