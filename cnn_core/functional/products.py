"""Matrix products of many rows, cut into small ones where that is quicker.

Before it multiplies, BLAS rearranges both factors, which can take longer than a product of few columns
itself. Small products OpenBLAS takes as they lie in memory, on processors with AVX-512: what is cut into such
ones is quicker.
"""

from functools import cache

import numpy as np
from threadpoolctl import ThreadpoolController

from cnn_core.functional.geometry import Allocate, Array

SMALL = 1_000_000  # multiply-adds; OpenBLAS's own bound
_WITH_AVX512 = ("SkylakeX", "Cooperlake", "SapphireRapids")  # OpenBLAS's names
FEWEST_ROWS = 96  # of a small product: with fewer, the other factor is read too often


def multiply(a: Array, b: Array, out: Array) -> None:
    """Fill out (M, N) with a (M, K) @ b (K, N); quickest where b is contiguous."""
    count, cut = _cut(len(a), b.size)
    if count:
        np.matmul(_stacked(a[:cut], count), b, out=_stacked(out[:cut], count))
    if cut < len(a):
        np.matmul(a[cut:], b, out=out[cut:])


class Total:
    """The sum of what pairs of many rows give: a.T @ b for each pair (M, K) and (M, N)."""

    def __init__(self, out: Array, scratch: Allocate) -> None:
        """Sum into out (K, N), whatever it holds."""
        self.sum, self._scratch = out, scratch
        self._next: Array | None = None
        self._parts: Array | None = None
        self._empty = True

    def add(self, a: Array, b: Array) -> None:
        """Add a.T @ b; of all pairs the first has the most rows."""
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
        count, cut = _cut(len(a), out.size)
        if not count:
            np.matmul(a.T, b, out=out)
            return
        if self._parts is None:
            self._parts = self._scratch((count + 1, *out.shape), out.dtype)
        parts, turned = self._parts[: count + 1], _stacked(a[:cut], count).transpose(0, 2, 1)
        np.matmul(turned, _stacked(b[:cut], count), out=parts[:count])
        np.matmul(a[cut:].T, b[cut:], out=parts[count])  # where no row is left: zeros
        np.add.reduce(parts, axis=0, out=out)


def _cut(rows: int, numbers: int) -> tuple[int, int]:
    """Return (count, cut): how many small products there are for a factor of so many numbers, and the rows
    they take together. None where whole is as good."""
    most = SMALL // numbers
    if most < FEWEST_ROWS or rows <= most or not small_are_quicker():
        return 0, 0
    count = -(-rows // most)
    return count, rows // count * count


@cache
def small_are_quicker() -> bool:
    """Whether the BLAS in use takes small products as they lie."""
    return any(library.get("architecture") in _WITH_AVX512 for library in ThreadpoolController().info())


def _stacked(matrix: Array, count: int) -> Array:
    """Return a matrix as so many of fewer rows: a view."""
    return matrix.reshape(count, -1, matrix.shape[1])
