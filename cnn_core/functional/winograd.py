"""Convolution with small square kernels by fewer multiplications: Winograd's minimal filtering (Lavin and
Gray, "Fast Algorithms for Convolutional Neural Networks", 2015).

M neighbouring outputs y of a kernel g of K numbers read a tile d of T = M + K - 1 inputs. That takes K M
multiplications; T are enough:

    y = A.T @ ((G @ g) * (B.T @ d))

The matrices come from looking at the numbers as coefficients of polynomials: a product of two is known by its
values at enough points (see `_matrices`). In the plane they are applied along rows and along columns, and
T * T multiplications give M * M outputs, which would take K * K * M * M. Summed over the channels, each of
the T * T becomes a matrix product, of all tiles and all filters. Gradients go back through the same matrices,
transposed.
"""

from collections.abc import Callable, Iterator
from functools import cache

import numpy as np
from numpy.typing import DTypeLike

from cnn_core.functional import products
from cnn_core.functional.geometry import Allocate, Array, Pair, Window, cropped, pad
from cnn_core.functional.tiles import Tiling, arrange, blocks, cut, overlap, rearrange, tiling

# For each T. Of the points tried those that cost the least precision: small ones and their negatives.
POINTS = {6: (0.0, 0.75, -0.75, 1.5, -1.5), 7: (0.25, -0.25, 0.875, -0.875, 1.75, -1.75)}
KERNELS = (3, 4, 5)  # K: smaller ones are as quick the usual way, and for larger ones M would be 1 or 2
# What is quicker is reckoned in multiply-adds, by figures fitted to 3 to 128 channels and images of 5 to 64
# pixels, on AVX-512 and AVX2. So many take as long as to transform a number ...
TRANSFORM = 40
COPY = 4  # ... and as to copy a number of a window, or to send something back to it.


def worthwhile(x: Array, filters: Array, w: Window, pool: Pair = (1, 1), *, back: bool = False) -> bool:
    """Whether outputs of this convolution, or what goes back through it, can be found so, and sooner."""
    square = w.kernel[0] == w.kernel[1] and pool[0] == pool[1]
    if not square or w.kernel[0] not in KERNELS or w.stride != (1, 1) or w.dilation != (1, 1):
        return False
    return min(_cost(t, x, filters, w, back) for t in POINTS) < _usual_cost(x, filters, w, back)


def outputs(
    x: Array, filters: Array, w: Window, scratch: Allocate, pool: Pair = (1, 1)
) -> Iterator[tuple[tuple[slice, slice], Array]]:
    """Yield ((images, rows), phases), a part at a time: x (N, H, W, C) convolved with filters (K, K, C, F).

    Phases are the outputs place by place in a pooling window, (P, P, images, rows, OW / P, F), valid until
    the next.
    """
    tiles = _best_tiling(x, filters, w, False)
    a, b, _ = _matrices(tiles.t, len(filters), x.dtype)
    padded, taps = pad(x, tiles.w, scratch), _taps(filters, tiles.t, scratch)
    for place, block in blocks(tiles, x, filters, pool, scratch):
        cut(padded, place, block)
        _both_ways(b.T, block.pixels, block.spare, block.pixels)
        products.multiply(_matrix(block.pixels), taps, _matrix(block.sums))
        _both_ways(a.T, block.sums, block.spare, block.outputs)
        arrange(block)
        yield (place.images, place.outputs), block.phases


