"""Convolution with small square kernels by fewer multiplications (see `minimal_filtering`), in the plane.

The matrices are applied along rows and along columns, and T * T multiplications give M * M outputs, which
would take K * K * M * M. Summed over the channels, each of the T * T becomes a matrix product, of all tiles
and all filters.
"""

from collections.abc import Callable, Iterator

import numpy as np

from cnn_core.functional import products
from cnn_core.functional.geometry import Allocate, Array, Pair, Window, cropped, pad
from cnn_core.functional.minimal_filtering import matrices
from cnn_core.functional.tiles import arrange, blocks, cut, overlap, rearrange, tiling


def outputs(
    x: Array, filters: Array, w: Window, m: int, scratch: Allocate, pool: Pair = (1, 1)
) -> Iterator[tuple[tuple[slice, slice], Array]]:
    """Yield ((images, rows), phases), a part at a time: x (N, H, W, C) convolved with filters (K, K, C, F).

    Phases are the outputs place by place in a pooling window, (P, P, images, rows, OW / P, F), valid until
    the next.
    """
    tiles = tiling(w, x.shape[1:3], m)
    a, b, _ = matrices(m, len(filters), x.dtype)
    padded, taps = pad(x, tiles.w, scratch), _taps(filters, m, scratch)
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
    m: int,
    dfilters: Array,
    new: Allocate,
    scratch: Allocate,
    pool: Pair = (1, 1),
) -> Array:
    """Return dx and fill dfilters; send((images, rows), phases) fills dy of this part, in the shape of
    `outputs`."""
    tiles = tiling(w, x.shape[1:3], m)
    a, b, g = matrices(m, len(filters), x.dtype)
    padded, taps = pad(x, tiles.w, scratch), _taps(filters, m, scratch)
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


def _taps(filters: Array, m: int, scratch: Allocate) -> Array:
    """Return filters (K, K, C, F) as the factors (T * T, C, F) of the products."""
    _, _, g = matrices(m, len(filters), filters.dtype)
    taps = scratch((len(g) ** 2, *filters.shape[2:]), filters.dtype)
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
