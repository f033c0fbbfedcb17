"""Convolution by fewer multiplications down the columns of an image alone: where channels are few, or kernels
stride.

For each column of the kernel, M outputs below each other take T multiplications instead of KH M (see
`minimal_filtering`); across, windows lie side by side as in `im2col`. A tile is some rows of the image, with
a stride of S:

    y[M i + j] = sum over t of A[t, j] * s[t, i]
    s[t, i, column] = sum over b, c of v[t, i, S column + b, c] * u[t, b, c]
    v[t, i] = sum over r of B[r, t] * x[M S i + r],    u[t] = sum over a of G[t, a] * filters[a]

and back, each step turned around:

    ds[t, i] = sum over j of A[t, j] * dy[M i + j]
    du[t, b, c] = sum over i, column of v[t, i, S column + b, c] * ds[t, i, column]
    dfilters[a] = sum over t of G[t, a] * du[t]

`winograd` does so both ways. That takes fewer multiplications still, but products of K = C instead of KW * C,
and more than twice the work besides.
"""

from collections.abc import Iterator
from itertools import product
from math import prod
from typing import NamedTuple

import numpy as np

from cnn_core.functional import paired_outputs, products
from cnn_core.functional.geometry import Allocate, Array, Window, even
from cnn_core.functional.im2col import BLOCK_BYTES
from cnn_core.functional.minimal_filtering import matrices


class _Block(NamedTuple):
    """Some rows of tiles of some images."""

    images: slice
    tiles: slice
    windows: Array  # T, n, tiles, OW, KW * C; or of two outputs side by side, half as many
    # Memory for s, or ds: T, n, tiles, OW * F; of pairs, one output more where OW is odd.
    sums: Array


def correlate(x: Array, filters: Array, w: Window, m: int, y: Array, scratch: Allocate) -> None:
    """Fill y (N, OH, OW, F) with x (N, H, W, C) convolved with filters (K, KW, C, F), M rows of y a tile."""
    a, _, g = matrices(m, w.kernel[0], x.dtype, w.stride[0])
    two = paired_outputs.worthwhile(w, filters.shape[3])
    taps = _taps(filters, g, two, scratch)
    for block in _blocks(x, w, m, filters.shape[3], scratch, two):
        _multiply(block, taps)
        _put(a, block.sums, y[block.images], block.tiles)


def outputs(
    x: Array, filters: Array, w: Window, m: int, scratch: Allocate
) -> Iterator[tuple[tuple[slice, slice], Array]]:
    """Yield ((images, rows), outputs), a part at a time: what `correlate` fills y with. Valid until the
    next."""
    a, _, g = matrices(m, w.kernel[0], x.dtype, w.stride[0])
    (_, _, _, f), (height, width) = filters.shape, w.output
    two = paired_outputs.worthwhile(w, f)
    taps = _taps(filters, g, two, scratch)
    memory: Array | None = None
    for block in _blocks(x, w, m, f, scratch, two):
        _multiply(block, taps)
        rows = slice(block.tiles.start * m, min(block.tiles.stop * m, height))
        shape = len(x[block.images]), rows.stop - rows.start, width, f
        if memory is None:  # the first block is the largest
            memory = scratch((prod(shape),), x.dtype)
        found = memory[: prod(shape)].reshape(shape)
        _put(a, block.sums, found, slice(0, block.sums.shape[2]))
        yield (block.images, rows), found


def gradients(
    dy: Array, x: Array, turned: Array, back: Window, m: int, dturned: Array, dx: Array, scratch: Allocate
) -> None:
    """Fill dx (N, H, W, C), which is dy (N, OH, OW, F) convolved with the turned filters (K, KW, F, C), and
    dturned with the products of x and the same windows."""
    a, _, g = matrices(m, back.kernel[0], x.dtype)
    c = x.shape[3]
    two = paired_outputs.worthwhile(back, c)
    taps = _taps(turned, g, two, scratch)
    total = products.Total(scratch((len(taps), taps.shape[2], taps.shape[1]), x.dtype), scratch)
    for block in _blocks(dy, back, m, c, scratch, two):
        _multiply(block, taps)
        _put(a, block.sums, dx[block.images], block.tiles)
        windows, sent = _sent(block, x, a, two)  # in the memory of the sums, which are in dx by now
        total.add(sent, windows)
    _found(total.sum.swapaxes(1, 2), g, dturned, two, scratch)


def filter_gradients(dy: Array, x: Array, w: Window, m: int, dfilters: Array, scratch: Allocate) -> None:
    """Fill dfilters (K, KW, C, F) with products of the windows of x (N, H, W, C) and dy (N, OH, OW, F)."""
    (_, kw, c, f), (a, _, g) = dfilters.shape, matrices(m, w.kernel[0], x.dtype, w.stride[0])
    two = paired_outputs.worthwhile(w, f)
    total = products.Total(scratch((len(g), (kw + two) * c, (1 + two) * f), x.dtype), scratch)
    for block in _blocks(x, w, m, f, scratch, two):
        total.add(*_sent(block, dy, a, two))
    _found(total.sum, g, dfilters, two, scratch)


def _taps(filters: Array, g: Array, two: bool, scratch: Allocate) -> Array:
    """Return filters (K, KW, C, F) as the factors (T, KW * C, F) of the products, or those of two outputs."""
    (k, kw, c, f), t = filters.shape, len(g)
    taps = scratch((t, kw, c, f), filters.dtype)
    np.matmul(g, np.ascontiguousarray(filters).reshape(k, -1), out=taps.reshape(t, -1))
    if two:
        taps = paired_outputs.paired(taps, scratch)
    return taps.reshape(t, -1, taps.shape[3])


