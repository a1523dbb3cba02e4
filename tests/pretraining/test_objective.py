import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812  # the usual name

from dysfw.pretraining.objective import LinearHead, MarginSoftmax, Objective, folded_projection
from dysfw.recipe.sections import Pretrain


def random(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(
    ("loss", "with_margin"), [("cosface", lambda a: np.cos(a) - 0.3), ("arcface", lambda a: np.cos(a + 0.3))]
)
def test_the_margin_of_the_true_identity_follows_the_paper(loss, with_margin):
    softmax = MarginSoftmax(8, 5, loss, 0.3, 10)
    x, y = random(6, 8), torch.tensor([0, 1, 2, 3, 4, 0])
    cosines = (F.normalize(x) @ F.normalize(softmax.centres).T).detach().numpy().astype(np.float64)
    for row, truth in enumerate(y.tolist()):
        cosines[row, truth] = with_margin(np.arccos(cosines[row, truth]))
    logits = 10 * cosines
    expected = np.mean([np.log(np.exp(row).sum()) - row[t] for row, t in zip(logits, y.tolist(), strict=True)])
    assert softmax(x, y).item() == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("loss", ["cosface", "arcface"])
def test_the_loss_decreases_towards_the_true_identity_with_finite_gradients(loss):
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
    return Objective(Pretrain(embedding_dim=4, **keys), 6, identities=3, attributes=3, mean_landmarks=MEAN_LANDMARKS)


MEAN_LANDMARKS = torch.rand(2, 2, 2, generator=torch.Generator().manual_seed(3))  # region, landmark, x and y
BATCH = {
    "identity": torch.tensor([0, 1, 2, 0]),
    "region": torch.tensor([0, 1, 0, 1]),
    "attributes": random(4, 3, seed=1),
    "landmarks": torch.rand(4, 2, 2, generator=torch.Generator().manual_seed(2)),
}


def test_the_total_is_the_weighted_sum_of_the_losses_with_a_weight():
    losses = objective(identity=2, attributes=0.5, landmarks=3)(random(4, 6), **BATCH)
    expected = 2 * losses["identity"] + 0.5 * losses["attributes"] + 3 * losses["landmarks"]
    assert losses["total"].item() == pytest.approx(expected.item())
    alone = objective(identity=0, landmarks=1)
    assert alone(random(4, 6), **BATCH).keys() == {"landmarks", "total"}
    assert not any(name.startswith(("projection", "identity", "attributes")) for name in alone.state_dict())


def test_initial_predictions_are_the_mean_attributes_and_mean_landmarks():
    losses = objective(attributes=1, landmarks=1)(random(4, 6), **BATCH)
    assert losses["attributes"].item() == pytest.approx(F.smooth_l1_loss(torch.zeros(4, 3), BATCH["attributes"]).item())
    away = (BATCH["landmarks"] - MEAN_LANDMARKS[BATCH["region"]]) * 4
    assert losses["landmarks"].item() == pytest.approx(F.smooth_l1_loss(torch.zeros(4, 2, 2), away).item())


def test_a_step_moves_a_prediction_by_at_most_the_learning_rate_times_the_root_of_dim():
    for dim in (16, 4096):
        head = LinearHead(dim, 1)
        embedding = torch.ones(1, dim)
        optimiser = torch.optim.Adam(head.parameters(), lr=0.01)
        head(embedding).sum().backward()
        optimiser.step()
        assert abs(head(embedding).item()) == pytest.approx(0.01 * (dim**0.5 + 1), rel=1e-3)


def test_unknown_values_have_no_gradient():
    unknown = BATCH | {"attributes": torch.full((4, 3), torch.nan), "landmarks": torch.full((4, 2, 2), torch.nan)}
    model = objective(identity=0, attributes=1, landmarks=1)
    losses = model(random(4, 6), **unknown)
    assert losses["total"].item() == 0
    losses["total"].backward()
    assert all(not p.grad.any() for p in model.parameters())


def test_landmarks_far_outside_the_crop_are_ignored():
    far = BATCH["landmarks"].clone()
    far[:, 0] = torch.tensor([0.5, 1.3])
    model = objective(identity=0, landmarks=1)
    rest = model(random(4, 6), **(BATCH | {"landmarks": far}))["landmarks"]
    away = (far[:, 1] - MEAN_LANDMARKS[BATCH["region"], 1]) * 4
    assert rest.item() == pytest.approx(F.smooth_l1_loss(torch.zeros(4, 2), away).item())


def test_each_region_has_its_own_predictions():
    model = objective(identity=0, attributes=1)
    model(random(4, 6), **(BATCH | {"region": torch.zeros(4, dtype=torch.int64)}))["total"].backward()
    first, second = model.attributes.linear.weight.grad.view(2, 3, 6)
    assert first.any()
    assert not second.any()


def test_the_folded_projection_equals_the_projection():
    model = objective()
    model(random(64, 6), torch.zeros(64, dtype=torch.int64), *[torch.zeros(64, dtype=torch.int64)] * 3)
    model.eval()
    weight, bias = folded_projection(model)
    x = random(5, 6, seed=9)
    torch.testing.assert_close(x @ weight.T + bias, model.projection(x))
