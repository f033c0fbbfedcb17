"""The windows of a convolution laid out as rows of a matrix (im2col), so that it is one matrix product."""

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np

from cnn_core.functional.geometry import (
    Allocate,
    Array,
    Pair,
    Window,
    even,
    fill_padded,
    pad,
    padded_shape,
)

FEW_CHANNELS = 4  # up to here, copying channel by channel is quicker
# A matrix should stay in the core's cache until the product has read it. A constant: in which order numbers
# are added depends on it.
BLOCK_BYTES = 1 << 21

Windows: TypeAlias = tuple[slice, Array]  # some images, and their windows as rows (M, K = KH*KW*C)


def im2col(
    x: Array,
    w: Window,
    scratch: Allocate,
    pool: Pair = (1, 1),
    *,
    beside: int = 0,
    with_one: bool = False,
) -> Iterator[Windows]:
    """Yield (images, matrix), some images of x (N, H, W, C) at a time: their windows as rows (M, K). Valid
    until the next; x is contiguous, without the window's padding.

    Rows are in the order of the outputs; for pooling windows that tile these, place by place in such a window
    (P*P, images, OH / P, OW / P). `with_one` adds a 1 to each row, at its end: K is one more. `beside` is how
    many further numbers a row should stay in the cache, as they are gone through again.
    """
    n, numbers = len(x), w.kernel[0] * w.kernel[1] * x.shape[3]
    by_channel, k = x.shape[3] <= FEW_CHANNELS, numbers + with_one
    padded = _by_channel(x, w, scratch) if by_channel and w.kernel != (1, 1) else pad(x, w, scratch)
    if w.kernel == (1, 1) and w.output == padded.shape[1:3] and pool == (1, 1) and not with_one:
        yield slice(0, n), padded.reshape(-1, k)  # each window is one pixel
        return
    rows = w.output[0] * w.output[1]  # of one image
    size = even(n, max(1, BLOCK_BYTES // (rows * (k + beside) * x.itemsize)))
    memory = scratch((size * rows * k,), x.dtype)
    every = _windows(padded, w, pool)
    for start in range(0, n, size):
        images = slice(start, min(start + size, n))
        windows, block = every[:, :, images], memory[: (images.stop - start) * rows * k]
        if by_channel:  # laid out so, the runs that can be copied at once are rows of the image
            windows, matrix = windows.transpose(5, 6, 7, 0, 1, 2, 3, 4), block.reshape(k, -1).T
            np.copyto(block[: windows.size].reshape(windows.shape), windows)
        else:
            matrix = block.reshape(-1, k)
            np.copyto(matrix[:, :numbers].reshape(windows.shape), windows)
        if with_one:
            matrix[:, numbers] = 1
        yield images, matrix


def _windows(x: Array, w: Window, pool: Pair) -> Array:
    """Return every window of x (N, H, W, C): a view (P, P, N, OH / P, OW / P, KH, KW, C)."""
    sn, sh, sw, sc = x.strides
    down, right = sh * w.stride[0], sw * w.stride[1]
    outputs = (*pool, len(x), w.output[0] // pool[0], w.output[1] // pool[1])
    output_steps = (down, right, sn, down * pool[0], right * pool[1])
    kernel_steps = (sh * w.dilation[0], sw * w.dilation[1], sc)
    memory = x if sc == x.itemsize else x.transpose(3, 0, 1, 2)  # contiguous, as a buffer has to be
    # Several times quicker than `as_strided`, and this runs for every chunk of every step.
    return np.ndarray((*outputs, *w.kernel, x.shape[3]), x.dtype, memory, 0, (*output_steps, *kernel_steps))


def _by_channel(x: Array, w: Window, scratch: Allocate) -> Array:
    """Return x (N, H, W, C) with the window's padding around it, in memory channel by channel."""
    if x.shape[3] == 1:
        return pad(x, w, scratch)
    n, height, width, c = padded_shape(x.shape, w)
    planes = scratch((c, n, height, width), x.dtype).transpose(1, 2, 3, 0)
    fill_padded(planes, x, w)
    return planes
