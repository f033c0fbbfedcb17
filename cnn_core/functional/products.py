"""Matrix products of many rows, or of many columns, cut into small ones where that is quicker.

Before it multiplies, BLAS rearranges both factors, which can take longer than a product of few columns
itself. Small products OpenBLAS takes as they lie in memory, on processors with AVX-512: what is cut into such
ones is quicker.
"""

from functools import cache, lru_cache

import numpy as np
from threadpoolctl import ThreadpoolController

from cnn_core.functional.geometry import Allocate, Array

SMALL = 1_000_000  # multiply-adds; OpenBLAS's own bound
_WITH_AVX512 = ("SkylakeX", "Cooperlake", "SapphireRapids")  # OpenBLAS's names
# Rows, or columns, of a small product: whole lines of the cache, else such as the processor takes at once.
LINE, FOUR = 16, 4
# Where there is no such number without some left over; and the fewest.
STEP, LONG_STEP = 24, 48
# Its rows, at least, for each column where columns are no whole lines of the cache: with fewer, the other
# factor is read too often.
FEWEST_PER_COLUMN = 0.5
FEWEST_SUMMED = 96  # rows of one whose result is added to others': with fewer, there are too many to add


def multiply(a: Array, b: Array, out: Array) -> None:
    """Fill out (..., M, N) with a (..., M, K) @ b (..., K, N); quickest where b is contiguous."""
    rows, columns = a.shape[-2], b.shape[-1]
    as_it_lies = columns % LINE == 0 and b.strides[-1] == b.itemsize
    fewest = 0.0 if as_it_lies else FEWEST_PER_COLUMN * columns
    count, cut = _cut(rows, b.shape[-2] * columns, fewest)
    if not count:
        np.matmul(a, b, out=out)
        return
    np.matmul(_stacked(a, cut, count), b[..., None, :, :], out=_stacked(out, cut, count))
    if cut < rows:
        np.matmul(a[..., cut:, :], b, out=out[..., cut:, :])


def transform(a: Array, b: Array, out: Array) -> None:
    """Fill out (..., M, N) with a small a (M, K) @ b (..., K, N) of many columns."""
    columns = b.shape[-1]
    count, cut = _cut(columns, a.size)
    if not count:
        np.matmul(a, b, out=out)
        return
    np.matmul(a, _abreast(b, cut, count), out=_abreast(out, cut, count))
    if cut < columns:
        np.matmul(a, b[..., cut:], out=out[..., cut:])


class Total:
    """The sum of what pairs of many rows give: a.T @ b for each pair (..., M, K) and (..., M, N)."""

    def __init__(self, out: Array, scratch: Allocate) -> None:
        """Sum into out (..., K, N), whatever it holds."""
        self.sum, self._scratch = out, scratch
        self._next: Array | None = None
        self._parts: Array | None = None
        self._empty = True

    def add(self, a: Array, b: Array) -> None:
        """Add a.T @ b."""
        if self._empty:
            self._fill(self.sum, a, b)
            self._empty = False
            return
        if self._next is None:
            self._next = self._scratch(self.sum.shape, self.sum.dtype)
        self._fill(self._next, a, b)
        np.add(self.sum, self._next, out=self.sum)

    def _fill(self, out: Array, a: Array, b: Array) -> None:
        """Fill out with a.T @ b."""
        count, cut = _cut(a.shape[-2], out.shape[-2] * out.shape[-1], FEWEST_SUMMED)
        if not count:
            np.matmul(a.swapaxes(-2, -1), b, out=out)
            return
        # Fewer rows may be cut into more parts, where these divide them.
        if self._parts is None or self._parts.shape[-3] <= count:
            self._parts = self._scratch((*out.shape[:-2], count + 1, *out.shape[-2:]), out.dtype)
        parts, left = self._parts[..., : count + 1, :, :], cut < a.shape[-2]
        turned = _stacked(a, cut, count).swapaxes(-2, -1)
        np.matmul(turned, _stacked(b, cut, count), out=parts[..., :count, :, :])
        if left:
            np.matmul(a[..., cut:, :].swapaxes(-2, -1), b[..., cut:, :], out=parts[..., count, :, :])
        np.add.reduce(parts[..., : count + left, :, :], axis=-3, out=out)


def _cut(length: int, numbers: int, fewest: float = 0) -> tuple[int, int]:
    """Return (count, cut): how many small products there are for a factor of so many numbers, and the rows,
    or columns, of the other that they take together. None where each would have too few, or whole is as good.
    """
    most = SMALL // numbers
    if most < max(STEP, fewest) or length <= most or not small_are_quicker():
        return 0, 0
    each = _each(length, most)
    return length // each, length // each * each


@lru_cache(maxsize=512)
def _each(length: int, most: int) -> int:
    """Return how many rows, or columns, of so many a small product takes, at most so many."""
    least = -(-length // most)
    for unit in (LINE, FOUR):
        for count in range(least, least + least // 2 + 1):
            if length % (unit * count) == 0:
                return length // count
    step = LONG_STEP if most >= LONG_STEP else STEP
    each = -(-length // -(-length // (most // step * step)))
    return each + -each % step


@cache
def small_are_quicker() -> bool:
    """Whether the BLAS in use takes small products as they lie."""
    return any(library.get("architecture") in _WITH_AVX512 for library in ThreadpoolController().info())


def _stacked(matrix: Array, rows: int, count: int) -> Array:
    """Return the first rows of a matrix (..., M, K) as so many of fewer rows: a view (..., count, M', K)."""
    *stack, _, columns = matrix.shape
    return matrix[..., :rows, :].reshape(*stack, count, rows // count, columns)


def _abreast(matrix: Array, columns: int, count: int) -> Array:
    """Return the first columns of a matrix (..., M, N) as so many of fewer columns: a view
    (..., count, M, N')."""
    *stack, rows, _ = matrix.shape
    return matrix[..., :columns].reshape(*stack, rows, count, columns // count).swapaxes(-3, -2)
