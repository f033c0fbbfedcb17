"""What goes back through a convolution tap by tap, or a row of the kernel at a time.

A tap reads the pixels that lie as far from the windows' first ones as the tap lies from the kernel's, and
sends back to them what all outputs say, times its filters. Without a stride across, what a whole row of taps
sends back is a convolution of dy by that row, turned: one product, and one sum in place of several.
"""

from itertools import product

import numpy as np

from cnn_core.functional import products
from cnn_core.functional.geometry import Allocate, Array, Window
from cnn_core.functional.im2col import im2col

# To copy a number of a window takes as long as so many multiply-adds, and to send one back as so many: fitted
# to twenty convolutions on AVX-512 and AVX2.
COPY, SEND = 4, 20


def send_back(dy: Array, filters: Array, w: Window, dpadded: Array, scratch: Allocate) -> None:
    """Add to dpadded what each row of the kernel sends back to the pixels it has read, or each tap."""
    (kh, kw, c, f), (oh, ow), (down, right) = filters.shape, w.output, w.stride
    together = kw if by_row(w, c, f) else 1
    reach = (together - 1) * w.dilation[1]
    across = w._replace(kernel=(1, together), stride=(1, 1), before=(0, reach), after=(0, reach), taps=())
    across = across._replace(output=(oh, ow + reach))
    # Copied, as BLAS takes no turned second factor of a small product as it lies.
    turned = scratch((kh, kw, f, c), filters.dtype)
    np.copyto(turned, filters[:, ::-1].transpose(0, 1, 3, 2))
    share = scratch((len(dy), *across.output, c), dy.dtype)
    for images, windows in im2col(np.ascontiguousarray(dy), across, scratch):
        sent = share[: images.stop - images.start]
        for i, j in product(range(kh), range(0, kw, together)):
            # Added at once, as long as it is in the core's cache.
            matrix = turned[i, kw - together - j :][:together].reshape(-1, c)
            products.multiply(windows, matrix, sent.reshape(-1, c))
            first, left = i * w.dilation[0], j * w.dilation[1]
            rows = slice(first, first + oh * down, down)
            target = dpadded[images, rows, left : left + (ow + reach) * right : right]
            np.add(target, sent, out=target)


def by_row(w: Window, channels: int, filters: int) -> bool:
    """Whether whole rows of the kernel are quicker sent back through than single taps, as reckoned in
    multiply-adds."""
    (kh, kw), wide = w.kernel, w.output[1] + (w.kernel[1] - 1) * w.dilation[1]
    row = wide * (kw * filters * COPY + kh * channels * (kw * filters + SEND))
    return w.stride[1] == 1 and row < w.output[1] * kh * kw * channels * (filters + SEND)
