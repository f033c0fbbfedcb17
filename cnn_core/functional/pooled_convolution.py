"""Convolution and max-pooling in one: what a network does most, without ever storing the large map between
them.

For pooling windows that tile the map, every output of the convolution belongs to one window, at one place in
it (its phase). Computed phase by phase, the map is P*P arrays in the shape of the pooled output, and pooling
is their maximum:

    y = bias + max over phases (i, j) of phase[i, j],    phase[i, j] = the convolution at rows i, i+P, ...,
    columns j, j+P, ...

Rows and columns that pooling would drop are not computed.
"""

from collections.abc import Iterable, Iterator

import numpy as np

from cnn_core.functional import products, ways, winograd, winograd_rows
from cnn_core.functional.by_windows import as_matrix, filter_gradients, takes_one
from cnn_core.functional.channels import add_per_channel, sum_per_channel
from cnn_core.functional.convolution import gradients
from cnn_core.functional.geometry import (
    Allocate,
    Array,
    Padding,
    Pair,
    Size,
    Window,
    even,
    pair,
    window,
)
from cnn_core.functional.im2col import BLOCK_BYTES, Windows, im2col
from cnn_core.functional.pooling import first_winners, maximum, send_to_winners


def conv2d_max_pool(
    x: Array,
    filters: Array,
    bias: Array | None,
    stride: Size,
    padding: Padding,
    dilation: Size,
    pool_size: Size,
    *,
    with_winners: bool,
    new: Allocate = np.empty,
    scratch: Allocate = np.empty,
) -> tuple[Array, Array | None]:
    """Return (y, winners): `max_pool2d(conv2d(x, ...), pool_size)` (N, OH, OW, F), and which phase won.

    winners (P*P, N, OH, OW, F) is true once a window: at the maximum, of equal ones the first, row by row.
    """
    pool = pair(pool_size)
    w = window(x.shape[1:3], filters.shape[:2], stride, padding, dilation, pool)
    y = new((len(x), w.output[0] // pool[0], w.output[1] // pool[1], filters.shape[3]), x.dtype)
    winners = new((pool[0] * pool[1], *y.shape), np.bool_) if with_winners else None
    with_one = bias is not None and takes_one(x, filters, w, pool)
    summand = bias if with_one else None
    for part, found in _outputs(np.ascontiguousarray(x), filters, summand, w, pool, scratch):
        phases = [phase for row in found for phase in row]
        maximum(phases, y[part])
        if winners is not None:
            first_winners(phases, y[part], winners[:, *part], scratch)
    if bias is not None and not with_one:
        add_per_channel(y, bias)  # the largest stays the largest, so a quarter of the additions will do
    return y, winners


def _outputs(
    x: Array, filters: Array, bias: Array | None, w: Window, pool: Pair, scratch: Allocate
) -> Iterator[tuple[tuple[slice, slice], Array]]:
    """Yield ((images, rows), phases (P, P, images, rows, OW, F)), a part at a time; valid until the next."""
    memory: Array | None = None
    way = ways.quickest(x, filters, w, pool)
    if way.kind == "tiles":
        yield from winograd.outputs(x, filters, w, way.m, scratch, pool)
        return
    if way.kind == "rows of tiles":
        for (images, rows), found in winograd_rows.outputs(x, filters, w, way.m, scratch):
            if memory is None:  # the first part is the largest
                memory = scratch((found.size,), x.dtype)
            together = _phases(found, pool)
            apart = memory[: found.size].reshape(together.shape)
            np.copyto(apart, together)
            yield (images, slice(rows.start // pool[0], rows.stop // pool[0])), apart
        return
    f, matrix = filters.shape[3], as_matrix(filters, bias, scratch)
    # The outputs are gone through again and again.
    for images, windows in im2col(x, w, scratch, pool, beside=f, with_one=bias is not None):
        if memory is None:  # the first block is the largest
            memory = scratch((len(windows), f), x.dtype)
        outputs = memory[: len(windows)]
        products.multiply(windows, matrix, outputs)
        yield (
            (images, slice(None)),
            outputs.reshape(*pool, -1, w.output[0] // pool[0], w.output[1] // pool[1], f),
        )


def conv2d_max_pool_backward(
    dy: Array,
    winners: Array,
    x: Array,
    filters: Array,
    stride: Size,
    padding: Padding,
    dilation: Size,
    pool_size: Size,
    *,
    needs_dx: bool = True,
    new: Allocate = np.empty,
    scratch: Allocate = np.empty,
) -> tuple[Array | None, Array, Array]:
    """Return (dx, dfilters, dbias) for dy (N, OH, OW, F); dx is None where it is not needed."""
    pool = pair(pool_size)
    w = window(x.shape[1:3], filters.shape[:2], stride, padding, dilation, pool)
    dbias = sum_per_channel(dy, new)
    if not needs_dx:
        dfilters = new(filters.shape, filters.dtype)
        windows = im2col(np.ascontiguousarray(x), w, scratch, pool, beside=dy.shape[3])
        _seen_by_phase(dy, winners, windows, dfilters, scratch)
        return None, dfilters, dbias
    way = ways.quickest(x, filters, w, pool, back=True)
    if way.kind == "tiles":

        def send(part: tuple[slice, slice], phases: Array) -> None:
            send_to_winners(dy[part], winners.reshape(*pool, *dy.shape)[:, :, *part], phases)

        dfilters = new(filters.shape, filters.dtype)
        x = np.ascontiguousarray(x)
        dx = winograd.gradients(send, x, filters, w, way.m, dfilters, new, scratch, pool)
        return dx, dfilters, dbias
    dmap = scratch((len(x), *w.output, dy.shape[3]), dy.dtype)
    # First together, then to their places: products are slow to write in short runs.
    size = even(len(x), max(1, BLOCK_BYTES // 2 // dmap[0].nbytes))
    memory = scratch((winners[:, :size].size,), dy.dtype)
    for start in range(0, len(x), size):
        images = slice(start, start + size)
        won = winners[:, images]
        together = memory[: won.size].reshape(won.shape)
        send_to_winners(dy[images], won, together)
        np.copyto(_phases(dmap[images], pool), together.reshape(*pool, *dy[images].shape))
    return gradients(dmap, x, filters, w, needs_dx, new, scratch, dbias=dbias)


def _seen_by_phase(
    dy: Array, winners: Array, windows: Iterable[Windows], dfilters: Array, scratch: Allocate
) -> None:
    """Fill dfilters, some images at a time: the sum does not ask where in the map an output lies, so the map
    need not be put together again."""
    memory: Array | None = None

    def phases(images: slice) -> Array:
        nonlocal memory
        won = winners[:, images]
        if memory is None:  # the first block is the largest
            memory = scratch((won.size,), dy.dtype)
        sent = memory[: won.size].reshape(won.shape)
        send_to_winners(dy[images], won, sent)
        return sent

    filter_gradients(windows, phases, dfilters, None, scratch)


def _phases(image: Array, pool: Pair) -> Array:
    """Return an image (N, P*OH, P*OW, C) phase by phase: a view (P, P, N, OH, OW, C)."""
    n, height, width, channels = image.shape
    blocks = image.reshape(n, height // pool[0], pool[0], width // pool[1], pool[1], channels)
    return blocks.transpose(2, 4, 0, 1, 3, 5)
