"""Depthwise convolution: every channel has one filter of its own, so there is no matrix product to share.

y[n, i, j, c] = sum over a, b of x[n, i*stride + a*dilation, j*stride + b*dilation, c] * filters[a, b, 0, c]

`numpy.einsum` multiplies and adds in one go, a row of the output at a time; with `multiply` and `add` the
whole map would pass through the cache twice for every number of the kernel.
"""

import numpy as np

from cnn_core.functional.geometry import Array, Window


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
    for i, j, reads in w.taps:
        np.sum(np.einsum("nhwc,nhwc->wc", padded[reads], dy), axis=0, out=dfilters[i, j, 0])


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
