"""Convolution and pooling as loops that can be checked by eye, and memory that shows what was not written."""

from collections.abc import Iterator

import numpy as np

TOLERANCE = {np.float32: {"rtol": 2e-4, "atol": 2e-4}, np.float64: {"rtol": 1e-10, "atol": 1e-10}}


def dirty(shape, dtype):
    """Like numpy.empty, but what is left unwritten, or is read too early, ends as nan."""
    dtype = np.dtype(dtype)
    return np.full(shape, np.nan if dtype.kind == "f" else True, dtype)


def pair(size):
    return size if isinstance(size, tuple) else (size, size)


def along(size, kernel, stride, padding, dilation):
    """Return (padding before, padding after, number of positions) along one axis."""
    reach = dilation * (kernel - 1) + 1
    if padding == "same":
        positions = -(-size // stride)
        total = max(0, (positions - 1) * stride + reach - size)
        return total // 2, total - total // 2, positions
    padding = 0 if padding == "valid" else padding
    return padding, padding, (size + 2 * padding - reach) // stride + 1


def geometry(size, kernel, stride, padding, dilation=1):
    """Return `along` of both axes: ((before, after, OH), (before, after, OW))."""
    paddings = (padding, padding) if isinstance(padding, str) else pair(padding)
    return tuple(
        along(*each) for each in zip(size, pair(kernel), pair(stride), paddings, pair(dilation), strict=True)
    )


def meetings(size, kernel, stride, padding, dilation=1) -> Iterator[tuple[int, ...]]:
    """Yield (i, j, a, b, row, column): output (i, j) meets pixel (row, column) with kernel number (a, b)."""
    (top, _, oh), (left, _, ow) = geometry(size, kernel, stride, padding, dilation)
    (kh, kw), (sh, sw), (dh, dw) = pair(kernel), pair(stride), pair(dilation)
    for i in range(oh):
        for j in range(ow):
            for a in range(kh):
                for b in range(kw):
                    row, column = i * sh + a * dh - top, j * sw + b * dw - left
                    if 0 <= row < size[0] and 0 <= column < size[1]:
                        yield i, j, a, b, row, column


def output_size(size, kernel, stride, padding, dilation=1):
    (_, _, oh), (_, _, ow) = geometry(size, kernel, stride, padding, dilation)
    return oh, ow


def conv2d(x, filters, bias, stride=1, padding=0, dilation=1, groups=1):
    kernel = filters.shape[:2]
    y = np.zeros((len(x), *output_size(x.shape[1:3], kernel, stride, padding, dilation), filters.shape[3]))
    for cs, fs in _parts(x.shape[3], filters.shape[3], groups):
        for i, j, a, b, row, column in meetings(x.shape[1:3], kernel, stride, padding, dilation):
            y[:, i, j, fs] += x[:, row, column, cs] @ filters[a, b, :, fs]
    return y if bias is None else y + bias


def conv2d_gradients(dy, x, filters, stride=1, padding=0, dilation=1, groups=1):
    """Return (dx, dfilters, dbias)."""
    dx, dfilters = np.zeros(x.shape), np.zeros(filters.shape)
    for cs, fs in _parts(x.shape[3], filters.shape[3], groups):
        for i, j, a, b, row, column in meetings(x.shape[1:3], filters.shape[:2], stride, padding, dilation):
            dx[:, row, column, cs] += dy[:, i, j, fs] @ filters[a, b, :, fs].T
            dfilters[a, b, :, fs] += x[:, row, column, cs].T @ dy[:, i, j, fs]
    return dx, dfilters, dy.sum(axis=(0, 1, 2))


def max_pool2d(x, pool_size, stride, padding):
    """Return (y, winner), winner[n, i, j, c] being the (row, column) of the first maximum."""
    size = output_size(x.shape[1:3], pool_size, stride, padding)
    y = np.full((len(x), *size, x.shape[3]), -np.inf)
    winner = np.zeros((*y.shape, 2), int)
    for i, j, _, _, row, column in meetings(x.shape[1:3], pool_size, stride, padding):
        larger = x[:, row, column] > y[:, i, j]
        y[:, i, j][larger] = x[:, row, column][larger]
        winner[:, i, j][larger] = row, column
    return y, winner


def max_pool2d_gradient(dy, winner, shape):
    dx = np.zeros(shape)
    for n, i, j, c in np.ndindex(dy.shape):
        row, column = winner[n, i, j, c]
        dx[n, row, column, c] += dy[n, i, j, c]
    return dx


def avg_pool2d(x, pool_size, stride, padding):
    y = np.zeros((len(x), *output_size(x.shape[1:3], pool_size, stride, padding), x.shape[3]))
    for i, j, _, _, row, column in meetings(x.shape[1:3], pool_size, stride, padding):
        y[:, i, j] += x[:, row, column] / np.prod(pair(pool_size))
    return y


def avg_pool2d_gradient(dy, shape, pool_size, stride, padding):
    dx = np.zeros(shape)
    for i, j, _, _, row, column in meetings(shape[1:3], pool_size, stride, padding):
        dx[:, row, column] += dy[:, i, j] / np.prod(pair(pool_size))
    return dx


def _parts(channels, filters, groups):
    c, f = channels // groups, filters // groups
    return [(slice(g * c, (g + 1) * c), slice(g * f, (g + 1) * f)) for g in range(groups)]
