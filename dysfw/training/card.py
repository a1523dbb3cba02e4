"""The model card: what a bundle is, what it was made from and how far to trust it, for people."""

from __future__ import annotations

import numpy as np

from .. import RESEARCH_USE
from ..bundle.contents import Manifest, Performance
from ..inference.reliability import ReliabilityModel
from ..recipe.model import Recipe
from ..reliability.prior import described
from ..util.text import count, listed


def model_card(manifest: Manifest, recipe: Recipe, reliability: ReliabilityModel) -> str:
    """Markdown. trust: what was fitted of it, if anything."""
    data = manifest.data
    patients = count(data.patients, "patient") if data.patients is not None else "an unknown number of patients"
    sections = [
        f"# {manifest.name}",
        f"**{RESEARCH_USE}** Trained by dysfw {manifest.versions['dysfw']} on {manifest.created[:10]} with the recipe "
        f"`{recipe.name}`.",
        manifest.about,
        "## What it does",
        f"It gives a photograph of a face probabilities over {count(len(manifest.labels), 'condition')}. They always sum to "
        "one: of a person with another condition, or with none, it knows nothing. Classes were weighted equally in training: "
        f"the probabilities assume {_prior(reliability, manifest.labels)}.",
        "## Training data",
        f"{count(data.images, 'photograph')} of {patients}"
        + (f"; excluded: {', '.join(f'{n} ({code})' for code, n in data.excluded.items())}" if data.excluded else "")
        + f". Fingerprint `{data.fingerprint[:16]}`.",
        _conditions(manifest),
        _cases(manifest),
        "## Performance",
        _patient_note(manifest),
        _performance("Cross-validated on the training data", manifest.cross_validated),
        _performance("On the held-out photographs", manifest.held_out) if manifest.held_out else "",
        "A score says nothing by itself: photographs of different classes that come from different sources can be told apart "
        "without looking at the face.",
        _reliability(reliability, manifest.labels),
        f"## Precision\n\nIt computes in {manifest.agreement.precision}: {manifest.agreement}." if manifest.agreement else "",
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
        return "that each is equally common"
    return f"that of those judged {described(reliability.prior, labels)} have the condition"


def _conditions(manifest: Manifest) -> str:
    counted = manifest.data.per_label.items()
    if not manifest.conditions:
        return _table(("condition", "photographs"), [(label, str(n)) for label, n in counted])
    known = manifest.conditions
    return _table(
        ("condition", "photographs", "known as"), [(label, str(n), str(known.get(label, ""))) for label, n in counted]
    )


def _cases(manifest: Manifest) -> str:
    if not manifest.gallery_cases:
        return ""
    changes = "".join(f"\n- {change}" for change in manifest.changes)
    return (
        f"The bundle keeps the embeddings of {count(len(manifest.gallery_cases), 'case')}, with the names of their photographs and "
        "patients as the data gave them. Embeddings of faces are biometric data: share the bundle as you would the photographs."
        + (f" Since it was trained:\n{changes}" if changes else "")
    )


def _patient_note(manifest: Manifest) -> str:
    if manifest.data.patients is None:
        return (
            "The data does not say which photographs show the same patient. If some do, the cross-validated scores below are "
            "too good: add a `patient` column to the manifest."
        )
    return "No patient's photographs are on both sides of a split."


def _reliability(reliability: ReliabilityModel, labels: list[str]) -> str:
    keys = reliability.keys
    lines = [
        f"Logarithms of probabilities are divided by {reliability.temperature:.2f}, as cross-validation asked for."
        if keys.calibrate
        else "Probabilities are not calibrated.",
        f"Each prediction names a set that holds the right condition in {100 * keys.coverage:.0f} % of patients.",
    ]
    if always := [labels[k] for k in reliability.always]:
        lines.append(f"In every set, because they have too few patients for that: {listed(always, 60)}.")
    lines.append(
        "A prediction is called not reliable where the face is unlike those in training, where it is less than "
        f"{keys.min_face_height} px high or turned by more than {keys.max_pose_angle:.0f}°, or more blurred than nearly all of those. "
        "That nothing speaks against a prediction does not make it right."
    )
    return "## Reliability\n\n" + " ".join(lines)


def _performance(title: str, measured: Performance) -> str:
    fused = measured.fused
    rows = [("**all, fused**", fused), *measured.regions.items()]
    top = [n for n in fused.top if n > 1]
    table = _table(
        ("regions", "images", "balanced accuracy", "accuracy", *(f"top {n}" for n in top)),
        [
            (name, str(s.images), f"{s.balanced_accuracy:.3f}", f"{s.accuracy:.3f}", *(f"{s.top[n]:.3f}" for n in top))
            for name, s in rows
        ],
    )
    return f"### {title}\n\n{table}\n\nChance: balanced accuracy {fused.chance:.3f}."


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
