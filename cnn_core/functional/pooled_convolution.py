"""Convolution and max-pooling in one: what a network does most, without ever storing the large map between
them.

For pooling windows that tile the map, every output of the convolution belongs to one window, at one place in
it (its phase). Computed phase by phase, the map is P*P arrays in the shape of the pooled output, and pooling
is their maximum:

    y = bias + max over phases (i, j) of phase[i, j],    phase[i, j] = the convolution at rows i, i+P, ...,
    columns j, j+P, ...

Rows and columns that pooling would drop are not computed.
"""

import numpy as np

from cnn_core.functional.channels import add_per_channel, sum_per_channel
from cnn_core.functional.convolution import gradients
from cnn_core.functional.geometry import (
    Allocate,
    Array,
    Padding,
    Pair,
    Size,
    Window,
    pad,
    pair,
    window,
    window_matrix,
)
from cnn_core.functional.pooling import first_winners, maximum


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
    columns = _columns(pad(np.ascontiguousarray(x), w, scratch), w, pool, scratch)
    shape = (len(x), w.output[0] // pool[0], w.output[1] // pool[1], filters.shape[3])
    phases = scratch((pool[0] * pool[1], *shape), x.dtype)
    np.matmul(columns, filters.reshape(-1, shape[3]), out=phases.reshape(-1, shape[3]))
    y = new(shape, x.dtype)
    maximum(list(phases), y)
    winners = first_winners(list(phases), y, new, scratch) if with_winners else None
    if bias is not None:
        add_per_channel(y, bias)  # the largest stays the largest, so a quarter of the additions will do
    return y, winners


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
    dmap = scratch((len(x), *w.output, dy.shape[3]), dy.dtype)
    # First together, then to their places: a product of numbers and truths is slow to write in short runs.
    phases = np.multiply(dy, winners, out=scratch(winners.shape, dy.dtype))
    np.copyto(_phases(dmap, pool), phases.reshape(*pool, *dy.shape))
    return gradients(dmap, x, filters, w, needs_dx, new, scratch, dbias=sum_per_channel(dy, new))


def _phases(image: Array, pool: Pair) -> Array:
    """Return an image (N, P*OH, P*OW, C) phase by phase: a view (P, P, N, OH, OW, C)."""
    n, height, width, channels = image.shape
    blocks = image.reshape(n, height // pool[0], pool[0], width // pool[1], pool[1], channels)
    return blocks.transpose(2, 4, 0, 1, 3, 5)


def _columns(padded: Array, w: Window, pool: Pair, scratch: Allocate) -> Array:
    """Return the windows as rows of an (M, K) matrix, like `geometry.columns`, phase by phase."""
    sn, sh, sw, _ = padded.strides
    step = (sh * w.stride[0], sw * w.stride[1])
    outputs = (*pool, len(padded), w.output[0] // pool[0], w.output[1] // pool[1])
    output_steps = (*step, sn, step[0] * pool[0], step[1] * pool[1])
    return window_matrix(padded, w, outputs, output_steps, scratch)
