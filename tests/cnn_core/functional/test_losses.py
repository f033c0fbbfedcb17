"""Softmax and cross-entropy against their definition and PyTorch."""

import numpy as np
import pytest

from cnn_core import functional as F

LOGITS = {
    "ordinary": lambda g: g.standard_normal((7, 10)) * 3,
    "two classes": lambda g: g.standard_normal((5, 2)),
    "one class": lambda g: g.standard_normal((3, 1)),
    "large": lambda g: g.standard_normal((6, 10)) * 1000,
    "all equal": lambda g: np.full((4, 5), 7.0),
}


@pytest.fixture(params=LOGITS.values(), ids=LOGITS.keys())
def logits(request):
    return request.param(np.random.default_rng(3))


def labels_for(logits):
    return np.random.default_rng(4).integers(0, logits.shape[1], len(logits))


def test_softmax_is_positive_and_sums_to_one(logits):
    y = F.softmax(logits.astype(np.float32))
    assert (y >= 0).all()
    assert y.dtype == np.float32
    np.testing.assert_allclose(y.sum(axis=-1), 1, rtol=1e-6)


def test_softmax_does_not_depend_on_a_common_shift(logits):
    np.testing.assert_allclose(F.softmax(logits), F.softmax(logits + 50), rtol=1e-9, atol=1e-300)


def test_softmax_and_its_gradient_equal_pytorch(logits, torch):
    dy = np.random.default_rng(5).standard_normal(logits.shape)
    tx = torch.tensor(logits, requires_grad=True)
    ty = torch.softmax(tx, dim=-1)
    ty.backward(torch.tensor(dy))
    np.testing.assert_allclose(F.softmax(logits), ty.detach().numpy(), rtol=1e-10, atol=1e-300)
    np.testing.assert_allclose(F.softmax_backward(dy, F.softmax(logits)), tx.grad.numpy(), atol=1e-12)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.5])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_cross_entropy_and_its_gradient_equal_pytorch(logits, smoothing, dtype, torch):
    labels = labels_for(logits)
    logits = logits.astype(dtype)
    tx = torch.tensor(logits, requires_grad=True)
    theirs = torch.nn.functional.cross_entropy(
        tx, torch.tensor(labels), label_smoothing=smoothing, reduction="none"
    )
    theirs.sum().backward()
    losses, dlogits = F.cross_entropy(logits, labels, smoothing)
    assert losses.dtype == dlogits.dtype == dtype
    close = {"rtol": 2e-6, "atol": 2e-6} if dtype == np.float32 else {"rtol": 1e-12, "atol": 1e-12}
    np.testing.assert_allclose(losses, theirs.detach().numpy(), **close)
    np.testing.assert_allclose(dlogits, tx.grad.numpy(), **close)


def test_cross_entropy_is_minus_the_logarithm_of_the_labels_probability():
    losses, dlogits = F.cross_entropy(np.log(np.array([[0.2, 0.3, 0.5]])), np.array([1]))
    np.testing.assert_allclose(losses, [-np.log(0.3)])
    np.testing.assert_allclose(dlogits, [[0.2, -0.7, 0.5]])


def test_a_smoothed_target_shares_a_part_with_all_classes():
    p = np.array([[0.2, 0.3, 0.5]])
    losses, dlogits = F.cross_entropy(np.log(p), np.array([1]), 0.3)
    target = np.array([0.1, 0.8, 0.1])
    np.testing.assert_allclose(losses, [-(target * np.log(p)).sum()])
    np.testing.assert_allclose(dlogits, p - target)


def test_a_certain_wrong_answer_costs_much_but_not_infinitely():
    losses, dlogits = F.cross_entropy(np.array([[1000.0, 0.0]], np.float32), np.array([1]))
    assert losses.tolist() == [1000]
    assert dlogits.tolist() == [[1, -1]]


def test_logits_are_left_alone(logits):
    before = logits.copy()
    F.cross_entropy(logits, labels_for(logits), 0.1)
    F.softmax(logits)
    np.testing.assert_array_equal(logits, before)
