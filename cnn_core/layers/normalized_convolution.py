"""The first convolution and the batch normalisation after it, run as one step in training. Not a layer that
people choose: `plan` puts it in."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from cnn_core import functional as F
from cnn_core.functional.geometry import Array, Window
from cnn_core.functional.normalization import batch_norm_backward_factors
from cnn_core.functional.normalized_sums import (
    WindowMoments,
    moments_of_sums,
    sum_of_normalized,
    unfolded,
    window_moments,
)
from cnn_core.layers.base import Context, Gradients, Layer, Parameters, Shape
from cnn_core.layers.convolution import Conv2D
from cnn_core.layers.normalization import BatchNorm
from cnn_core.layers.pooled_convolution import PooledConv2D
from cnn_core.layers.pooling import MaxPool2D

# What the scatter of K numbers takes grows with K * K, what it saves with the filters. So 3x3 windows of one
# channel are taken from 3 filters on, of three channels from 27 on.
SCATTER = 27


@dataclass(frozen=True, eq=False)
class _Cache:
    convolution: Any  # its own cache
    windows: WindowMoments
    gap: Array  # the chunk's own mean less the batch's
    scale: Array
    count: int  # values a channel in the whole batch
    folded: Gradients = field(default_factory=dict)  # those by the folded weight and bias, from `sums` on


@dataclass(frozen=True, kw_only=True)
class NormalizedConv2D(BatchNorm):
    """A batch normalisation of `conv`, which has nothing to learn before it, perhaps with its pooling.

    What it measures it finds from the images, then runs the convolution with weights that normalise, as for
    inference.
    """

    conv: Conv2D | PooledConv2D

    @staticmethod
    def join(conv: Layer, norm: Layer, input_shape: Shape) -> "NormalizedConv2D | None":
        """Return these two layers as one; None where they cannot be run so, or not quicker."""
        if not isinstance(conv, Conv2D) or not isinstance(norm, BatchNorm) or conv.groups > 1:
            return None
        *kernel, channels, filters = conv.parameter_shapes(input_shape)["weight"]
        if (kernel[0] * kernel[1] * channels) ** 2 > SCATTER * filters:
            return None
        # It is always given a bias, and asked for its gradient, which is that of beta.
        return NormalizedConv2D(momentum=norm.momentum, epsilon=norm.epsilon, conv=replace(conv, bias=True))

    @staticmethod
    def with_pooling(norm: Layer, pool: Layer) -> "NormalizedConv2D | None":
        """Return the same with the pooling after it; None where they cannot be run so."""
        if not isinstance(norm, NormalizedConv2D) or not isinstance(pool, MaxPool2D):
            return None
        pooled = PooledConv2D.join(norm.conv, pool)
        return replace(norm, conv=pooled) if pooled else None

    def window(self, input_shape: Shape) -> Window:
        """Return where the filters go."""
        return self.conv.window(input_shape)

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape of the feature maps, pooled if they are."""
        return self.conv.output_shape(input_shape)

    def multiply_adds(self, input_shape: Shape) -> int:
        """Return those of the convolution."""
        return self.conv.multiply_adds(input_shape)

    def moments(self, x: Array, parameters: Parameters, context: Context) -> tuple[F.Moments, Any]:
        """Return what this chunk of the batch says of each channel, and what `normalize` goes on with."""
        windows = window_moments(x, self.conv.window(x.shape[1:]), scratch=context.scratch)
        own = moments_of_sums(windows, parameters["weight"], parameters.get("bias"))
        return own, (x, windows, own.mean)

    def normalize(
        self, kept: Any, batch: F.Moments, parameters: Parameters, context: Context
    ) -> tuple[Array, Any]:
        """Return (y, cache) of this chunk, normalised by the whole batch's statistics."""
        x, windows, own_mean = kept
        statistics = {"running_mean": batch.mean, "running_var": batch.variance}
        folded = self.folded(parameters, {**parameters, **statistics})
        y, cache = self.conv.forward(x, folded, context)
        scale = 1 / np.sqrt(batch.variance + batch.variance.dtype.type(self.epsilon))
        return y, _Cache(cache, windows, own_mean - batch.mean, scale, batch.count)

    def sums(self, dy: Array, cache: Any, parameters: Parameters, context: Context) -> Gradients:
        """Return this chunk's part of the gradients of gamma and beta."""
        _, folded = self.conv.backward(dy, cache.convolution, parameters, context)
        cache.folded.update(folded)
        dgamma = sum_of_normalized(
            folded["weight"], folded["bias"], cache.windows, parameters["weight"], cache.gap, cache.scale
        )
        return {"gamma": dgamma, "beta": folded["bias"]}

    def backward_with_sums(
        self, dy: Array, cache: Any, parameters: Parameters, totals: Gradients, context: Context
    ) -> tuple[Array | None, Gradients]:
        """Return (None, gradients of the convolution's weight and bias) of this chunk, given the whole
        batch's gradients of gamma and beta."""
        factors = batch_norm_backward_factors(
            cache.gap, cache.scale, parameters["gamma"], totals["gamma"], totals["beta"], cache.count
        )
        dweight, dbias = unfolded(
            cache.folded["weight"], cache.folded["bias"], cache.windows, parameters["weight"], *factors
        )
        return None, {"weight": dweight, "bias": dbias} if "bias" in parameters else {"weight": dweight}
