"""Batch normalisation that pools before it normalises, against normalising first, ties and turned channels
included."""

import numpy as np
import pytest
from plain_loops import TOLERANCE, dirty

from cnn_core import functional as F
from cnn_core.functional.pooled_normalization import pooled_batch_norm_backward, pooled_moments, turns

GAMMA, BETA = np.array([0.7, -1.2, 2.0, -0.4]), np.array([0.1, 0.2, -0.3, 0.4])
POOLS = {
    "2x2": (2, 2),
    "3x2": ((3, 2), (3, 2)),
    "overlapping": (3, 2),
    "stride larger than window": (1, 2),
}
CUTS = {"whole": (), "uneven": (1, 4)}


@pytest.fixture(params=[np.float32, np.float64])
def dtype(request):
    return request.param


def numbers(kind, shape, dtype):
    """Return a batch (N, H, W, 4), its channel 2 constant."""
    g = np.random.default_rng(3)
    kinds = {
        "distinct": lambda: g.permutation(int(np.prod(shape))) / 50,
        "ties": lambda: g.integers(0, 3, shape),
        "rising from image to image": lambda: (
            g.integers(0, 4, shape) + 9 * np.arange(shape[0])[:, None, None, None]
        ),
    }
    x = kinds[kind]().reshape(shape).astype(dtype)
    x[..., 2] = 3
    return x


def pooled_first(x, dy, gamma, beta, pool, cuts):
    """Return (y, dx, dgamma, dbeta) of a batch that is cut."""
    turn, dys = turns(gamma), np.split(dy.copy(), cuts)  # used up
    centred = [dirty(part.shape, part.dtype) for part in np.split(x, cuts)]
    measured = [
        pooled_moments(part, gamma, *pool, centred=c, new=dirty, scratch=dirty)
        for part, c in zip(np.split(x, cuts), centred, strict=True)
    ]
    batch = F.merge_moments([own for _, _, own in measured])
    gaps = [own.mean - batch.mean for _, _, own in measured]
    ahead = [
        F.normalize(pooled, gap * turn, batch, np.abs(gamma), beta, new=dirty)
        for (pooled, _, _), gap in zip(measured, gaps, strict=True)
    ]
    scale = ahead[0][1]
    sums = [
        F.batch_norm_sums(d, pooled, gap * turn, scale)
        for d, (pooled, _, _), gap in zip(dys, measured, gaps, strict=True)
    ]
    dgamma, dbeta = (sum(each) for each in zip(*sums, strict=True))
    dgamma = dgamma * turn
    dx = [
        pooled_batch_norm_backward(
            d, c, winners, gap, scale, gamma, dgamma, dbeta, batch.count, *pool, scratch=dirty
        )
        for d, c, (_, winners, _), gap in zip(dys, centred, measured, gaps, strict=True)
    ]
    return np.concatenate([y for y, _ in ahead]), np.concatenate(dx), dgamma, dbeta


def normalized_first(x, gamma, beta, pool):
    """Return (y, way back): the way back gives (dx, dgamma, dbeta) for dy."""
    centred = np.empty_like(x)
    own = F.moments(x, centred=centred)
    gap = np.zeros_like(own.mean)
    normalized, scale = F.normalize(centred, gap, own, gamma, beta)
    y, winners = F.max_pool2d_winners(normalized, *pool)

    def back(dy):
        dn = F.max_pool2d_backward(dy, winners, x.shape, *pool)
        dgamma, dbeta = F.batch_norm_sums(dn, centred, gap, scale)
        return F.batch_norm_backward(dn, centred, gap, scale, gamma, dgamma, dbeta, own.count), dgamma, dbeta

    return y, back


@pytest.mark.parametrize("cuts", CUTS.values(), ids=CUTS.keys())
@pytest.mark.parametrize("pool", POOLS.values(), ids=POOLS.keys())
@pytest.mark.parametrize("size", [(6, 6), (7, 5)], ids=["even map", "odd map"])
@pytest.mark.parametrize("kind", ["distinct", "ties", "rising from image to image"])
def test_pooling_first_gives_the_numbers_of_normalising_first(kind, size, pool, cuts, dtype):
    x = numbers(kind, (6, *size, 4), dtype)
    y, back = normalized_first(x.astype(np.float64), GAMMA, BETA, pool)
    dy = np.random.default_rng(4).standard_normal(y.shape)
    expected = (y, *back(dy))
    found = pooled_first(x, *(a.astype(dtype) for a in (dy, GAMMA, BETA)), pool, cuts)
    for mine, other in zip(found, expected, strict=True):
        assert mine.dtype == dtype
        scale = max(1, np.abs(other).max())
        np.testing.assert_allclose(mine, other, rtol=0, atol=TOLERANCE[dtype]["atol"] * scale)


def test_a_scale_of_zero_gives_the_shift_and_no_gradient():
    x = numbers("distinct", (3, 4, 4, 4), np.float64)
    dy = np.ones((3, 2, 2, 4))
    y, dx, _, _ = pooled_first(x, dy, np.zeros(4), BETA, (2, 2), (1,))
    np.testing.assert_array_equal(y, np.broadcast_to(BETA, y.shape))
    np.testing.assert_array_equal(dx, np.zeros(x.shape))
