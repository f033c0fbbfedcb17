"""Convolution (cross-correlation, as in every CNN library) and its gradients.

y[n, i, j, f] = bias[f] + sum over a, b, c of x[n, i*stride + a*dilation, j*stride + b*dilation, c] *
filters[a, b, c, f]
"""

import numpy as np

from cnn_core.functional import by_windows, paired_outputs, strided, taps, ways, winograd, winograd_rows
from cnn_core.functional.channels import add_per_channel, sum_per_channel
from cnn_core.functional.depthwise import depthwise, depthwise_dfilters, depthwise_send_back, is_depthwise
from cnn_core.functional.geometry import (
    Allocate,
    Array,
    Padding,
    Size,
    Window,
    correlates,
    cropped,
    pad,
    padded_shape,
    reach,
    window,
)
from cnn_core.functional.im2col import im2col


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
    x, w = np.ascontiguousarray(x), window(x.shape[1:3], filters.shape[:2], stride, padding, dilation)
    if groups == 1 and _covers(w, x):
        x, filters, w = _as_one_pixel(x, filters)
    y = new((len(x), *w.output, filters.shape[3]), x.dtype)
    if groups == 1:
        _correlate(x, filters, bias, w, y, scratch)
        return y
    if is_depthwise(filters, groups):
        depthwise(pad(x, w, scratch), filters, w, y)
    else:
        for xs, fs in _group_slices(x.shape[3], filters.shape[3], groups):
            part = np.empty_like(y[..., fs], order="C")
            _correlate(np.ascontiguousarray(x[..., xs]), filters[..., fs], None, w, part, scratch)
            y[..., fs] = part
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
    if not needs_dx and groups == 1 and by_windows.takes_one(x, filters, w):
        dfilters, dbias = new(filters.shape, filters.dtype), new((filters.shape[3],), filters.dtype)
        windows = im2col(np.ascontiguousarray(x), w, scratch, with_one=True)
        by_windows.filter_gradients(windows, dy.__getitem__, dfilters, dbias, scratch)
        return None, dfilters, dbias
    dbias = sum_per_channel(dy, new)
    return gradients(dy, x, filters, w, needs_dx, new, scratch, dbias=dbias, groups=groups)


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
    x, dfilters = np.ascontiguousarray(x), new(filters.shape, filters.dtype)
    if needs_dx and groups == 1 and _covers(w, x):
        pixels, matrix, w = _as_one_pixel(x, filters)
        dx, sent = new(x.shape, x.dtype), np.ascontiguousarray(dy)
        turned, dturned = _turned(matrix), _turned(dfilters.reshape(matrix.shape))
        by_windows.gradients(sent, pixels, turned, w, dturned, dx.reshape(pixels.shape), scratch)
        return dx, dfilters, dbias
    way = ways.quickest(x, filters, w, back=True) if needs_dx and groups == 1 else ways.WINDOWS
    if way.kind == "tiles":

        def send(part: tuple[slice, slice], phases: Array) -> None:
            np.copyto(phases[0, 0], dy[part])

        return winograd.gradients(send, x, filters, w, way.m, dfilters, new, scratch), dfilters, dbias
    small = filters.shape[3] <= filters.shape[2] or w.kernel == (1, 1)  # the im2col of dy
    if way.kind == "rows of tiles" or (needs_dx and groups == 1 and small and correlates(w)):
        dx, sent, back = new(x.shape, x.dtype), np.ascontiguousarray(dy), _back(w, x)
        turned, dturned = _turned(filters), _turned(dfilters)
        if way.kind == "rows of tiles":
            winograd_rows.gradients(sent, x, turned, back, way.m, dturned, dx, scratch)
        else:
            by_windows.gradients(sent, x, turned, back, dturned, dx, scratch)
        return dx, dfilters, dbias
    _fill_dfilters(x, dy, w, dfilters, scratch, groups)
    return _sent_back(dy, x, filters, w, new, scratch, groups) if needs_dx else None, dfilters, dbias


