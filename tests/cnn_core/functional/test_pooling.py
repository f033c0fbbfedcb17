"""Pooling and its gradients against plain loops and PyTorch, over a table of settings, ties included."""

from typing import NamedTuple

import numpy as np
import plain_loops
import pytest
from plain_loops import TOLERANCE, dirty

from cnn_core import functional as F


class Case(NamedTuple):
    image: tuple  # N, H, W, C
    pool_size: object = 2
    stride: object = None
    padding: object = 0

    @property
    def settings(self):
        return {"pool_size": self.pool_size, "stride": self.stride, "padding": self.padding}

    @property
    def plain(self):
        return self.pool_size, self.pool_size if self.stride is None else self.stride, self.padding


CASES = {
    "2x2": Case((2, 6, 6, 3)),
    "2x2 leaves a row and a column": Case((2, 5, 7, 3)),
    "2x2 leaves a row": Case((2, 5, 6, 3)),
    "2x2, one channel": Case((3, 6, 4, 1)),
    "3x3": Case((2, 9, 6, 2), 3),
    "non-square": Case((2, 6, 6, 3), (3, 2)),
    "1x1": Case((2, 4, 5, 2), 1),
    "1x1, strided": Case((2, 5, 5, 2), 1, 2),
    "1x1 input": Case((2, 1, 1, 3), 1),
    "whole image": Case((2, 4, 6, 3), (4, 6)),
    "overlapping": Case((2, 7, 7, 3), 3, 2),
    "overlapping, every position": Case((2, 5, 6, 2), 2, 1),
    "overlapping in rows only": Case((2, 7, 6, 2), (3, 2), (1, 2)),
    "stride larger than window": Case((2, 9, 8, 3), 2, 3),
    "stride larger than window in columns only": Case((2, 8, 9, 3), 2, (2, 3)),
    "padding": Case((2, 5, 5, 3), 3, 2, 1),
    "padding without overlap": Case((2, 4, 7, 2), 3, None, 1),
    "padding, every pixel covered": Case((2, 4, 4, 2), 2, None, 1),
    "padding by axis": Case((2, 5, 6, 2), (3, 2), 2, (1, 0)),
    "padded 1x1 input": Case((2, 1, 1, 2), 3, 1, 1),
    "same": Case((2, 5, 6, 3), 3, 1, "same"),
    "same, strided": Case((2, 7, 8, 2), 3, 2, "same"),
    "same, even": Case((2, 5, 7, 2), 2, 2, "same"),
    "same, stride larger than window": Case((2, 8, 7, 2), 2, 3, "same"),
    "valid": Case((2, 5, 6, 3), 2, 2, "valid"),
}


@pytest.fixture(params=CASES.values(), ids=CASES.keys())
def case(request):
    return request.param


@pytest.fixture(params=[np.float32, np.float64])
def dtype(request):
    return request.param


@pytest.fixture(params=["distinct", "ties", "negative", "constant"])
def values(request):
    return request.param


def images(case, dtype, values):
    generator = np.random.default_rng(8)
    kinds = {
        "distinct": lambda: generator.permutation(int(np.prod(case.image))) / 10 - 5,
        "ties": lambda: generator.integers(0, 3, int(np.prod(case.image))),
        "negative": lambda: -generator.integers(5, 9, int(np.prod(case.image))),  # below the padding's zeros
        "constant": lambda: np.zeros(int(np.prod(case.image))),
    }
    return kinds[values]().reshape(case.image).astype(dtype)


def gradient(y):
    return np.random.default_rng(9).standard_normal(y.shape).astype(y.dtype)


def max_pool_both_ways(x, case, dy=None):
    y, winners = F.max_pool2d_winners(x, **case.settings, new=dirty, scratch=dirty)
    dy = gradient(y) if dy is None else dy
    return y, dy, F.max_pool2d_backward(dy, winners, x.shape, **case.settings, new=dirty, scratch=dirty)


