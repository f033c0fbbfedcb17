"""Convolution the usual way: windows laid out as rows, and one matrix product.

    y = windows @ filters,    dfilters = windows.T @ dy

with windows (M, K) and filters as a matrix (K, F). Where dx is a convolution of dy, one layout does for both
gradients: dx comes from the windows of dy, and dfilters from their products with x.
"""

from collections.abc import Callable, Iterable

import numpy as np

from cnn_core.functional import paired_outputs, products, ways
from cnn_core.functional.channels import add_per_channel
from cnn_core.functional.geometry import Allocate, Array, Pair, Window
from cnn_core.functional.im2col import FEW_CHANNELS, Windows, im2col


def correlate(x: Array, filters: Array, bias: Array | None, w: Window, y: Array, scratch: Allocate) -> None:
    """Fill y (N, OH, OW, F) with x (N, H, W, C) convolved with filters (KH, KW, C, F), and bias (F,)."""
    if in_pairs(w, *filters.shape[2:]):
        filters, w = paired_outputs.paired(filters, scratch), paired_outputs.widened(w)
    with_one = bias is not None and x.shape[3] <= FEW_CHANNELS
    matrix = as_matrix(filters, bias if with_one else None, scratch)
    for images, windows in im2col(x, w, scratch, with_one=with_one):
        products.multiply(windows, matrix, y[images].reshape(-1, matrix.shape[1]))
    if bias is not None and not with_one:
        add_per_channel(y, bias)


def takes_one(x: Array, filters: Array, w: Window, pool: Pair = (1, 1)) -> bool:
    """Whether a bias is quicker as one more number of each filter, for a 1 in each window: where windows are
    laid out number by number, and all these 1 lie together."""
    return x.shape[3] <= FEW_CHANNELS and ways.quickest(x, filters, w, pool).kind == "windows"


def as_matrix(filters: Array, bias: Array | None, scratch: Allocate) -> Array:
    """Return filters (KH, KW, C, F) as the matrix (K, F), or (K + 1, F) with a bias."""
    matrix = filters.reshape(-1, filters.shape[3])
    if bias is None:
        return matrix
    both = scratch((len(matrix) + 1, len(bias)), filters.dtype)
    both[:-1], both[-1] = matrix, bias
    return both


def filter_gradients(
    windows: Iterable[Windows],
    sent: Callable[[slice], Array],
    dfilters: Array,
    dbias: Array | None,
    scratch: Allocate,
    two: bool = False,
) -> None:
    """Fill dfilters with the sums, over all outputs, of what is sent back to them and what their window has
    met; windows with a 1 at their end give dbias too.

    sent(images) gives dy of these images, its rows in the order of the windows', which may be those of `two`
    outputs.
    """
    kh, kw, c, f = dfilters.shape
    k, f = kh * (kw + two) * c + (dbias is not None), (1 + two) * f
    total = products.Total(scratch((k, f), dfilters.dtype), scratch)
    for images, matrix in windows:
        total.add(matrix, sent(images).reshape(-1, f))
    found = total.sum
    if dbias is not None:
        found, dbias[...] = found[:-1], found[-1]
    _share_out(found, dfilters, two)


def gradients(
    dy: Array, x: Array, turned: Array, back: Window, dturned: Array, dx: Array, scratch: Allocate
) -> None:
    """Fill dx (N, H, W, C), which is dy (N, OH, OW, F) convolved with the turned filters (KH, KW, F, C), and
    dturned with the products of x and the same windows."""
    if two := in_pairs(back, *turned.shape[2:]):
        turned, back = paired_outputs.paired(turned, scratch), paired_outputs.widened(back)
    matrix = turned.reshape(-1, turned.shape[3])
    k, c = matrix.shape
    total = products.Total(scratch((c, k), x.dtype), scratch)
    for images, windows in im2col(dy, back, scratch):
        products.multiply(windows, matrix, dx[images].reshape(-1, c))
        total.add(x[images].reshape(-1, c), windows)
    _share_out(total.sum.T, dturned, two)


def in_pairs(w: Window, channels: int, filters: int) -> bool:
    """Whether windows are laid out for two outputs side by side: not where `im2col` does it by channel."""
    pairs = w.output[1] % 2 == 0 and channels > FEW_CHANNELS
    return pairs and paired_outputs.worthwhile(w, filters)


def _share_out(found: Array, dfilters: Array, two: bool) -> None:
    """Fill dfilters (KH, KW, C, F) from a matrix (K, F), or from the one of two outputs side by side."""
    if two:
        paired_outputs.unpaired(found, dfilters)
    else:
        np.copyto(dfilters, found.reshape(dfilters.shape))
