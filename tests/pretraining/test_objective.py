import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812  # as everybody calls it

from dysfw.pretraining.objective import MarginSoftmax, Objective, Readout, folded_projection
from dysfw.recipe.sections import Pretrain


def random(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("loss", "harder"), [("cosface", lambda a: np.cos(a) - 0.3), ("arcface", lambda a: np.cos(a + 0.3))])
def test_the_true_identity_s_cosine_is_made_harder_as_the_paper_says(loss, harder):
    softmax = MarginSoftmax(8, 5, loss, 0.3, 10)
    x, y = random(6, 8), torch.tensor([0, 1, 2, 3, 4, 0])
    cosines = (F.normalize(x) @ F.normalize(softmax.centres).T).detach().numpy().astype(np.float64)
    for row, truth in enumerate(y.tolist()):
        cosines[row, truth] = harder(np.arccos(cosines[row, truth]))
    logits = 10 * cosines
    expected = np.mean([np.log(np.exp(row).sum()) - row[t] for row, t in zip(logits, y.tolist(), strict=True)])
    assert softmax(x, y).item() == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("loss", ["cosface", "arcface"])
def test_the_loss_falls_steadily_towards_the_true_identity_and_its_slope_is_finite(loss):
    softmax = MarginSoftmax(2, 2, loss, 0.5, 8)
    softmax.centres.data = torch.tensor([[1.0, 0.0], [-1.0, 0.0]])
    angles = torch.linspace(torch.pi, 0, 40)
    x = torch.stack([angles.cos(), angles.sin()], dim=1).requires_grad_()
    losses = torch.stack([softmax(row[None], torch.tensor([0])) for row in x])
    assert (losses.diff() < 1e-4).all()
    losses.sum().backward()
    assert torch.isfinite(x.grad).all()


def objective(**keys):
    torch.manual_seed(0)
    return Objective(Pretrain(embedding=4, **keys), 6, identities=3, attributes=3, typical=TYPICAL)


TYPICAL = torch.rand(2, 2, 2, generator=torch.Generator().manual_seed(3))  # region, landmark, x and y
BATCH = {
    "identity": torch.tensor([0, 1, 2, 0]),
    "region": torch.tensor([0, 1, 0, 1]),
    "attributes": random(4, 3, seed=1),
    "landmarks": torch.rand(4, 2, 2, generator=torch.Generator().manual_seed(2)),
}


def test_only_losses_with_a_weight_are_there_and_the_total_is_their_weighted_sum():
    losses = objective(identity=2, attributes=0.5, landmarks=3)(random(4, 6), **BATCH)
    expected = 2 * losses["identity"] + 0.5 * losses["attributes"] + 3 * losses["landmarks"]
    assert losses["total"].item() == pytest.approx(expected.item())
    alone = objective(identity=0, landmarks=1)
    assert alone(random(4, 6), **BATCH).keys() == {"landmarks", "total"}
    assert not any(name.startswith(("neck", "identity", "attributes")) for name in alone.state_dict())


def test_predictions_begin_at_the_mean_measure_and_where_each_region_s_landmarks_typically_are():
    losses = objective(attributes=1, landmarks=1)(random(4, 6), **BATCH)
    assert losses["attributes"].item() == pytest.approx(F.smooth_l1_loss(torch.zeros(4, 3), BATCH["attributes"]).item())
    away = (BATCH["landmarks"] - TYPICAL[BATCH["region"]]) * 4
    assert losses["landmarks"].item() == pytest.approx(F.smooth_l1_loss(torch.zeros(4, 2, 2), away).item())


def test_a_step_moves_a_prediction_by_no_more_than_the_learning_rate_times_the_root_of_the_embedding_s_length():
    for dim in (16, 4096):
        made = Readout(dim, 1)
        embedding = torch.ones(1, dim)
        optimiser = torch.optim.Adam(made.parameters(), lr=0.01)
        made(embedding).sum().backward()
        optimiser.step()
        assert abs(made(embedding).item()) == pytest.approx(0.01 * (dim**0.5 + 1), rel=1e-3)


def test_unknown_values_teach_nothing():
    unknown = BATCH | {"attributes": torch.full((4, 3), torch.nan), "landmarks": torch.full((4, 2, 2), torch.nan)}
    made = objective(identity=0, attributes=1, landmarks=1)
    losses = made(random(4, 6), **unknown)
    assert losses["total"].item() == 0
    losses["total"].backward()
    assert all(not p.grad.any() for p in made.parameters())


def test_landmarks_far_outside_the_crop_do_not_count():
    far = BATCH["landmarks"].clone()
    far[:, 0] = torch.tensor([0.5, 1.3])
    made = objective(identity=0, landmarks=1)
    rest = made(random(4, 6), **(BATCH | {"landmarks": far}))["landmarks"]
    away = (far[:, 1] - TYPICAL[BATCH["region"], 1]) * 4
    assert rest.item() == pytest.approx(F.smooth_l1_loss(torch.zeros(4, 2), away).item())


def test_each_region_has_predictions_of_its_own():
    made = objective(identity=0, attributes=1)
    made(random(4, 6), **(BATCH | {"region": torch.zeros(4, dtype=torch.int64)}))["total"].backward()
    first, second = made.attributes.linear.weight.grad.view(2, 3, 6)
    assert first.any()
    assert not second.any()


def test_the_folded_neck_is_the_neck():
    made = objective()
    made(random(64, 6), torch.zeros(64, dtype=torch.int64), *[torch.zeros(64, dtype=torch.int64)] * 3)
    made.eval()
    weight, bias = folded_projection(made)
    x = random(5, 6, seed=9)
    torch.testing.assert_close(x @ weight.T + bias, made.projection(x))
