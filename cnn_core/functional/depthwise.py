"""Depthwise convolution: every channel has one filter of its own, so there is no matrix product to share.

y[n, i, j, c] = sum over a, b of x[n, i*stride + a*dilation, j*stride + b*dilation, c] * filters[a, b, 0, c]

`numpy.einsum` multiplies and adds in one go, a row of the output at a time; with `multiply` and `add` the
whole map would pass through the cache twice for every number of the kernel.
"""

import numpy as np

from cnn_core.functional.geometry import Array, Window, even
from cnn_core.functional.im2col import BLOCK_BYTES


def is_depthwise(filters: Array, groups: int) -> bool:
    """Whether filters (KH, KW, C / groups, F) are one a channel."""
    return filters.shape[2] == 1 and filters.shape[3] == groups


def depthwise(padded: Array, filters: Array, w: Window, y: Array) -> None:
    """Fill y (N, OH, OW, C) from the padded image (N, H, W, C), contiguous."""
    weights = _rows_of_weights(filters, w)
    n, height, width, c = y.shape
    sn, sh, sw, sc = padded.strides
    steps: tuple[int, ...] = (sn, sh * w.stride[0], sh * w.dilation[0], sw * w.dilation[1])
    if w.stride[1] == 1:  # a row of the output meets one long run of the image for every number of the kernel
        image = np.ndarray((n, height, *w.kernel, width * c), padded.dtype, padded, 0, (*steps, sc))
        run = weights.reshape(*w.kernel, -1)
        np.einsum("nhijx,ijx->nhx", image, run, out=y.reshape(n, height, -1))
    else:
        steps = (*steps, sw * w.stride[1], sc)
        image = np.ndarray((n, height, *w.kernel, width, c), padded.dtype, padded, 0, steps)
        np.einsum("nhijwc,ijwc->nhwc", image, weights, out=y)


def depthwise_dfilters(padded: Array, dy: Array, w: Window, dfilters: Array) -> None:
    """Fill dfilters (KH, KW, 1, C): each number of a kernel meets the part of the image that it has read."""
    found = np.zeros((*w.kernel, *dy.shape[2:]), dy.dtype)
    # Both are gone through for every number of the kernel: of so many images they stay in the core's cache.
    together = even(len(dy), max(1, len(dy) * BLOCK_BYTES // 2 // (padded.nbytes + dy.nbytes)))
    for start in range(0, len(dy), together):
        images = slice(start, start + together)
        for i, j, (_, rows, columns) in w.taps:
            found[i, j] += np.einsum("nhwc,nhwc->wc", padded[images, rows, columns], dy[images])
    np.sum(found, axis=2, out=dfilters[:, :, 0])


def depthwise_send_back(dy: Array, filters: Array, w: Window, dpadded: Array, share: Array) -> None:
    """Add to dpadded what each number of a kernel sends back to the pixels it has read; share is like dy."""
    weights = _rows_of_weights(filters, w)
    for i, j, reads in w.taps:
        target = dpadded[reads]
        np.add(target, np.multiply(dy, weights[i, j], out=share), out=target)


def _rows_of_weights(filters: Array, w: Window) -> Array:
    """Return each number of the kernel repeated along a row of the output (KH, KW, OW, C): a long run for
    NumPy."""
    return np.repeat(filters, w.output[1], axis=2)
