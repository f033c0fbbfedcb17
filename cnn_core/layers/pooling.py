"""Pooling layers: smaller images that keep what matters, or its mean."""

from dataclasses import dataclass
from typing import Any, ClassVar

from cnn_core import functional as F
from cnn_core.errors import ArchitectureError
from cnn_core.functional.geometry import Array, Padding, Size, Window, pair
from cnn_core.layers.base import (
    Context,
    Gradients,
    Layer,
    Parameters,
    Shape,
    check_sizes,
    need_image,
)
from cnn_core.layers.convolution import LARGEST_SIZE, check_padding, fitting_window


@dataclass(frozen=True, kw_only=True)
class _Pool2D(Layer):
    """A window that slides over each channel. `stride` is the pool size where it is None."""

    pool_size: Size = 2
    stride: Size | None = None
    padding: Padding = 0

    releases_output: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check_sizes(self, pool_size=(1, LARGEST_SIZE))
        if self.stride is not None:
            check_sizes(self, stride=(1, LARGEST_SIZE))
        check_padding(self, self.padding)
        if not isinstance(self.padding, str) and any(
            p >= k for p, k in zip(pair(self.padding), pair(self.pool_size), strict=True)
        ):
            raise ArchitectureError(
                f"{self.name}: padding {self.padding} would make windows of padding alone; "
                f"use less than the pool size {self.pool_size}"
            )

    @property
    def step(self) -> Size:
        """The stride in force."""
        return self.pool_size if self.stride is None else self.stride

    def window(self, input_shape: Shape) -> Window:
        """Return where the pooling window goes."""
        return fitting_window(self, "pool_size", input_shape, self.pool_size, self.step, self.padding)

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return (OH, OW, C)."""
        return (*self.window(input_shape).output, input_shape[2])


@dataclass(frozen=True, kw_only=True)
class MaxPool2D(_Pool2D):
    """Keeps the largest value of each window: where a feature is, to within a window, matters no more."""

    def forward(self, x: Array, parameters: Parameters, context: Context) -> tuple[Array, Any]:
        """Return the maxima; the cache is who won each window."""
        if not context.training:
            return F.max_pool2d(
                x, self.pool_size, self.stride, self.padding, new=context.new, scratch=context.scratch
            ), None
        y, winners = F.max_pool2d_winners(
            x, self.pool_size, self.stride, self.padding, new=context.new, scratch=context.scratch
        )
        return y, (winners, x.shape)

    def backward(
        self, dy: Array, cache: Any, parameters: Parameters, context: Context
    ) -> tuple[Array | None, Gradients]:
        """Return dx: the winner of each window takes its gradient."""
        winners, shape = cache
        dx = F.max_pool2d_backward(
            dy,
            winners,
            shape,
            self.pool_size,
            self.stride,
            self.padding,
            new=context.new,
            scratch=context.scratch,
        )
        return dx, {}


@dataclass(frozen=True, kw_only=True)
class AvgPool2D(_Pool2D):
    """Keeps the mean of each window; padding counts as zeros."""

    def forward(self, x: Array, parameters: Parameters, context: Context) -> tuple[Array, Any]:
        """Return the means; the cache is the input's shape."""
        y = F.avg_pool2d(
            x, self.pool_size, self.stride, self.padding, new=context.new, scratch=context.scratch
        )
        return y, x.shape

    def backward(
        self, dy: Array, cache: Any, parameters: Parameters, context: Context
    ) -> tuple[Array | None, Gradients]:
        """Return dx: each window's gradient is shared equally."""
        dx = F.avg_pool2d_backward(
            dy, cache, self.pool_size, self.stride, self.padding, new=context.new, scratch=context.scratch
        )
        return dx, {}


@dataclass(frozen=True, kw_only=True)
class GlobalAveragePooling2D(Layer):
    """Keeps the mean of each whole channel: (H, W, C) becomes a vector of C (Lin et al. 2014)."""

    releases_output: ClassVar[bool] = True
    sees_all: ClassVar[bool] = True

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return (C,)."""
        return (need_image(self, input_shape)[2],)

    def forward(self, x: Array, parameters: Parameters, context: Context) -> tuple[Array, Any]:
        """Return the means; the cache is the input's shape."""
        return F.global_avg_pool2d(x), x.shape

    def backward(
        self, dy: Array, cache: Any, parameters: Parameters, context: Context
    ) -> tuple[Array | None, Gradients]:
        """Return dx: each channel's gradient is shared equally by its positions."""
        return F.global_avg_pool2d_backward(dy, cache, new=context.new), {}
