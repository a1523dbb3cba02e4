"""One person recorded as two patients; synthetic embeddings with the geometry of a face-recognition backbone."""

from pathlib import Path

import numpy as np
import pytest

from dysfw.data.dataset import Sample
from dysfw.data.identity_conflicts import Suspects, find_identity_conflicts, identity_findings


def faces(patients: int, each: int, std: float = 0.6, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings float32 [patients * each, 64] around a point for each patient, and the patients."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(0, 1, (patients, 1, 64))
    embeddings = centres + std * rng.normal(0, 1, (patients, each, 64))
    return embeddings.reshape(-1, 64).astype(np.float32), np.repeat(np.arange(patients), each)


def sample(n: int, label: str = "x") -> Sample:
    return Sample(Path(f"{n}.jpg"), label, f"p{n}")


@pytest.mark.parametrize("seed", range(5))
def test_different_persons_are_not_reported(seed) -> None:
    assert find_identity_conflicts(*faces(60, 2, seed=seed)).pairs == ()
    assert find_identity_conflicts(*faces(120, 1, seed=seed)).pairs == ()


def test_patients_with_two_names_are_found_with_an_estimated_threshold() -> None:
    embeddings, groups = faces(80, 2)
    hidden = np.arange(0, 20, 2)
    groups[hidden + 1] = 900 + hidden  # the second images of the first ten patients
    suspects = find_identity_conflicts(embeddings, groups)
    assert len(suspects.pairs) >= 8
    assert all(j == i + 1 and i in hidden for i, j, _ in suspects.pairs)
    distances = [distance for *_, distance in suspects.pairs]
    assert distances == sorted(distances)
    assert 0 < distances[-1] < suspects.threshold


def test_suspicious_pairs_are_reported_with_patients_and_labels() -> None:
    (finding,) = identity_findings(Suspects(((0, 1, 0.1), (2, 3, 0.2)), 0.3), [sample(0), sample(1, "y"), sample(2), sample(3)])
    assert (finding.code, finding.severity, finding.images) == ("same_person", "warning", 4)
    assert finding.message.startswith(
        "2 pairs of faces of different patients as similar as images of one patient, 1 of them with different labels"
    )
    assert finding.examples == ("0.jpg (p0, x) ~ 1.jpg (p1, y)", "2.jpg (p2, x) ~ 3.jpg (p3, x)")


def test_without_repeated_images_only_a_few_outliers_are_noted() -> None:
    embeddings, groups = faces(120, 1)
    for n in range(0, 20, 2):
        embeddings[n + 1] = embeddings[n] + 0.01
    suspects = find_identity_conflicts(embeddings, groups)
    assert suspects.threshold is None
    assert len(suspects.pairs) == 5
    assert all(j == i + 1 and i % 2 == 0 for i, j, _ in suspects.pairs)
    assert [finding.severity for finding in identity_findings(suspects, [sample(n) for n in range(120)])] == ["note"]


def test_a_backbone_that_cannot_recognise_patients_gives_no_threshold() -> None:
    embeddings, groups = faces(60, 2, std=20)
    assert find_identity_conflicts(embeddings, groups).threshold is None


def test_too_few_images_are_not_an_error() -> None:
    assert find_identity_conflicts(np.ones((3, 8), np.float32), np.zeros(3, np.int64)).pairs == ()
    assert find_identity_conflicts(np.ones((3, 8), np.float32), np.arange(3)).pairs == ()
    (note,) = identity_findings(find_identity_conflicts(*faces(3, 1)), [sample(n) for n in range(3)])
    assert (note.code, note.severity, note.images) == ("identities_unchecked", "note", 0)
    assert "could not check" in note.message
