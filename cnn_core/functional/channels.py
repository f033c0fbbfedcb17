"""What is done to every channel with one value of its own, or gives one value a channel.

A value is repeated along one row of the image first, so that NumPy's inner loop is W*C numbers long:
starting a loop over C numbers costs more than running it.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import DTypeLike

from cnn_core.functional.geometry import Allocate, Array


def rows(x: Array) -> Array:
    """Return x (N, H, W, C) as (N*H, W*C), x (N, C) as it is: a view."""
    return x.reshape(-1, x.shape[2] * x.shape[3]) if x.ndim == 4 else x


def row(values: Array, x: Array) -> Array:
    """Return values (C,) repeated along a row of x: (W*C,), or (C,) where x is (N, C)."""
    if x.ndim != 4:
        return values
    repeated = np.empty((x.shape[2], x.shape[3]), values.dtype)
    repeated[...] = values  # a tenth of the time of `numpy.tile`
    return repeated.reshape(-1)


def add_per_channel(x: Array, values: Array) -> None:
    """Add one value a channel, in place."""
    flat = rows(x)
    np.add(flat, row(values, x), out=flat)


def sum_per_channel(x: Array, new: Allocate = np.empty) -> Array:
    """Return the sum over all positions of x (..., C), one value a channel."""
    flat = x.reshape(-1, x.shape[-1])
    # A product with ones is the quickest sum over rows that NumPy has.
    return np.matmul(_ones(len(flat), x.dtype), flat, out=new((flat.shape[1],), x.dtype))


def sum_of_products(a: Array, b: Array) -> Array:
    """Return the sum over all positions of a * b, both (N, H, W, C) or (N, C), one value a channel."""
    sums: Array = np.einsum("mx,mx->x", rows(a), rows(b))
    return sums.reshape(-1, a.shape[-1]).sum(axis=0)


@lru_cache(maxsize=32)
def _ones(count: int, dtype: DTypeLike) -> Array:
    ones = np.ones(count, dtype)
    ones.flags.writeable = False
    return ones
