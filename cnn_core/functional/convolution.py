"""Convolution (cross-correlation, as in every CNN library) and its gradients.

y[n, i, j, f] = bias[f] + sum over a, b, c of x[n, i*stride + a*dilation, j*stride + b*dilation, c] *
filters[a, b, c, f]
"""

import numpy as np

from cnn_core.functional.geometry import (
    Allocate,
    Array,
    Padding,
    Size,
    Window,
    columns,
    pad,
    unpad,
    window,
)


def conv2d(
    x: Array,
    filters: Array,
    bias: Array | None = None,
    stride: Size = 1,
    padding: Padding = 0,
    dilation: Size = 1,
    groups: int = 1,
    *,
    new: Allocate = np.empty,
    scratch: Allocate = np.empty,
) -> Array:
    """Return the convolution of x (N, H, W, C), or one image (H, W, C), with filters (KH, KW, C / groups, F).

    `padding` is a number, a (height, width) pair, "same" or "valid". With groups, the channels are cut into
    that many equal parts, each seen by its own F / groups filters.
    """
    if x.ndim == 3:
        return conv2d(x[None], filters, bias, stride, padding, dilation, groups)[0]
    w = window(x.shape[1:3], filters.shape[:2], stride, padding, dilation)
    padded = pad(np.ascontiguousarray(x), w, scratch)
    y = new((len(x), *w.output, filters.shape[3]), x.dtype)
    if groups == 1:
        np.matmul(columns(padded, w, scratch), _matrix(filters), out=y.reshape(-1, y.shape[3]))
    elif _is_depthwise(filters, groups):
        _depthwise(padded, filters, w, y, scratch)
    else:
        for xs, fs in _group_slices(x.shape[3], filters.shape[3], groups):
            part = np.ascontiguousarray(padded[..., xs])
            y[..., fs] = (columns(part, w, scratch) @ _matrix(filters[..., fs])).reshape(*y.shape[:3], -1)
    if bias is not None:
        add_per_channel(y, bias)
    return y


def conv2d_backward(
    dy: Array,
    x: Array,
    filters: Array,
    stride: Size = 1,
    padding: Padding = 0,
    dilation: Size = 1,
    groups: int = 1,
    *,
    needs_dx: bool = True,
    new: Allocate = np.empty,
    scratch: Allocate = np.empty,
) -> tuple[Array | None, Array, Array]:
    """Return (dx, dfilters, dbias) for dy (N, OH, OW, F); dx is None where it is not needed (the first
    layer)."""
    w = window(x.shape[1:3], filters.shape[:2], stride, padding, dilation)
    return gradients(dy, x, filters, w, needs_dx, new, scratch, dbias=sum_per_channel(dy, new), groups=groups)


def gradients(
    dy: Array,
    x: Array,
    filters: Array,
    w: Window,
    needs_dx: bool,
    new: Allocate,
    scratch: Allocate,
    dbias: Array,
    groups: int = 1,
) -> tuple[Array | None, Array, Array]:
    """Return (dx, dfilters, dbias) for a window whose geometry is known."""
    padded = pad(np.ascontiguousarray(x), w, scratch)
    dfilters = new(filters.shape, filters.dtype)
    dpadded = None
    if needs_dx:
        dpadded = (scratch if w.padded else new)(padded.shape, x.dtype)
        dpadded.fill(0)
    if groups == 1:
        _dense_gradients(dy, padded, filters, w, dfilters, dpadded, scratch)
    elif _is_depthwise(filters, groups):
        _depthwise_gradients(dy, padded, filters, w, dfilters, dpadded, scratch)
    else:
        for xs, fs in _group_slices(x.shape[3], filters.shape[3], groups):
            part, dfs = np.ascontiguousarray(padded[..., xs]), np.empty_like(filters[..., fs])
            dpart = None if dpadded is None else np.zeros_like(part)
            _dense_gradients(
                np.ascontiguousarray(dy[..., fs]), part, filters[..., fs], w, dfs, dpart, scratch
            )
            dfilters[..., fs] = dfs
            if dpadded is not None and dpart is not None:
                dpadded[..., xs] = dpart
    if dpadded is None or not w.padded:
        return dpadded, dfilters, dbias
    dx = new(x.shape, x.dtype)
    np.copyto(dx, unpad(dpadded, w))
    return dx, dfilters, dbias


def add_per_channel(x: Array, values: Array) -> None:
    """Add one value a channel, in place."""
    # One long row of the image at a time: a loop over C numbers alone costs more in starting than in adding.
    if x.ndim == 4:
        x.reshape(-1, x.shape[2] * x.shape[3])[...] += np.tile(values, x.shape[2])
    else:
        x += values


def sum_per_channel(x: Array, new: Allocate = np.empty) -> Array:
    """Return the sum over all positions, one value a channel."""
    rows = x.reshape(-1, x.shape[-1])
    # A product with ones is the quickest sum over rows that NumPy has.
    return np.matmul(np.ones(len(rows), x.dtype), rows, out=new((rows.shape[1],), x.dtype))


def _matrix(filters: Array) -> Array:
    return filters.reshape(-1, filters.shape[3])  # K, F


def _dense_gradients(
    dy: Array,
    padded: Array,
    filters: Array,
    w: Window,
    dfilters: Array,
    dpadded: Array | None,
    scratch: Allocate,
) -> None:
    """Fill dfilters and add to dpadded, every filter seeing every channel."""
    rows = dy.reshape(-1, dy.shape[3])  # M, F
    np.matmul(columns(padded, w, scratch).T, rows, out=_matrix(dfilters))
    if dpadded is None:
        return
    # Each tap of the kernel sends its share back to the pixels it has read. Tap by tap the product stays in
    # the core's cache until it is added; one product for all taps would go through memory.
    share = scratch((len(rows), filters.shape[2]), dy.dtype)
    image = share.reshape(*dy.shape[:3], -1)
    for i, j, reads in w.taps:
        np.matmul(rows, filters[i, j].T, out=share)
        target = dpadded[reads]
        np.add(target, image, out=target)


def _is_depthwise(filters: Array, groups: int) -> bool:
    return filters.shape[2] == 1 and filters.shape[3] == groups


def _depthwise(padded: Array, filters: Array, w: Window, y: Array, scratch: Allocate) -> None:
    """Fill y where every channel has one filter of its own: no product to share, one multiply-add a tap."""
    share = scratch(y.shape, y.dtype)
    for i, j, reads in w.taps:
        if i == j == 0:
            np.multiply(padded[reads], filters[i, j, 0], out=y)
        else:
            np.add(y, np.multiply(padded[reads], filters[i, j, 0], out=share), out=y)


def _depthwise_gradients(
    dy: Array,
    padded: Array,
    filters: Array,
    w: Window,
    dfilters: Array,
    dpadded: Array | None,
    scratch: Allocate,
) -> None:
    share = scratch(dy.shape, dy.dtype)
    for i, j, reads in w.taps:
        np.multiply(padded[reads], dy, out=share)
        dfilters[i, j, 0] = sum_per_channel(share)
        if dpadded is not None:
            target = dpadded[reads]
            np.add(target, np.multiply(dy, filters[i, j, 0], out=share), out=target)


def _group_slices(channels: int, filters: int, groups: int) -> list[tuple[slice, slice]]:
    c, f = channels // groups, filters // groups
    return [(slice(g * c, (g + 1) * c), slice(g * f, (g + 1) * f)) for g in range(groups)]
