"""Batch normalisation in pieces against the whole, its definition and PyTorch."""

import numpy as np
import pytest
from plain_loops import TOLERANCE, dirty

from cnn_core import functional as F

SHAPES = {
    "images": (6, 4, 5, 3),
    "one channel": (6, 3, 4, 1),
    "vectors": (9, 7),
    "1x1 images": (6, 1, 1, 4),
    "two values": (2, 5),
}
CUTS = {"whole": (), "halves": (1,), "uneven": (1, 2)}


@pytest.fixture(params=SHAPES.values(), ids=SHAPES.keys())
def shape(request):
    return request.param


@pytest.fixture(params=[np.float32, np.float64])
def dtype(request):
    return request.param


def batch(shape, dtype):
    g = np.random.default_rng(6)
    x, dy = (g.standard_normal(shape) * 2 + 3).astype(dtype), g.standard_normal(shape).astype(dtype)
    gamma, beta = (g.standard_normal(shape[-1]).astype(dtype) for _ in range(2))
    return x, dy, gamma, beta


def axes(x):
    return tuple(range(x.ndim - 1))


def cut(x, cuts):
    return [np.ascontiguousarray(part) for part in np.split(x, [c for c in cuts if c < len(x)])]


def in_pieces(x, dy, gamma, beta, cuts):
    """Return (y, dx, dgamma, dbeta) of a batch that is cut."""
    parts, dys = cut(x, cuts), cut(dy.copy(), cuts)  # dy is used up
    centred = [dirty(part.shape, part.dtype) for part in parts]
    own = [F.moments(part, centred=c) for part, c in zip(parts, centred, strict=True)]
    moments = F.merge_moments(own)
    gaps = [each.mean - moments.mean for each in own]
    normalized = [
        F.normalize(c, gap, moments, gamma, beta, 1e-5, new=dirty)
        for c, gap in zip(centred, gaps, strict=True)
    ]
    scale = normalized[0][1]
    sums = [F.batch_norm_sums(d, c, gap, scale) for d, c, gap in zip(dys, centred, gaps, strict=True)]
    dgamma, dbeta = (sum(each) for each in zip(*sums, strict=True))
    dx = [
        F.batch_norm_backward(d, c, gap, scale, gamma, dgamma, dbeta, moments.count)
        for d, c, gap in zip(dys, centred, gaps, strict=True)
    ]
    return np.concatenate([y for y, _ in normalized]), np.concatenate(dx), dgamma, dbeta


@pytest.mark.parametrize("cuts", CUTS.values(), ids=CUTS.keys())
def test_merged_moments_are_those_of_the_whole_batch(shape, dtype, cuts):
    x = batch(shape, dtype)[0]
    parts = cut(x, cuts)
    moments = F.merge_moments([F.moments(p, centred=dirty(p.shape, p.dtype)) for p in parts])
    assert moments.count == x.size // x.shape[-1]
    assert moments.mean.dtype == moments.variance.dtype == dtype
    np.testing.assert_allclose(moments.mean, x.mean(axis=axes(x)), **TOLERANCE[dtype])
    np.testing.assert_allclose(moments.variance, x.var(axis=axes(x)), **TOLERANCE[dtype])


def test_the_variance_of_values_far_from_zero_keeps_its_digits():
    x = (np.random.default_rng(1).standard_normal((64, 8, 8, 2)) * 0.1 + 1000).astype(np.float32)
    moments = F.merge_moments([F.moments(part) for part in np.split(x, 4)])
    np.testing.assert_allclose(moments.variance, x.astype(np.float64).var(axis=(0, 1, 2)), rtol=1e-2)


@pytest.mark.parametrize("cuts", CUTS.values(), ids=CUTS.keys())
def test_training_in_pieces_equals_pytorch(shape, dtype, cuts, torch):
    x, dy, gamma, beta = batch(shape, dtype)
    tx, tg, tb = (torch.tensor(a, requires_grad=True) for a in (x, gamma, beta))
    order = (0, 3, 1, 2) if x.ndim == 4 else (0, 1)
    ty = torch.nn.functional.batch_norm(tx.permute(order), None, None, tg, tb, training=True, eps=1e-5)
    ty = ty.permute((0, 2, 3, 1) if x.ndim == 4 else (0, 1))
    ty.backward(torch.tensor(dy))

    y, dx, dgamma, dbeta = in_pieces(x, dy, gamma, beta, cuts)
    # Of two values only the sign of their difference is left: dx is what rounding leaves of 0.
    close = {"rtol": 1e-3, "atol": 1e-3} if dtype == np.float32 else {"rtol": 1e-8, "atol": 1e-8}
    np.testing.assert_allclose(y, ty.detach().numpy(), **close)
    np.testing.assert_allclose(dx, tx.grad.numpy(), **close)
    np.testing.assert_allclose(dgamma, tg.grad.numpy(), **close)
    np.testing.assert_allclose(dbeta, tb.grad.numpy(), **close)


def test_pieces_with_means_far_apart_and_a_constant_channel_give_the_numbers_of_the_whole_batch(dtype):
    x, dy, gamma, beta = batch((6, 4, 5, 3), dtype)
    x += np.arange(6, dtype=dtype)[:, None, None, None] * 5
    x[..., 1] = 7
    gamma[2] = -abs(gamma[2])
    found = in_pieces(x, dy, gamma, beta, (1, 2))
    expected = in_pieces(*(a.astype(np.float64) for a in (x, dy, gamma, beta)), ())
    for mine, whole in zip(found, expected, strict=True):
        np.testing.assert_allclose(mine, whole, rtol=1e-3, atol=1e-3 * np.abs(whole).max())
    np.testing.assert_allclose(found[0][..., 1], np.full(x.shape[:3], beta[1]), atol=1e-3)


def test_inference_with_given_statistics_equals_pytorch(shape, dtype, torch):
    x, _, gamma, beta = batch(shape, dtype)
    g = np.random.default_rng(7)
    mean, variance = g.standard_normal(shape[-1]).astype(dtype), g.random(shape[-1]).astype(dtype)
    order = (0, 3, 1, 2) if x.ndim == 4 else (0, 1)
    ty = torch.nn.functional.batch_norm(
        torch.tensor(x).permute(order),
        *(torch.tensor(a) for a in (mean, variance, gamma, beta)),
        training=False,
        eps=1e-3,
    )
    expected = ty.permute((0, 2, 3, 1) if x.ndim == 4 else (0, 1)).numpy()
    y = F.batch_norm(x, gamma, beta, 1e-3, mean, variance, new=dirty)
    np.testing.assert_allclose(y, expected, **TOLERANCE[dtype])


def test_without_statistics_the_batch_is_normalised_by_its_own(shape):
    x, _, gamma, beta = batch(shape, np.float64)
    y = F.batch_norm(x, gamma, beta, 1e-12)
    np.testing.assert_allclose(y.mean(axis=axes(x)), beta, atol=1e-9)
    np.testing.assert_allclose(y.std(axis=axes(x)), np.abs(gamma), rtol=1e-6)


def test_a_constant_channel_becomes_beta():
    x = np.full((3, 2, 2, 2), 5.0, np.float32)
    y = F.batch_norm(x, np.array([2.0, 3.0], np.float32), np.array([0.5, -1.0], np.float32))
    np.testing.assert_allclose(y, np.broadcast_to(np.float32([0.5, -1.0]), x.shape), atol=1e-6)
