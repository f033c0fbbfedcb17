"""A convolution and the max-pooling after it, run as one step. Not a layer that people choose: `plan` puts it
in."""

from dataclasses import dataclass
from typing import Any, ClassVar

from cnn_core.functional.geometry import Array, Window, pair
from cnn_core.functional.pooled_convolution import conv2d_max_pool, conv2d_max_pool_backward
from cnn_core.layers.base import Context, Gradients, Layer, Parameters, Shape
from cnn_core.layers.convolution import Conv2D
from cnn_core.layers.pooling import MaxPool2D


@dataclass(frozen=True, kw_only=True)
class PooledConv2D(Layer):
    """`pool` of `conv`, for pooling windows that tile the map."""

    conv: Conv2D
    pool: MaxPool2D

    releases_output: ClassVar[bool] = True

    @staticmethod
    def join(conv: Layer, pool: Layer) -> "PooledConv2D | None":
        """Return these two layers as one; None where they cannot be run so."""
        if not isinstance(conv, Conv2D) or not isinstance(pool, MaxPool2D):
            return None
        tiles = pair(pool.step) == pair(pool.pool_size) and pool.padding in (0, (0, 0), "valid")
        return PooledConv2D(conv=conv, pool=pool) if tiles and conv.groups == 1 else None

    def window(self, input_shape: Shape) -> Window:
        """Return where the filters go."""
        return self.conv.window(input_shape)

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the pooled shape."""
        return self.pool.output_shape(self.conv.output_shape(input_shape))

    def parameter_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Return those of the convolution."""
        return self.conv.parameter_shapes(input_shape)

    def multiply_adds(self, input_shape: Shape) -> int:
        """Return those of the convolution."""
        return self.conv.multiply_adds(input_shape)

    def forward(self, x: Array, parameters: Parameters, context: Context) -> tuple[Array, Any]:
        """Return the pooled feature maps; the cache is x and who won each window."""
        c = self.conv
        y, winners = conv2d_max_pool(
            x,
            parameters["weight"],
            parameters.get("bias"),
            c.stride,
            c.padding,
            c.dilation,
            self.pool.pool_size,
            with_winners=context.training,
            new=context.new,
            scratch=context.scratch,
        )
        return y, (x, winners)

    def backward(
        self, dy: Array, cache: Any, parameters: Parameters, context: Context
    ) -> tuple[Array | None, Gradients]:
        """Return dx and the gradients of the convolution's weight and bias."""
        x, winners = cache
        c = self.conv
        dx, dweight, dbias = conv2d_max_pool_backward(
            dy,
            winners,
            x,
            parameters["weight"],
            c.stride,
            c.padding,
            c.dilation,
            self.pool.pool_size,
            needs_dx=context.needs_dx,
            new=context.new,
            scratch=context.scratch,
        )
        return dx, {"weight": dweight, "bias": dbias} if c.bias else {"weight": dweight}