def test_max_pooling_equals_plain_loops_and_the_first_maximum_takes_the_gradient(case, dtype, values):
    x = images(case, dtype, values)
    expected, winner = plain_loops.max_pool2d(x, *case.plain)
    y, dy, dx = max_pool_both_ways(x, case)
    np.testing.assert_array_equal(y, expected)
    np.testing.assert_array_equal(F.max_pool2d(x, **case.settings, new=dirty), expected)
    np.testing.assert_allclose(dx, plain_loops.max_pool2d_gradient(dy, winner, x.shape), **TOLERANCE[dtype])


def test_average_pooling_equals_plain_loops(case, dtype):
    x = images(case, dtype, "distinct")
    y = F.avg_pool2d(x, **case.settings, new=dirty)
    dy = gradient(y)
    dx = F.avg_pool2d_backward(dy, x.shape, **case.settings, new=dirty, scratch=dirty)
    np.testing.assert_allclose(y, plain_loops.avg_pool2d(x, *case.plain), **TOLERANCE[dtype])
    expected = plain_loops.avg_pool2d_gradient(dy, x.shape, *case.plain)
    np.testing.assert_allclose(dx, expected, **TOLERANCE[dtype])


def test_inputs_are_left_alone(case):
    x = images(case, np.float32, "distinct")
    before = x.copy()
    y, winners = F.max_pool2d_winners(x, **case.settings)
    dy = gradient(y)
    dy_before = dy.copy()
    F.max_pool2d_backward(dy, winners, x.shape, **case.settings)
    F.avg_pool2d(x, **case.settings)
    F.avg_pool2d_backward(dy, x.shape, **case.settings)
    np.testing.assert_array_equal(x, before)
    np.testing.assert_array_equal(dy, dy_before)


@pytest.mark.parametrize("pool", [F.max_pool2d, F.avg_pool2d])
def test_one_image_gives_one_map(pool, generator):
    x = generator.standard_normal((7, 6, 3))
    np.testing.assert_array_equal(pool(x, 3, 2), pool(x[None], 3, 2)[0])


def test_global_average_is_the_mean_of_each_channel(generator, dtype):
    x = generator.standard_normal((3, 4, 5, 2)).astype(dtype)
    y = F.global_avg_pool2d(x)
    assert y.dtype == dtype
    np.testing.assert_allclose(y, x.mean(axis=(1, 2)), **TOLERANCE[dtype])
    np.testing.assert_allclose(F.global_avg_pool2d(x[0]), y[0], **TOLERANCE[dtype])
    dy = gradient(y)
    dx = F.global_avg_pool2d_backward(dy, x.shape, new=dirty)
    np.testing.assert_allclose(dx, np.broadcast_to(dy[:, None, None] / 20, x.shape), **TOLERANCE[dtype])


def torch_pool(torch, x, case, value):
    (top, bottom, _), (left, right, _) = plain_loops.geometry(case.image[1:3], *case.plain)
    tx = torch.tensor(x, requires_grad=True)
    return tx, torch.nn.functional.pad(tx.permute(0, 3, 1, 2), (left, right, top, bottom), value=value)


def test_max_pooling_equals_pytorch(case, dtype, values, torch):
    x = images(case, dtype, values)
    y, dy, dx = max_pool_both_ways(x, case)
    tx, padded = torch_pool(torch, x, case, -np.inf)
    ty = torch.nn.functional.max_pool2d(padded, case.pool_size, case.stride).permute(0, 2, 3, 1)
    ty.backward(torch.tensor(dy))
    np.testing.assert_array_equal(y, ty.detach().numpy())
    np.testing.assert_allclose(dx, tx.grad.numpy(), **TOLERANCE[dtype])


def test_average_pooling_equals_pytorch(case, dtype, torch):
    x = images(case, dtype, "distinct")
    tx, padded = torch_pool(torch, x, case, 0.0)
    ty = torch.nn.functional.avg_pool2d(padded, case.pool_size, case.stride).permute(0, 2, 3, 1)
    y = F.avg_pool2d(x, **case.settings)
    dy = gradient(y)
    ty.backward(torch.tensor(dy))
    np.testing.assert_allclose(y, ty.detach().numpy(), **TOLERANCE[dtype])
    dx = F.avg_pool2d_backward(dy, x.shape, **case.settings)
    np.testing.assert_allclose(dx, tx.grad.numpy(), **TOLERANCE[dtype])
