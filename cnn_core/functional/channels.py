"""What is done to every channel with one value of its own, or gives one value a channel.

A value is repeated over many positions of the image first, so that NumPy's inner loop is thousands of numbers
long: starting a loop over C numbers costs more than running it, and short rows are copied into a buffer.
"""

from functools import lru_cache
from math import prod

import numpy as np
from numpy.typing import DTypeLike

from cnn_core.functional.geometry import Allocate, Array


def rows(x: Array) -> Array:
    """Return x (..., C) as a matrix whose rows are some positions of one image each: a view."""
    return x.reshape(-1, _positions(x.shape) * x.shape[-1])


def row(values: Array, x: Array) -> Array:
    """Return values (C,) repeated along a row of `rows(x)`."""
    repeated = np.empty((_positions(x.shape), len(values)), values.dtype)
    repeated[...] = values  # quicker than `numpy.tile`
    return repeated.reshape(-1)


@lru_cache(maxsize=512)
def _positions(shape: tuple[int, ...]) -> int:
    """Return how many positions of an image make a row: the fewest of which not two rows fit NumPy's buffer.

    NumPy 2.4 copies shorter rows into it, several at once, which takes time.
    """
    image = prod(shape[1:-1])
    long = (n for n in range(1, image) if image % n == 0 and 2 * n * shape[-1] > np.getbufsize())
    return next(long, image)


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
    """Return the sum over all positions of a * b, both (N, ..., C), one value a channel."""
    # One row of the image long: the sums of a longer one would not stay in the core's innermost cache.
    length = prod(a.shape[-2:]) if a.ndim == 4 else a.shape[-1]
    sums: Array = np.einsum("mx,mx->x", a.reshape(-1, length), b.reshape(-1, length))
    return sums.reshape(-1, a.shape[-1]).sum(axis=0)


@lru_cache(maxsize=32)
def _ones(count: int, dtype: DTypeLike) -> Array:
    ones = np.ones(count, dtype)
    ones.flags.writeable = False
    return ones
