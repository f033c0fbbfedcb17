"""Batch normalisation of a convolution whose windows hold few numbers, without its outputs.

Every output is a weighted sum of a window, z = window @ w + b, so what normalisation asks of all outputs
follows from what the windows have in common:

    mean of z = mean @ w + b        sum of (z - its mean)^2 = w.T @ scatter @ w

with the mean (K,) of the windows and their scatter (K, K), the sum of (window - mean) times itself. Windows
of the first layer hold few numbers, so that is less work than to go through all outputs. Then normalising is
folded into the weights, as for inference, and the gradient by these unfolded:

    dz = by_dy * dy + by_centred * (z - its mean) + summand        (see `normalization`)
    dw = by_dy * windows.T @ dy + by_centred * scatter @ w + summand * count * mean
"""

from dataclasses import dataclass

import numpy as np

from cnn_core.functional import products
from cnn_core.functional.geometry import Allocate, Array, Window
from cnn_core.functional.im2col import im2col
from cnn_core.functional.normalization import Moments


@dataclass(frozen=True, eq=False)
class WindowMoments:
    """What some images' windows, as rows of K numbers, have in common: in float64, whatever the images."""

    count: int
    mean: Array  # (K,)
    scatter: Array  # (K, K)


def window_moments(x: Array, w: Window, *, scratch: Allocate = np.empty) -> WindowMoments:
    """Return the moments of all windows of x (N, H, W, C)."""
    # Differences of large sums: float32 would not do.
    exact = scratch(x.shape, np.float64)
    np.copyto(exact, x)
    k = w.kernel[0] * w.kernel[1] * x.shape[3]
    total = products.Total(scratch((k, k + 1), np.float64), scratch)
    for _, windows in im2col(exact, w, scratch, with_one=True):
        total.add(windows[:, :k], windows)  # one product for the scatter and, thanks to the 1, the sums
    count = len(x) * w.output[0] * w.output[1]
    mean = total.sum[:, k] / count
    return WindowMoments(count, mean, total.sum[:, :k] - count * np.outer(mean, mean))


def moments_of_sums(windows: WindowMoments, weight: Array, bias: Array | None) -> Moments:
    """Return the moments of a convolution's outputs; weight (KH, KW, C, F), bias (F,)."""
    w = weight.reshape(len(windows.mean), -1).astype(np.float64)
    mean, squares = windows.mean @ w, np.einsum("kf,kf->f", w, windows.scatter @ w)
    if bias is not None:
        mean += bias
    # Rounding leaves less than nothing where a filter does not see what the images differ in.
    return Moments(windows.count, mean.astype(weight.dtype), np.maximum(squares, 0).astype(weight.dtype))


def sum_of_normalized(
    dweight: Array, dbias: Array, windows: WindowMoments, weight: Array, gap: Array, scale: Array
) -> Array:
    """Return the sum over all outputs of dy * xhat, which is dgamma: (F,).

    dweight and dbias are the gradients by the folded weight and bias, for gap and scale see `normalization`.
    """
    d, w = (values.reshape(len(windows.mean), -1) for values in (dweight, weight))
    centred = np.einsum("kf,kf->f", d - np.outer(windows.mean, dbias), w)
    return ((centred + gap * dbias) * scale).astype(weight.dtype)


def unfolded(
    dweight: Array,
    dbias: Array,
    windows: WindowMoments,
    weight: Array,
    by_dy: Array,
    by_centred: Array,
    summand: Array,
) -> tuple[Array, Array]:
    """Return the gradients by weight and bias, from those by the folded ones; the factors are those of
    `batch_norm_backward_factors`."""
    k = len(windows.mean)
    found = (windows.scatter @ weight.reshape(k, -1)) * by_centred
    found += dweight.reshape(k, -1) * by_dy + np.outer(windows.mean, windows.count * summand)
    return found.reshape(weight.shape).astype(weight.dtype), by_dy * dbias + windows.count * summand
