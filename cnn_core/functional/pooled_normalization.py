"""Batch normalisation and the max-pooling after it in one: only what pooling leaves is normalised.

Normalising keeps the order of a channel's numbers where gamma is not negative, and turns it around where it
is. So a window's winner is known before the statistics are: the largest number, or the smallest, which is the
largest of the numbers turned, that is with the other sign. Where gamma is 0, all numbers of a window become
the same, and any of them may win.

On the way back dy reaches the winners alone, while every number has had a part in the statistics:

    dx = by_centred * centred + summand, and by_dy * dy more at the winners
"""

import numpy as np

from cnn_core.functional.channels import row, rows
from cnn_core.functional.geometry import Allocate, Array, Size
from cnn_core.functional.normalization import Moments, batch_norm_backward_factors, moments
from cnn_core.functional.pooling import max_pool2d_winners, pool_window, send_to_winners


def turns(gamma: Array) -> Array:
    """Return -1 for each channel that is turned, 1 for the others."""
    return np.where(gamma < 0, gamma.dtype.type(-1), gamma.dtype.type(1))


def pooled_moments(
    x: Array,
    gamma: Array,
    pool_size: Size,
    stride: Size,
    *,
    centred: Array,
    new: Allocate = np.empty,
    scratch: Allocate = np.empty,
) -> tuple[Array, Array, Moments]:
    """Return (pooled, winners, moments): the maxima of x - mean, turned, which of each window won (as
    `max_pool2d_winners`), and the moments of all of x.

    x - mean, turned, is left in `centred` (which may be x).
    """
    own = moments(x, centred=centred)
    turn = turns(gamma)
    if turn.min() < 0:
        np.multiply(rows(centred), row(turn, x), out=rows(centred))
    pooled, winners = max_pool2d_winners(centred, pool_size, stride, new=new, scratch=scratch)
    return pooled, winners, own


def pooled_batch_norm_backward(
    dy: Array,
    centred: Array,
    winners: Array,
    gap: Array,
    scale: Array,
    gamma: Array,
    dgamma: Array,
    dbeta: Array,
    count: int,
    pool_size: Size,
    stride: Size,
    *,
    scratch: Allocate = np.empty,
) -> Array:
    """Return dx, written over `centred` as `pooled_moments` has left it. dy is used up.

    dgamma, dbeta and count (values a channel) are the whole batch's.
    """
    by_dy, by_centred, summand = batch_norm_backward_factors(gap, scale, gamma, dgamma, dbeta, count)
    np.multiply(rows(centred), row(by_centred * turns(gamma), centred), out=rows(centred))
    dx = np.add(rows(centred), row(summand, centred), out=rows(centred)).reshape(centred.shape)
    np.multiply(rows(dy), row(by_dy, dy), out=rows(dy))
    share = scratch(dy.shape, dy.dtype)
    for won, tap in zip(winners, pool_window(dx, pool_size, stride, 0).taps, strict=True):
        send_to_winners(dy, won, share)
        np.add(dx[tap.reads], share, out=dx[tap.reads])
    return dx
