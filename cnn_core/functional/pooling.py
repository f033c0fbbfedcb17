"""Pooling: the maximum or the mean of a sliding window, a channel at a time."""

from collections.abc import Sequence

import numpy as np

from cnn_core.functional.geometry import (
    Allocate,
    Array,
    Padding,
    Size,
    Window,
    cropped,
    pad,
    padded_shape,
    pair,
    window,
)


def max_pool2d(
    x: Array,
    pool_size: Size = 2,
    stride: Size | None = None,
    padding: Padding = 0,
    *,
    new: Allocate = np.empty,
    scratch: Allocate = np.empty,
) -> Array:
    """Return the maximum of each window of x (N, H, W, C) or (H, W, C). `stride` is the pool size where not
    given."""
    if x.ndim == 3:
        return max_pool2d(x[None], pool_size, stride, padding)[0]
    w = pool_window(x, pool_size, stride, padding)
    y = new((len(x), *w.output, x.shape[3]), x.dtype)
    padded = pad(x, w, scratch, -np.inf)
    maximum([padded[tap.reads] for tap in w.taps], y)
    return y


def max_pool2d_winners(
    x: Array,
    pool_size: Size = 2,
    stride: Size | None = None,
    padding: Padding = 0,
    *,
    new: Allocate = np.empty,
    scratch: Allocate = np.empty,
) -> tuple[Array, Array]:
    """Return (y, winners): the maxima, and for each tap of the window (KH*KW, N, OH, OW, C) where it gave the
    maximum.

    Exactly one tap wins each window: of equal ones the first, row by row.
    """
    w = pool_window(x, pool_size, stride, padding)
    padded = pad(x, w, scratch, -np.inf)
    y = new((len(x), *w.output, x.shape[3]), x.dtype)
    taps = [padded[tap.reads] for tap in w.taps]
    maximum(taps, y)
    winners = new((len(taps), *y.shape), np.bool_)
    first_winners(taps, y, winners, scratch)
    return y, winners


def max_pool2d_backward(
    dy: Array,
    winners: Array,
    input_shape: tuple[int, ...],
    pool_size: Size = 2,
    stride: Size | None = None,
    padding: Padding = 0,
    *,
    new: Allocate = np.empty,
    scratch: Allocate = np.empty,
) -> Array:
    """Return dx (N, H, W, C): each window's gradient goes to its winner alone."""
    size = pair(pool_size)
    w = window((input_shape[1], input_shape[2]), size, size if stride is None else stride, padding)
    dpadded = _zeros_padded(input_shape, w, dy, new, scratch)
    share = scratch(dy.shape, dy.dtype)
    for tap, (_, _, reads) in enumerate(w.taps):
        target = dpadded[reads]
        send_to_winners(dy, winners[tap], share)
        _send(share, target, w)
    return cropped(dpadded, w, new)


def avg_pool2d(
    x: Array,
    pool_size: Size = 2,
    stride: Size | None = None,
    padding: Padding = 0,
    *,
    new: Allocate = np.empty,
    scratch: Allocate = np.empty,
) -> Array:
    """Return the mean of each window of x (N, H, W, C) or (H, W, C); padding counts as zeros."""
    if x.ndim == 3:
        return avg_pool2d(x[None], pool_size, stride, padding)[0]
    w = pool_window(x, pool_size, stride, padding)
    y = new((len(x), *w.output, x.shape[3]), x.dtype)
    _sum(pad(x, w, scratch), w, y, scratch)
    y *= x.dtype.type(1 / (w.kernel[0] * w.kernel[1]))
    return y


def avg_pool2d_backward(
    dy: Array,
    input_shape: tuple[int, ...],
    pool_size: Size = 2,
    stride: Size | None = None,
    padding: Padding = 0,
    *,
    new: Allocate = np.empty,
    scratch: Allocate = np.empty,
) -> Array:
    """Return dx (N, H, W, C): each window's gradient shared equally by its taps."""
    size = pair(pool_size)
    w = window((input_shape[1], input_shape[2]), size, size if stride is None else stride, padding)
    share = np.multiply(dy, dy.dtype.type(1 / (size[0] * size[1])), out=scratch(dy.shape, dy.dtype))
    dpadded = _zeros_padded(input_shape, w, dy, new, scratch)
    wide = scratch((len(dy), w.output[0], *dpadded.shape[2:]), dy.dtype)
    if not _covers(w, dpadded):
        wide.fill(0)
    rows, columns = _slices(w)
    for j in columns:
        _send(share, wide[:, :, j], w)
    for i in rows:  # long runs in memory
        _send(wide, dpadded[:, i], w)
    return cropped(dpadded, w, new)