def _fill_dfilters(x: Array, dy: Array, w: Window, dfilters: Array, scratch: Allocate, groups: int) -> None:
    """Fill dfilters from what the windows of x have met."""
    if groups == 1:
        way = ways.quickest(x, dfilters, w)
        if way.kind == "rows of tiles":
            winograd_rows.filter_gradients(np.ascontiguousarray(dy), x, w, way.m, dfilters, scratch)
            return
        two = by_windows.in_pairs(w, *dfilters.shape[2:])
        windows = im2col(x, paired_outputs.widened(w) if two else w, scratch)
        by_windows.filter_gradients(windows, dy.__getitem__, dfilters, None, scratch, two)
    elif is_depthwise(dfilters, groups):
        depthwise_dfilters(pad(x, w, scratch), dy, w, dfilters)
    else:
        for xs, fs in _group_slices(x.shape[3], dfilters.shape[3], groups):
            part, sent = np.ascontiguousarray(x[..., xs]), np.ascontiguousarray(dy[..., fs])
            found = np.empty_like(dfilters[..., fs], order="C")
            _fill_dfilters(part, sent, w, found, scratch, 1)
            dfilters[..., fs] = found


def _sent_back(
    dy: Array, x: Array, filters: Array, w: Window, new: Allocate, scratch: Allocate, groups: int
) -> Array:
    """Return dx: what goes back to each pixel of x."""
    if groups == 1 and strided.worthwhile(w, *filters.shape[2:]):
        dx = new(x.shape, x.dtype)
        strided.send_back(dy, filters, w, dx, scratch)
        return dx
    apart = groups > 1 and is_depthwise(filters, groups)
    if apart and correlates(w):
        back, dx = _back(w, x), new(x.shape, x.dtype)
        depthwise(pad(np.ascontiguousarray(dy), back, scratch), filters[::-1, ::-1], back, dx)
        return dx
    dpadded = (scratch if w.padded else new)(padded_shape(x.shape, w), x.dtype)
    dpadded.fill(0)
    if apart:
        depthwise_send_back(dy, filters, w, dpadded, scratch(dy.shape, dy.dtype))
    else:
        for xs, fs in _group_slices(x.shape[3], filters.shape[3], groups):
            taps.send_back(dy[..., fs], filters[..., fs], w, dpadded[..., xs], scratch)
    return cropped(dpadded, w, new)


def _covers(w: Window, x: Array) -> bool:
    """Whether a kernel is as large as the image."""
    return w.kernel == x.shape[1:3] and not w.padded and w.dilation == (1, 1)


def _as_one_pixel(x: Array, filters: Array) -> tuple[Array, Array, Window]:
    """Return images of one pixel, all numbers of x its channels, and a 1x1 kernel that gives the same."""
    n, f = len(x), filters.shape[3]
    return x.reshape(n, 1, 1, -1), filters.reshape(1, 1, -1, f), window((1, 1), (1, 1))


def _correlate(x: Array, filters: Array, bias: Array | None, w: Window, y: Array, scratch: Allocate) -> None:
    """Fill y with the product of every window and the filters, and the bias added."""
    way = ways.quickest(x, filters, w)
    if way.kind == "windows":
        by_windows.correlate(x, filters, bias, w, y, scratch)
        return
    if way.kind == "tiles":
        for part, phases in winograd.outputs(x, filters, w, way.m, scratch):
            np.copyto(y[part], phases[0, 0])
    else:
        winograd_rows.correlate(x, filters, w, way.m, y, scratch)
    if bias is not None:
        add_per_channel(y, bias)


def _turned(filters: Array) -> Array:
    """Return filters (KH, KW, C, F) turned by 180 degrees, for what goes back: a view (KH, KW, F, C)."""
    return filters[::-1, ::-1].transpose(0, 1, 3, 2)


def _back(w: Window, x: Array) -> Window:
    """Return the window over dy that gives, for each pixel of x, the outputs that have read it."""
    (down, right), size = reach(w), x.shape[1:3]
    before = (down - w.before[0], right - w.before[1])
    after = (size[0] + w.before[0] - w.output[0], size[1] + w.before[1] - w.output[1])
    return w._replace(before=before, after=after, output=size)


def _group_slices(channels: int, filters: int, groups: int) -> list[tuple[slice, slice]]:
    c, f = channels // groups, filters // groups
    return [(slice(g * c, (g + 1) * c), slice(g * f, (g + 1) * f)) for g in range(groups)]
