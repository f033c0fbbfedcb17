"""Activations against their formulas and PyTorch, and their derivatives against differences."""

import numpy as np
import pytest

from cnn_core import functional as F


def _values(dtype):
    spread = np.linspace(-6, 6, 241)
    return np.concatenate([spread, [0.0, -0.0, 1e-7, -1e-7, 30, -30, 90, -90]]).astype(dtype)


# name: (forward, backward given dy, x, y; the same in PyTorch)
ACTIVATIONS = {
    "relu": (F.relu, lambda dy, x, y: F.relu_backward(dy, y), lambda t: t.nn.functional.relu),
    "leaky_relu": (
        lambda x, **k: F.leaky_relu(x, 0.2, **k),
        lambda dy, x, y: F.leaky_relu_backward(dy, x, 0.2),
        lambda t: lambda x: t.nn.functional.leaky_relu(x, 0.2),
    ),
    "gelu": (
        F.gelu,
        lambda dy, x, y: F.gelu_backward(dy, x),
        lambda t: lambda x: t.nn.functional.gelu(x, approximate="tanh"),
    ),
    "sigmoid": (F.sigmoid, lambda dy, x, y: F.sigmoid_backward(dy, y), lambda t: t.sigmoid),
    "tanh": (F.tanh, lambda dy, x, y: F.tanh_backward(dy, y), lambda t: t.tanh),
}


@pytest.fixture(params=ACTIVATIONS.values(), ids=ACTIVATIONS.keys())
def activation(request):
    return request.param


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_values_and_gradients_equal_pytorch(activation, dtype, torch):
    forward, backward, theirs = activation
    x = _values(dtype)
    dy = np.random.default_rng(2).standard_normal(x.shape).astype(dtype)
    tx = torch.tensor(x, requires_grad=True)
    ty = theirs(torch)(tx)
    ty.backward(torch.tensor(dy))
    y = forward(x)
    dx = backward(dy, x, y)
    assert y.dtype == dx.dtype == dtype
    close = {"rtol": 1e-5, "atol": 3e-6} if dtype == np.float32 else {"rtol": 1e-9, "atol": 1e-12}
    np.testing.assert_allclose(y, ty.detach().numpy(), **close)
    np.testing.assert_allclose(dx, tx.grad.numpy(), **close)


def test_the_result_may_take_the_place_of_the_input(activation):
    forward, _, _ = activation
    x = _values(np.float32)
    expected = forward(x.copy())
    assert forward(x, out=x) is x
    np.testing.assert_array_equal(x, expected)


def test_derivatives_equal_differences(activation):
    forward, backward, _ = activation
    x = np.linspace(-4, 4, 200)  # not through 0, where relu bends
    step = 1e-6
    slope = (forward(x + step) - forward(x - step)) / (2 * step)
    np.testing.assert_allclose(backward(np.ones_like(x), x, forward(x)), slope, atol=1e-8)


def test_nothing_overflows_where_values_are_huge(activation):
    forward, backward, _ = activation
    x = np.array([-1e6, 1e6], np.float32)
    y = forward(x)
    assert np.isfinite(y).all()
    assert np.isfinite(backward(np.ones_like(x), x, y)).all()


def test_relu_of_negative_values_is_zero_and_has_no_gradient():
    x = np.array([-2.0, 0.0, 3.0], np.float32)
    assert F.relu(x).tolist() == [0, 0, 3]
    assert F.relu_backward(np.ones(3, np.float32), F.relu(x)).tolist() == [0, 0, 1]