def _found(dtaps: Array, g: Array, dfilters: Array, two: bool, scratch: Allocate) -> None:
    """Fill dfilters (K, KW, C, F) from what is sent back to the factors of the products, the reverse of
    `_taps`."""
    single = scratch((len(g), *dfilters.shape[1:]), dtaps.dtype)
    if two:
        paired_outputs.unpaired(dtaps, single)
    else:
        np.copyto(single, dtaps.reshape(single.shape))
    np.copyto(dfilters, np.matmul(g.T, single.reshape(len(g), -1)).reshape(dfilters.shape))


def _blocks(x: Array, w: Window, m: int, f: int, scratch: Allocate, two: bool) -> Iterator[_Block]:
    """Yield the windows of x, transformed, for F filters: of some images at a time, or some rows of a large
    one."""
    (n, _, width, c), left, (down, right) = x.shape, w.before[1], w.stride
    _, b, _ = matrices(m, w.kernel[0], x.dtype, down)
    t = b.shape[1]
    columns, k = -(-w.output[1] // (1 + two)), (w.kernel[1] + two) * c
    wide = columns * (1 + two)  # outputs of a row: with pairs, one may be beyond the image
    across = (wide - 1) * right + w.kernel[1]  # pixels of a row, with padding
    numbers = across * c, columns * k, wide * f  # of each of T rows
    most = max(1, BLOCK_BYTES // (t * sum(numbers) * x.itemsize))  # rows of tiles
    all_tiles = -(-w.output[0] // m)
    together, rows = even(n, max(1, most // all_tiles)), even(all_tiles, most)
    memory = [scratch((t * together * rows * each,), x.dtype) for each in numbers]
    inside = slice(left * c, min(left + width, across) * c)  # what is not padding
    for first, row in product(range(0, n, together), range(0, all_tiles, rows)):
        images, tiles = slice(first, min(first + together, n)), slice(row, min(row + rows, all_tiles))
        grid = images.stop - first, tiles.stop - row
        v, windows, sums = (
            piece[: t * prod(grid) * each].reshape(t, *grid, each)
            for piece, each in zip(memory, numbers, strict=True)
        )
        windows = windows.reshape(t, *grid, columns, k)
        v[..., : inside.start] = 0
        v[..., inside.stop :] = 0
        _take(b.T, x[images], tiles, m * down, w.before[0], v[..., inside])
        st, sn, sh, sv = v.strides
        steps = st, sn, sh, (1 + two) * right * c * sv, sv
        np.copyto(windows, np.ndarray(windows.shape, v.dtype, v, 0, steps))
        yield _Block(images, tiles, windows, sums)


def _multiply(block: _Block, taps: Array) -> None:
    """Fill the sums."""
    t, k, f = taps.shape
    products.multiply(block.windows.reshape(t, -1, k), taps, block.sums.reshape(t, -1, f))


def _sent(block: _Block, dy: Array, a: Array, two: bool) -> tuple[Array, Array]:
    """Return windows, and in the memory of the sums ds for dy (N, OH, OW, F), as T matrices each."""
    (t, m), (*_, k) = a.shape, block.windows.shape
    length = dy.shape[2] * dy.shape[3]
    block.sums[..., length:] = 0
    _take(a, dy[block.images], block.tiles, m, 0, block.sums[..., :length])
    return block.windows.reshape(t, -1, k), block.sums.reshape(t, -1, (1 + two) * dy.shape[3])


def _take(matrix: Array, image: Array, tiles: slice, step: int, before: int, out: Array) -> None:
    """Fill out (I, n, tiles, L) with a matrix (I, R) applied to the R rows of each tile of images
    (n, H, W, C), of each row the first L numbers; rows beyond the image are zeros.

    Tile i begins at row i * step - before.
    """
    for at, rows, seen in _rows_of(image, tiles, step, matrix.shape[1], before, out.shape[3]):
        np.matmul(matrix[:, rows], seen, out=out[:, :, at].transpose(1, 2, 0, 3))


def _put(matrix: Array, values: Array, image: Array, tiles: slice) -> None:
    """Fill the rows of images (n, H, W, F) that these tiles give: the transpose of a matrix (T, M) applied to
    values (T, n, tiles, W * F or more)."""
    m, length = matrix.shape[1], image.shape[2] * image.shape[3]
    for at, rows, target in _rows_of(image, tiles, m, m, 0, length):
        np.matmul(matrix.T[rows], values[:, :, at, :length].transpose(1, 2, 0, 3), out=target)


def _rows_of(
    image: Array, tiles: slice, step: int, reach: int, before: int, length: int
) -> Iterator[tuple[slice, slice, Array]]:
    """Yield (tiles, rows, view (n, tiles, rows, length)): which rows of each tile lie in the image.

    Tiles that lie inside come together, the others one by one.
    """
    (n, height), (sn, sh) = image.shape[:2], image.strides[:2]
    # Those from `first` up to, without it, `last` lie inside.
    first = min(max(-(-before // step), tiles.start), tiles.stop)
    last = min(max((height + before - reach) // step + 1, first), tiles.stop)
    edges = [*range(tiles.start, first), *range(last, tiles.stop)]
    for start, stop in [(first, last), *((i, i + 1) for i in edges)]:
        if start < stop:
            begin = start * step - before
            top = min(max(-begin, 0), reach)
            rows = slice(top, max(min(reach, height - begin), top))
            shape = n, stop - start, rows.stop - rows.start, length
            offset = max(begin, 0) * sh if shape[2] else 0
            at = slice(start - tiles.start, stop - tiles.start)
            # The stride of a single channel means nothing: NumPy gives any, even in contiguous images.
            steps = sn, step * sh, sh, image.itemsize
            yield at, rows, np.ndarray(shape, image.dtype, image, offset, steps)
