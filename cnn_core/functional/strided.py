"""What goes back through a convolution with a stride, phase by phase.

With a stride of s, tap a reads pixel s * i + a for output i (padding included). Pixels at s * q + r, which
are phase r, are thus read by the taps r, r + s, r + 2s, ... alone, for the outputs q, q - 1, q - 2, ...:

    dx[s * q + r] = sum over t of dy[q - t] @ filters[r + s * t].T

For each phase that is a convolution of dy without a stride, with every s-th tap, turned. In the plane there
is a phase for each pair of a phase of rows and one of columns.
"""

from itertools import accumulate, pairwise
from math import prod
from typing import NamedTuple

import numpy as np

from cnn_core.functional import products
from cnn_core.functional.geometry import Allocate, Array, Window, even, pad
from cnn_core.functional.im2col import BLOCK_BYTES


class _Phase(NamedTuple):
    """Rows, or columns, of an image that the same taps read."""

    first: int  # pixel; the others follow a stride apart
    pixels: int
    output: int  # q of the first one
    tap: int  # r
    taps: int


MANY_FILTERS = 4  # for each channel: from here on, windows of dy take longer to copy than they save


def worthwhile(w: Window, channels: int, filters: int) -> bool:
    """Whether this is quicker than tap by tap: where windows overlap, and those of dy lie mostly in it."""
    taps = [-(-k // s) for k, s in zip(w.kernel, w.stride, strict=True)]  # of a phase, at most
    inside = all(o > t for o, t in zip(w.output, taps, strict=True))
    fits = w.stride != (1, 1) and w.dilation == (1, 1) and max(taps) > 1
    return fits and inside and filters < MANY_FILTERS * channels


def send_back(dy: Array, filters: Array, w: Window, dx: Array, scratch: Allocate) -> None:
    """Fill dx (N, H, W, C) with what goes back from dy (N, OH, OW, F) through filters (KH, KW, C, F)."""
    (n, *size, c), f = dx.shape, dy.shape[3]
    if w.kernel[0] < w.stride[0] or w.kernel[1] < w.stride[1]:
        dx.fill(0)  # not all pixels are read
    rows, columns = (_phases(*axis) for axis in zip(size, w.kernel, w.stride, w.before, strict=True))
    if not rows or not columns:
        return
    tall, wide = (max(phase.taps for phase in phases) for phases in (rows, columns))
    stride = w.stride[1]
    across = -(-size[1] // stride)  # of each phase, read or not: the last may be beyond the image
    top = min(phase.output for phase in rows)
    bottom = max(phase.output + phase.pixels for phase in rows)
    right = max(phase.output for phase in columns) + across
    after = max(bottom - w.output[0], 0), max(right - w.output[1], 0)
    padded = pad(np.ascontiguousarray(dy), w._replace(before=(tall - 1, wide - 1), after=after), scratch)
    turned = [[_turned(filters, w, row, column, scratch) for row in rows] for column in columns]

    # An image's windows of dy, for the rows of all phases, and what the products with them give: the rows of
    # dx, which are quicker to bring to their places whole.
    parts = [slice(*ends) for ends in pairwise(accumulate((row.pixels for row in rows), initial=0))]
    numbers = (bottom - top) * across * tall * wide * f, parts[-1].stop * across * stride * c
    together = even(n, max(1, BLOCK_BYTES // (sum(numbers) * dx.itemsize)))
    memory, found = (scratch((together * each,), dx.dtype) for each in numbers)
    if len(columns) < stride:
        found.fill(0)  # columns that no tap reads
    sn, sh, sw, sf = padded.strides
    for start in range(0, n, together):
        images = slice(start, min(start + together, n))
        count = images.stop - images.start
        sums = found[: count * numbers[1]].reshape(-1, count, across, stride, c)
        for column, matrices in zip(columns, turned, strict=True):
            # Rows come before images, so that those of each phase are one stretch.
            shape = bottom - top, count, across, tall, column.taps, f
            begin = start * sn + top * sh + (column.output + wide - column.taps) * sw
            windows = memory[: prod(shape)].reshape(shape)
            np.copyto(windows, np.ndarray(shape, dy.dtype, padded, begin, (sh, sn, sw, sh, sw, sf)))
            for row, part, matrix in zip(rows, parts, matrices, strict=True):
                seen = windows[row.output - top :][: row.pixels].reshape(-1, tall * column.taps * f)
                seen = seen[:, -len(matrix) :]  # fewer taps have the last of the window's rows
                products.multiply(seen, matrix, sums[part].reshape(-1, stride, c)[:, column.first])
        for row, part in zip(rows, parts, strict=True):
            whole = sums[part].reshape(row.pixels, count, -1, c)[:, :, : size[1]]
            np.copyto(dx[images, row.first :: w.stride[0]], whole.swapaxes(0, 1))


def _phases(size: int, kernel: int, stride: int, before: int) -> list[_Phase]:
    """Return the phases, of this many rows or columns, that any tap reads."""
    found = []
    for first in range(min(stride, size)):
        output, tap = divmod(first + before, stride)
        if tap < kernel:
            pixels, taps = -(-(size - first) // stride), -(-(kernel - tap) // stride)
            found.append(_Phase(first, pixels, output, tap, taps))
    return found


def _turned(filters: Array, w: Window, row: _Phase, column: _Phase, scratch: Allocate) -> Array:
    """Return the taps of a phase, the last first, as a matrix (taps * F, C)."""
    taps = filters[row.tap :: w.stride[0], column.tap :: w.stride[1]][::-1, ::-1].swapaxes(2, 3)
    out = scratch(taps.shape, taps.dtype)
    np.copyto(out, taps)
    return out.reshape(-1, taps.shape[3])
