"""The matrices of Winograd's minimal filtering (Lavin and Gray, "Fast Algorithms for Convolutional Neural
Networks", 2015), by which a convolution takes fewer multiplications.

M neighbouring outputs y of a kernel g of K numbers read a tile d of T = M + K - 1 inputs. That takes K M
multiplications; T are enough:

    y = A.T @ ((G @ g) * (B.T @ d))

The matrices come from looking at the numbers as coefficients of polynomials: a product of two is known by its
values at enough points. Gradients go back through the same matrices, transposed.
"""

from functools import cache

import numpy as np
from numpy.typing import DTypeLike

from cnn_core.functional.geometry import Array

# For each T. Of the points tried those that cost the least precision: small ones and their negatives.
POINTS = {
    6: (0.0, 0.75, -0.75, 1.5, -1.5),
    7: (0.25, -0.25, 0.875, -0.875, 1.75, -1.75),
    8: (0.0, 0.5, -0.5, 1.0, -1.0, 2.0, -2.0),
}


@cache
def matrices(t: int, k: int, dtype: DTypeLike) -> tuple[Array, Array, Array]:
    """Return A (T, M), B (T, T) and G (T, K).

    Row i of A and of G evaluates a polynomial at point i; column i of B is the polynomial that is zero at all
    others. The last point is infinity: there the highest power alone counts.
    """
    points = np.array(POINTS[t])
    a, b, g = np.zeros((t, t - k + 1)), np.zeros((t, t)), np.zeros((t, k))
    for i, point in enumerate(points):
        others = np.delete(points, i)
        a[i] = point ** np.arange(t - k + 1)
        b[:-1, i] = np.poly(others)[::-1]
        g[i] = point ** np.arange(k) / np.prod(point - others)
    a[-1, -1] = g[-1, -1] = 1
    b[:, -1] = np.poly(points)[::-1]
    return a.astype(dtype), b.astype(dtype), g.astype(dtype)
