"""The matrices of Winograd's minimal filtering (Lavin and Gray, "Fast Algorithms for Convolutional Neural
Networks", 2015), by which a convolution takes fewer multiplications.

M neighbouring outputs y of a kernel g of K numbers read a tile d of M + K - 1 inputs. That takes K M
multiplications; as many as the tile has numbers, T = M + K - 1, are enough:

    y = A.T @ ((G @ g) * (B.T @ d))

The matrices come from looking at the numbers as coefficients of polynomials: a product of two is known by its
values at enough points. Gradients go back through the same matrices, transposed.

With a stride of S, outputs are the sums of S such filterings, each of every S-th number of d and of g: M
outputs read a tile of (M - 1) S + K numbers and take the multiplications of all S together.
"""

from functools import cache

import numpy as np
from numpy.typing import DTypeLike

from cnn_core.functional.geometry import Array

# For each T. Of the points tried those that cost the least precision: small ones and their negatives.
POINTS = {
    5: (0.375, -0.375, 1.25, -1.25),
    6: (0.0, 0.75, -0.75, 1.5, -1.5),
    7: (0.25, -0.25, 0.875, -0.875, 1.75, -1.75),
    8: (0.0, 0.5, -0.5, 1.0, -1.0, 2.0, -2.0),
}


@cache
def multiplications(m: int, k: int, stride: int = 1) -> int:
    """Return T, the multiplications that M outputs take; 0 where there are no points for that many."""
    each = [m + taps - 1 for taps in _taps(k, stride)]
    found = all(t in POINTS for t, taps in zip(each, _taps(k, stride), strict=True) if taps > 1)
    return sum(each) if found else 0


@cache
def matrices(m: int, k: int, dtype: DTypeLike, stride: int = 1) -> tuple[Array, Array, Array]:
    """Return A (T, M), B ((M - 1) S + K, T) and G (T, K)."""
    t, first = multiplications(m, k, stride), 0
    a, b, g = np.zeros((t, m)), np.zeros(((m - 1) * stride + k, t)), np.zeros((t, k))
    for phase, taps in enumerate(_taps(k, stride)):
        last = first + m + taps - 1
        rows, every = slice(first, last), slice(phase, None, stride)
        a[rows], b[every, rows], g[rows, every] = _matrices(m, taps)
        first = last
    return a.astype(dtype), b.astype(dtype), g.astype(dtype)


def _taps(k: int, stride: int) -> list[int]:
    """Return how many of K numbers each phase of a stride has."""
    return [-(-(k - phase) // stride) for phase in range(min(stride, k))]


def _matrices(m: int, k: int) -> tuple[Array, Array, Array]:
    """Return A (T, M), B (T, T) and G (T, K) without a stride.

    Row i of A and of G evaluates a polynomial at point i; column i of B is the polynomial that is zero at all
    others. The last point is infinity: there the highest power alone counts.
    """
    if k == 1:
        return np.eye(m), np.eye(m), np.ones((m, 1))
    t = m + k - 1
    points = np.array(POINTS[t])
    a, b, g = np.zeros((t, m)), np.zeros((t, t)), np.zeros((t, k))
    for i, point in enumerate(points):
        others = np.delete(points, i)
        a[i] = point ** np.arange(m)
        b[:-1, i] = np.poly(others)[::-1]
        g[i] = point ** np.arange(k) / np.prod(point - others)
    a[-1, -1] = g[-1, -1] = 1
    b[:, -1] = np.poly(points)[::-1]
    return a, b, g
