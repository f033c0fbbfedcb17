"""Batch normalisation (Ioffe and Szegedy 2015), in the pieces that a batch cut into chunks needs.

    xhat = (x - mean) / sqrt(variance + epsilon)        y = gamma * xhat + beta

Mean and variance are a channel's over all images and positions. In training they are the batch's own: each
chunk gives its `moments`, `merge_moments` makes the batch's of them. A chunk takes its own mean from x as it
measures. The batch's differs by one number a channel, the gap, so that nothing has to be subtracted again:

    x - mean = centred + gap        centred = x - the chunk's mean        gap = the chunk's mean - mean
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cnn_core.functional.channels import row, rows, sum_of_products, sum_per_channel
from cnn_core.functional.geometry import Allocate, Array


@dataclass(frozen=True, eq=False)
class Moments:
    """What a part of a batch knows of each channel."""

    count: int  # values a channel
    mean: Array  # (C,)
    squares: Array  # (C,) sum of squared distances from the mean

    @property
    def variance(self) -> Array:
        """The variance over the values seen, divided by their number."""
        variance: Array = self.squares / self.squares.dtype.type(self.count)
        return variance


def moments(x: Array, *, centred: Array | None = None) -> Moments:
    """Return the moments of x (..., C) a channel.

    x - mean is left in `centred` (which may be x), for `normalize`.
    """
    count = x.size // x.shape[-1]
    mean = sum_per_channel(x) / x.dtype.type(count)
    if centred is None:
        centred = np.empty(x.shape, x.dtype)
    np.subtract(rows(x), row(mean, x), out=rows(centred))
    return Moments(count, mean, sum_of_products(centred, centred))


def merge_moments(parts: Sequence[Moments]) -> Moments:
    """Return the moments of all parts together, merged in their order (Chan, Golub and LeVeque 1983)."""
    count, mean, squares = parts[0].count, parts[0].mean, parts[0].squares
    for part in parts[1:]:
        total = count + part.count
        gap = part.mean - mean
        mean = mean + gap * gap.dtype.type(part.count / total)
        squares = squares + part.squares + gap * gap * gap.dtype.type(count * part.count / total)
        count = total
    return Moments(count, mean, squares)


def normalize(
    centred: Array,
    gap: Array,
    batch: Moments,
    gamma: Array,
    beta: Array,
    epsilon: float = 1e-5,
    *,
    new: Allocate = np.empty,
) -> tuple[Array, Array]:
    """Return (y, scale): gamma * xhat + beta, and 1 / sqrt(variance + epsilon).

    xhat is (centred + gap) * scale; gap (C,) is what the part's own mean is above the batch's.
    """
    scale: Array = 1 / np.sqrt(batch.variance + centred.dtype.type(epsilon))
    factor = gamma * scale
    y = new(centred.shape, centred.dtype)
    np.multiply(rows(centred), row(factor, centred), out=rows(y))
    np.add(rows(y), row(beta + factor * gap, y), out=rows(y))
    return y, scale


def batch_norm(
    x: Array,
    gamma: Array,
    beta: Array,
    epsilon: float = 1e-5,
    mean: Array | None = None,
    variance: Array | None = None,
    *,
    new: Allocate = np.empty,
) -> Array:
    """Return gamma * xhat + beta for x (..., C), with x's own mean and variance where none are given."""
    if mean is None or variance is None:
        own = moments(x)
        mean, variance = own.mean, own.variance
    factor, summand = batch_norm_line(gamma, beta, mean, variance, epsilon)
    y = new(x.shape, x.dtype)
    np.multiply(rows(x), row(factor, x), out=rows(y))
    np.add(rows(y), row(summand, x), out=rows(y))
    return y


def batch_norm_line(
    gamma: Array, beta: Array, mean: Array, variance: Array, epsilon: float
) -> tuple[Array, Array]:
    """Return (factor, summand), each (C,): y = factor * x + summand is x normalised by fixed statistics."""
    factor = gamma / np.sqrt(variance + variance.dtype.type(epsilon))
    return factor, beta - mean * factor


def batch_norm_sums(dy: Array, centred: Array, gap: Array, scale: Array) -> tuple[Array, Array]:
    """Return (dgamma, dbeta) of this part of the batch; the batch's are the sums over its parts."""
    dbeta = sum_per_channel(dy)
    return (sum_of_products(dy, centred) + gap * dbeta) * scale, dbeta


def batch_norm_backward(
    dy: Array,
    centred: Array,
    gap: Array,
    scale: Array,
    gamma: Array,
    dgamma: Array,
    dbeta: Array,
    count: int,
) -> Array:
    """Return dx = gamma * scale * (dy - dbeta/count - xhat * dgamma/count), written over dy.

    dgamma, dbeta and count (values a channel) are the whole batch's. centred is used up.
    """
    by_dy, by_centred, summand = batch_norm_backward_factors(gap, scale, gamma, dgamma, dbeta, count)
    np.multiply(rows(dy), row(by_dy, dy), out=rows(dy))
    np.multiply(rows(centred), row(by_centred, dy), out=rows(centred))
    np.add(dy, centred, out=dy)
    np.add(rows(dy), row(summand, dy), out=rows(dy))
    return dy


def batch_norm_backward_factors(
    gap: Array, scale: Array, gamma: Array, dgamma: Array, dbeta: Array, count: int
) -> tuple[Array, Array, Array]:
    """Return (by_dy, by_centred, summand), each (C,): dx = by_dy * dy + by_centred * centred + summand."""
    by_dy = gamma * scale
    share = by_dy * by_dy.dtype.type(1 / count)
    by_centred = -share * scale * dgamma
    return by_dy, by_centred, by_centred * gap - share * dbeta
