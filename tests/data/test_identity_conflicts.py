"""One person under two patients, found by embeddings; numbers are made up, the geometry is that of a face-recognition trunk."""

from pathlib import Path

import numpy as np
import pytest

from dysfw.data.dataset import Sample
from dysfw.data.identity_conflicts import Suspects, find_identity_conflicts, identity_findings


def faces(patients: int, each: int, spread: float = 0.6, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings float32 [patients * each, 64] around a point for each patient, and the patients."""
    rng = np.random.default_rng(seed)
    middle = rng.normal(0, 1, (patients, 1, 64))
    around = middle + spread * rng.normal(0, 1, (patients, each, 64))
    return around.reshape(-1, 64).astype(np.float32), np.repeat(np.arange(patients), each)


def sample(n: int, label: str = "x") -> Sample:
    return Sample(Path(f"{n}.jpg"), label, f"p{n}")


@pytest.mark.parametrize("seed", range(5))
def test_strangers_are_not_suspected(seed) -> None:
    assert find_identity_conflicts(*faces(60, 2, seed=seed)).pairs == ()
    assert find_identity_conflicts(*faces(120, 1, seed=seed)).pairs == ()


def test_patients_with_two_names_are_found_by_what_the_data_says_of_persons() -> None:
    embeddings, groups = faces(80, 2)
    hidden = np.arange(0, 20, 2)
    groups[hidden + 1] = 900 + hidden  # the second photographs of the first ten patients
    suspects = find_identity_conflicts(embeddings, groups)
    assert len(suspects.pairs) >= 8
    assert all(j == i + 1 and i in hidden for i, j, _ in suspects.pairs)
    distances = [distance for *_, distance in suspects.pairs]
    assert distances == sorted(distances)
    assert 0 < distances[-1] < suspects.threshold


def test_suspects_are_named_with_their_patients_and_labels() -> None:
    (finding,) = identity_findings(Suspects(((0, 1, 0.1), (2, 3, 0.2)), 0.3), [sample(0), sample(1, "y"), sample(2), sample(3)])
    assert (finding.code, finding.severity, finding.images) == ("same_person", "warning", 4)
    assert finding.message.startswith("2 pairs of faces of two patients as alike as those of one, 1 of them under two labels")
    assert finding.examples == ("0.jpg (p0, x) ~ 1.jpg (p1, y)", "2.jpg (p2, x) ~ 3.jpg (p3, x)")


def test_without_patients_of_several_photographs_only_outliers_are_noted_and_few() -> None:
    embeddings, groups = faces(120, 1)
    for n in range(0, 20, 2):
        embeddings[n + 1] = embeddings[n] + 0.01
    suspects = find_identity_conflicts(embeddings, groups)
    assert suspects.threshold is None
    assert len(suspects.pairs) == 5
    assert all(j == i + 1 and i % 2 == 0 for i, j, _ in suspects.pairs)
    assert [finding.severity for finding in identity_findings(suspects, [sample(n) for n in range(120)])] == ["note"]


def test_a_trunk_that_cannot_tell_persons_gives_no_threshold() -> None:
    embeddings, groups = faces(60, 2, spread=20)
    assert find_identity_conflicts(embeddings, groups).threshold is None


def test_too_little_to_compare_is_no_error() -> None:
    assert find_identity_conflicts(np.ones((3, 8), np.float32), np.zeros(3, np.int64)).pairs == ()
    assert find_identity_conflicts(np.ones((3, 8), np.float32), np.arange(3)).pairs == ()
    (note,) = identity_findings(find_identity_conflicts(*faces(3, 1)), [sample(n) for n in range(3)])
    assert (note.code, note.severity, note.images) == ("persons_not_told", "note", 0)
    assert "cannot be told from these data" in note.message
