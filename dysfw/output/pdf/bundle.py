"""What a document says of the bundle: its performance, and whether it was shown to beat chance."""

from __future__ import annotations

from reportlab.platypus import Flowable

from ...bundle.contents import Manifest, Performance
from ...util.text import count
from .text import BODY, Text


def performance(manifest: Manifest | None, label: str, text: Text) -> list[Flowable]:
    """Describe how well the bundle predicts.

    Args:
        manifest: Its manifest.
        label: The condition that is explained.
        text: Writes texts.

    Returns:
        The parts of the page; empty without a manifest.
    """
    if manifest is None:
        return []
    lines = [_training(manifest, label), _scores("Cross-validated on the training data", manifest.cross_validated)]
    lines += [_scores("On test images", manifest.held_out)] if manifest.held_out else []
    lines += [_records(manifest.cross_validated)] if manifest.cross_validated.records else []
    return [*text.heading("How well this bundle predicts"), *(text.paragraph(line, BODY) for line in lines)]


def _training(manifest: Manifest, label: str) -> str:
    """What it was trained on."""
    data = manifest.data
    patients = "" if data.patients is None else f" of {count(data.patients, 'patient')}"
    conditions = count(len(manifest.labels), "condition")
    of_label = count(data.per_label.get(label, 0), "image")
    return f"Trained on {count(data.images, 'image')}{patients} with {conditions}; {of_label} of {label}."


def _records(performed: Performance) -> str:
    """Balanced accuracy of face, record and both, on the patients with a record."""
    scores = "; ".join(f"{name} {one.estimate('balanced_accuracy')}" for name, one in performed.records.items())
    return f"Patients with a record, balanced accuracy, cross-validated: {scores}."


def _scores(where: str, performed: Performance) -> str:
    """Balanced accuracy with its interval, chance, and the test against chance."""
    fused, test = performed.fused, performed.chance_test
    if test is None:
        shown = " (not tested against chance)"
    else:
        shown = f" ({'' if test.shown else 'not '}shown to beat chance, p = {test.p:.3f})"
    interval = "; in brackets the 95 % interval" if "balanced_accuracy" in fused.intervals else ""
    return f"{where}: balanced accuracy {fused.estimate('balanced_accuracy')}, chance {fused.chance:.3f}{shown}{interval}."