def gradients(
    send: Callable[[tuple[slice, slice], Array], None],
    x: Array,
    filters: Array,
    w: Window,
    dfilters: Array,
    new: Allocate,
    scratch: Allocate,
    pool: Pair = (1, 1),
) -> Array:
    """Return dx and fill dfilters; send((images, rows), phases) fills dy of this part, in the shape of
    `outputs`."""
    tiles = _best_tiling(x, filters, w, True)
    a, b, g = _matrices(tiles.t, len(filters), x.dtype)
    padded, taps = pad(x, tiles.w, scratch), _taps(filters, tiles.t, scratch)
    turned = scratch((len(taps), filters.shape[3], filters.shape[2]), x.dtype)
    np.copyto(turned, taps.swapaxes(1, 2))
    total = products.Total(taps, scratch)
    dpadded = (scratch if tiles.w.padded else new)(padded.shape, x.dtype)
    for place, block in blocks(tiles, x, filters, pool, scratch):
        cut(padded, place, block)
        _both_ways(b.T, block.pixels, block.spare, block.pixels)
        send((place.images, place.outputs), block.phases)
        rearrange(block)
        _both_ways(a, block.outputs, block.spare, block.sums)
        total.add(_matrix(block.pixels), _matrix(block.sums))
        products.multiply(_matrix(block.sums), turned, _matrix(block.pixels))
        _both_ways(b, block.pixels, block.spare, block.pixels)
        overlap(tiles, place, block, dpadded)
    _both_ways(g.T, total.sum.reshape(len(g), len(g), -1), scratch((turned.size,), x.dtype), dfilters)
    return cropped(dpadded, tiles.w, new)


def _best_tiling(x: Array, filters: Array, w: Window, back: bool) -> Tiling:
    """Return the tiles that take least: larger ones save more, but may reach further beyond the image."""
    return tiling(w, x.shape[1:3], min(POINTS, key=lambda t: _cost(t, x, filters, w, back)))


def _cost(t: int, x: Array, filters: Array, w: Window, back: bool) -> int:
    """Return what outputs, or gradients, take with tiles of T x T pixels."""
    m, (c, f) = t - w.kernel[0] + 1, filters.shape[2:]
    tiles = len(x) * -(-w.output[0] // m) * -(-w.output[1] // m)
    if back:  # two products; pixels and filters go there and back
        return t**2 * (tiles * (2 * c * f + TRANSFORM * (2 * c + f)) + 2 * TRANSFORM * c * f)
    return t**2 * (tiles * (c * f + TRANSFORM * (c + f)) + TRANSFORM * c * f)


def _usual_cost(x: Array, filters: Array, w: Window, back: bool) -> int:
    """Return what they take with windows laid out as rows."""
    numbers, (c, f) = len(x) * w.output[0] * w.output[1] * w.kernel[0] * w.kernel[1], filters.shape[2:]
    if back:  # two products, of the windows of dy; or of those of x, which are sent something back to
        return 2 * numbers * (c * f + COPY * (f if f <= c else 2 * c))
    return numbers * (c * f + COPY * c)


@cache
def _matrices(t: int, k: int, dtype: DTypeLike) -> tuple[Array, Array, Array]:
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


def _taps(filters: Array, t: int, scratch: Allocate) -> Array:
    """Return filters (K, K, C, F) as the factors (T * T, C, F) of the products."""
    _, _, g = _matrices(t, len(filters), filters.dtype)
    taps = scratch((t * t, *filters.shape[2:]), filters.dtype)
    _both_ways(g, filters, scratch((taps.size,), filters.dtype), taps)
    return taps


def _both_ways(matrix: Array, values: Array, spare: Array, out: Array) -> None:
    """Fill out (I, I, ...) with a matrix (I, K) applied to values (K, K, ...) along rows and along columns.

    Both are contiguous; `out` may be `values`. Spare memory holds what is between: (I, K, ...).
    """
    i, k = matrix.shape
    values = values.reshape(k, -1)
    half = spare[: i * values.shape[1]].reshape(i, -1)
    products.transform(matrix, values, half)
    products.transform(matrix, half.reshape(i, k, -1), out.reshape(i, i, -1))


def _matrix(tiles: Array) -> Array:
    """Return (T, T, n, TH, TW, K) as T * T matrices."""
    return tiles.reshape(len(tiles) ** 2, -1, tiles.shape[-1])
