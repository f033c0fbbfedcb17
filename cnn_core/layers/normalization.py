"""Batch normalisation, the one layer that looks at the whole batch."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from cnn_core import functional as F
from cnn_core.errors import ArchitectureError
from cnn_core.functional.geometry import Array
from cnn_core.layers.base import Context, Gradients, Layer, Parameters, Shape, check_fields


@dataclass(frozen=True, eq=False)
class _Cache:
    centred: Array  # x less the chunk's own mean
    gap: Array  # that mean less the batch's
    scale: Array
    count: int  # values a channel in the whole batch


@dataclass(frozen=True, kw_only=True)
class BatchNorm(Layer):
    """Gives every channel mean 0 and variance 1 over the batch, then a learned scale and shift (Ioffe and
    Szegedy 2015).

    After Conv2D a channel is normalised over images and positions, after Dense over images. Training uses the
    batch's own statistics and moves the running ones (buffers) towards them by `momentum`; inference uses the
    running ones.

    In training the batch arrives in chunks, and its statistics need them all: `moments` of each chunk,
    `merge` of all, then `normalize` each chunk; backwards `sums` of each chunk, then `backward_with_sums` on
    the totals.
    """

    momentum: float = 0.1
    epsilon: float = 1e-5

    releases_output: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check_fields(self, momentum=(0.0, 1.0), epsilon=(1e-12, 1.0))

    def parameter_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Return gamma (C,), the scale, and beta (C,), the shift."""
        return {"gamma": input_shape[-1:], "beta": input_shape[-1:]}

    def buffer_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Return running_mean (C,) and running_var (C,)."""
        return {"running_mean": input_shape[-1:], "running_var": input_shape[-1:]}

    def init(
        self, input_shape: Shape, generator: np.random.Generator
    ) -> tuple[dict[str, Array], dict[str, Array]]:
        """Return scale 1 and shift 0; running mean 0 and variance 1."""
        zeros, ones = (np.full(input_shape[-1:], v, np.float32) for v in (0, 1))
        return {"gamma": ones, "beta": zeros}, {"running_mean": zeros.copy(), "running_var": ones.copy()}

    def multiply_adds(self, input_shape: Shape) -> int:
        """Return one a value."""
        return int(np.prod(input_shape))

    def forward(self, x: Array, parameters: Parameters, context: Context) -> tuple[Array, Any]:
        """Return the input normalised by the running statistics (in `parameters` beside gamma and beta)."""
        if context.training:
            raise ValueError("in training, BatchNorm is run by `moments`, `merge` and `normalize`")
        gamma, beta, mean, variance = (
            parameters[k] for k in ("gamma", "beta", "running_mean", "running_var")
        )
        return F.batch_norm(x, gamma, beta, self.epsilon, mean, variance, new=context.new), None

    def folded(self, sums: Parameters, parameters: Parameters) -> dict[str, Array]:
        """Return the weight and bias of a layer of weighted sums (`sums` are its own) that gives what this
        layer makes of it by the running statistics: one factor and one summand a channel."""
        gamma, beta, mean, variance = (
            parameters[k] for k in ("gamma", "beta", "running_mean", "running_var")
        )
        factor, summand = F.batch_norm_line(gamma, beta, mean, variance, self.epsilon)
        bias = sums["bias"] * factor + summand if "bias" in sums else summand
        return {"weight": sums["weight"] * factor, "bias": bias}

    def moments(self, x: Array, parameters: Parameters, context: Context) -> tuple[F.Moments, Any]:
        """Return what this chunk of the batch says of each channel, and what `normalize` goes on with."""
        # x less its mean may take the place of x where nobody else needs x.
        centred = x if context.may_overwrite else context.new(x.shape, x.dtype)
        own = F.moments(x, centred=centred)
        return own, (centred, own.mean)

    def merge(self, parts: Sequence[F.Moments]) -> F.Moments:
        """Return the whole batch's statistics."""
        batch = F.merge_moments(parts)
        if batch.count < 2:
            raise ArchitectureError(
                "BatchNorm needs at least two values a channel to have a variance; "
                "use a batch size of 2 or more"
            )
        return batch

    def normalize(
        self, kept: Any, batch: F.Moments, parameters: Parameters, context: Context
    ) -> tuple[Array, Any]:
        """Return (y, cache) of this chunk, normalised by the whole batch's statistics; `kept` is what
        `moments` has given."""
        centred, own_mean = kept
        gap = own_mean - batch.mean
        y, scale = F.normalize(
            centred, gap, batch, parameters["gamma"], parameters["beta"], self.epsilon, new=context.new
        )
        return y, _Cache(centred, gap, scale, batch.count)

    def updated_buffers(self, batch: F.Moments, buffers: Parameters) -> dict[str, Array]:
        """Return the running statistics, moved towards the batch's; the variance is the unbiased one."""
        m = np.float32(self.momentum)
        unbiased = batch.squares / np.float32(batch.count - 1)
        mean, variance = buffers["running_mean"], buffers["running_var"]
        return {
            "running_mean": mean + m * (batch.mean - mean),
            "running_var": variance + m * (unbiased - variance),
        }

    def sums(self, dy: Array, cache: Any, parameters: Parameters, context: Context) -> Gradients:
        """Return this chunk's part of the gradients of gamma and beta."""
        dgamma, dbeta = F.batch_norm_sums(dy, cache.centred, cache.gap, cache.scale)
        return {"gamma": dgamma, "beta": dbeta}

    def backward_with_sums(
        self, dy: Array, cache: Any, parameters: Parameters, totals: Gradients, context: Context
    ) -> tuple[Array | None, Gradients]:
        """Return (dx, no gradients) of this chunk, given the whole batch's gradients of gamma and beta."""
        dx = F.batch_norm_backward(
            dy,
            cache.centred,
            cache.gap,
            cache.scale,
            parameters["gamma"],
            totals["gamma"],
            totals["beta"],
            cache.count,
        )
        return dx, {}
