"""Batch normalisation and the max-pooling after it, run as one step in training. Not a layer that people
choose: `plan` puts it in."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cnn_core import functional as F
from cnn_core.functional.geometry import Array
from cnn_core.functional.pooled_normalization import pooled_batch_norm_backward, pooled_moments, turns
from cnn_core.layers.base import Context, Gradients, Layer, Parameters, Shape
from cnn_core.layers.normalization import BatchNorm
from cnn_core.layers.pooling import MaxPool2D


@dataclass(frozen=True, eq=False)
class _Kept:
    centred: Array  # x less the chunk's own mean, turned
    pooled: Array  # its maxima
    winners: Array
    mean: Array  # the chunk's own


@dataclass(frozen=True, eq=False)
class _Cache:
    kept: _Kept
    gap: Array  # the chunk's own mean less the batch's
    scale: Array
    count: int  # values a channel in the whole batch


@dataclass(frozen=True, kw_only=True)
class PooledBatchNorm(BatchNorm):
    """`pool` of a batch normalisation, for pooling without padding; pools as it measures."""

    pool: MaxPool2D = field(default_factory=MaxPool2D)

    @staticmethod
    def join(norm: Layer, pool: Layer) -> "PooledBatchNorm | None":
        """Return these two layers as one; None where they cannot be run so."""
        if type(norm) is not BatchNorm or not isinstance(pool, MaxPool2D):
            return None
        if pool.padding not in (0, (0, 0), "valid"):
            return None
        return PooledBatchNorm(momentum=norm.momentum, epsilon=norm.epsilon, pool=pool)

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the pooled shape."""
        return self.pool.output_shape(input_shape)

    def moments(self, x: Array, parameters: Parameters, context: Context) -> tuple[F.Moments, Any]:
        """Return what this chunk of the batch says of each channel, and what `normalize` goes on with."""
        centred = x if context.may_overwrite else context.new(x.shape, x.dtype)
        pooled, winners, own = pooled_moments(
            x,
            parameters["gamma"],
            self.pool.pool_size,
            self.pool.step,
            centred=centred,
            new=context.new,
            scratch=context.scratch,
        )
        return own, _Kept(centred, pooled, winners, own.mean)

    def normalize(
        self, kept: Any, batch: F.Moments, parameters: Parameters, context: Context
    ) -> tuple[Array, Any]:
        """Return (y, cache) of this chunk, pooled and normalised by the whole batch's statistics."""
        gamma, gap = parameters["gamma"], kept.mean - batch.mean
        y, scale = F.normalize(
            kept.pooled,
            gap * turns(gamma),
            batch,
            np.abs(gamma),
            parameters["beta"],
            self.epsilon,
            new=context.new,
        )
        return y, _Cache(kept, gap, scale, batch.count)

    def sums(self, dy: Array, cache: Any, parameters: Parameters, context: Context) -> Gradients:
        """Return this chunk's part of the gradients of gamma and beta."""
        turn = turns(parameters["gamma"])
        dgamma, dbeta = F.batch_norm_sums(dy, cache.kept.pooled, cache.gap * turn, cache.scale)
        return {"gamma": dgamma * turn, "beta": dbeta}

    def backward_with_sums(
        self, dy: Array, cache: Any, parameters: Parameters, totals: Gradients, context: Context
    ) -> tuple[Array | None, Gradients]:
        """Return (dx, no gradients) of this chunk, given the whole batch's gradients of gamma and beta."""
        dx = pooled_batch_norm_backward(
            dy,
            cache.kept.centred,
            cache.kept.winners,
            cache.gap,
            cache.scale,
            parameters["gamma"],
            totals["gamma"],
            totals["beta"],
            cache.count,
            self.pool.pool_size,
            self.pool.step,
            scratch=context.scratch,
        )
        return dx, {}