def global_avg_pool2d(x: Array) -> Array:
    """Return the mean of every channel of x (N, H, W, C) or (H, W, C): (N, C) or (C,)."""
    mean: Array = x.mean(axis=(-3, -2), dtype=x.dtype)
    return mean


def global_avg_pool2d_backward(dy: Array, input_shape: tuple[int, ...], *, new: Allocate = np.empty) -> Array:
    """Return dx (N, H, W, C): a channel's gradient shared equally by its positions."""
    dx = new(input_shape, dy.dtype)
    dx[...] = (dy * dy.dtype.type(1 / (input_shape[1] * input_shape[2])))[:, None, None, :]
    return dx


def pool_window(x: Array, pool_size: Size, stride: Size | None, padding: Padding) -> Window:
    """Return the pooling window for x (N, H, W, C)."""
    size = pair(pool_size)
    return window(x.shape[1:3], size, size if stride is None else stride, padding)


def maximum(taps: Sequence[Array], y: Array) -> None:
    """Fill y with the largest of the numbers that each tap of a window gives."""
    first, *rest = taps
    if not rest:
        np.copyto(y, first)
    for values in rest:
        first = np.maximum(first, values, out=y)


def first_winners(taps: Sequence[Array], y: Array, winners: Array, scratch: Allocate) -> None:
    """Fill winners with which tap has given the maximum y: exactly one for each window, of equal ones the
    first."""
    free = scratch(y.shape, np.bool_)  # windows whose winner is among the taps to come
    free.fill(True)
    for won, values in zip(winners[:-1], taps, strict=False):
        np.equal(values, y, out=won)
        np.logical_and(won, free, out=won)
        np.not_equal(free, won, out=free)
    np.copyto(winners[-1], free)


def send_to_winners(dy: Array, winners: Array, out: Array) -> None:
    """Fill out with dy where winners are true, else 0."""
    np.copyto(out, winners)  # NumPy takes longer to multiply numbers by truths at once
    np.multiply(dy, out, out=out)


def _sum(padded: Array, w: Window, y: Array, scratch: Allocate) -> None:
    """Fill y with the sum of each window: over its rows first, which are long runs in memory."""
    rows, columns = _slices(w)
    first, *rest = (padded[:, i] for i in rows)
    tall = scratch(first.shape, padded.dtype) if rest else first
    for values in rest:
        first = np.add(first, values, out=tall)
    first, *rest = (tall[:, :, j] for j in columns)
    if not rest:
        np.copyto(y, first)
    for values in rest:
        first = np.add(first, values, out=y)


def _slices(w: Window) -> tuple[list[slice], list[slice]]:
    """Return what each row, and each column, of the window meets."""
    rows, columns = (
        [slice(k, k + step * (count - 1) + 1, step) for k in range(size)]
        for size, step, count in zip(w.kernel, w.stride, w.output, strict=True)
    )
    return rows, columns


def _tiles(w: Window) -> bool:
    """Whether windows do not overlap, so that each pixel belongs to one at the most."""
    return w.stride[0] >= w.kernel[0] and w.stride[1] >= w.kernel[1]


def _covers(w: Window, padded: Array) -> bool:
    """Whether each pixel belongs to exactly one window."""
    covered = tuple(o * s for o, s in zip(w.output, w.stride, strict=True))
    return w.stride == w.kernel and covered == padded.shape[1:3]


def _send(values: Array, target: Array, w: Window) -> None:
    """Add to the target what a tap sends to its pixels; where no other tap sends anything there, fill it."""
    if _tiles(w):
        np.copyto(target, values)
    else:
        np.add(target, values, out=target)


def _zeros_padded(shape: tuple[int, ...], w: Window, dy: Array, new: Allocate, scratch: Allocate) -> Array:
    """Return a padded image, zeros where not every pixel will be written."""
    dpadded = (scratch if w.padded else new)(padded_shape(shape, w), dy.dtype)
    if not _covers(w, dpadded):
        dpadded.fill(0)
    return dpadded
