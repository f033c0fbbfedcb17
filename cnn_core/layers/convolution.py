"""Convolution layer."""

from dataclasses import dataclass
from reprlib import repr as shown
from typing import Any, ClassVar

import numpy as np

from cnn_core import functional as F
from cnn_core.errors import ArchitectureError
from cnn_core.functional.geometry import Array, Padding, Size, Window, pair, window
from cnn_core.initializers import INITIALIZERS
from cnn_core.layers.base import (
    Context,
    Gradients,
    Layer,
    Parameters,
    Shape,
    check_fields,
    check_sizes,
    check_switch,
    need_image,
)

LARGEST_SIZE = 1024
LARGEST_COUNT = 65_536
LARGEST_WINDOW = 16_384  # pixels; every one is a step of a loop, and is described in memory


def check_padding(layer: Layer, padding: Padding) -> None:
    """Raise ArchitectureError unless padding is a number, a pair, "same" or "valid"."""
    if isinstance(padding, str):
        if padding not in ("same", "valid"):
            raise ArchitectureError(
                f'{layer.name}: padding is {shown(padding)}; use "same", "valid" or a number'
            )
    else:
        check_sizes(layer, padding=(0, LARGEST_SIZE))


def fitting_window(
    layer: Layer,
    field: str,
    input_shape: Shape,
    kernel: Size,
    stride: Size,
    padding: Padding,
    dilation: Size = 1,
) -> Window:
    """Return the layer's window over its input; raise ArchitectureError where it is larger than that."""
    height, width, _ = need_image(layer, input_shape)
    area = pair(kernel)[0] * pair(kernel)[1]
    if area > LARGEST_WINDOW:
        raise ArchitectureError(
            f"{field} {kernel} makes a window of {area:,} pixels, the limit is {LARGEST_WINDOW:,}; "
            "use a smaller one, or GlobalAveragePooling2D"
        )
    w = window((height, width), kernel, stride, padding, dilation)
    if min(w.output) >= 1:
        return w
    room = [n + b + a for n, b, a in zip((height, width), w.before, w.after, strict=True)]
    most = [(r - 1) // d + 1 for r, d in zip(room, w.dilation, strict=True)]
    size = kernel if isinstance(kernel, int) else f"{w.kernel[0]}x{w.kernel[1]}"
    spread = "" if w.dilation == (1, 1) else f" with dilation {dilation}"
    limit = f"{min(most)}" if isinstance(kernel, int) else f"{most[0]}x{most[1]}"
    raise ArchitectureError(
        f"{field} {size}{spread} is larger than its {height}x{width} input; "
        f"use {limit} or less, or add padding"
    )


@dataclass(frozen=True, kw_only=True)
class Conv2D(Layer):
    """Slides `filters` small filters over the image; each gives one feature map.

    Input (H, W, C), output (OH, OW, filters). Sizes are one number or (height, width). `padding` is a number,
    a pair, "same" (output of ceil(H / stride)) or "valid" (none). `groups` cuts the channels into parts seen
    apart.
    """

    filters: int
    kernel_size: Size = 3
    stride: Size = 1
    padding: Padding = "valid"
    dilation: Size = 1
    groups: int = 1
    bias: bool = True
    initializer: str = "he_normal"

    releases_output: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check_fields(self, filters=(1, LARGEST_COUNT), groups=(1, LARGEST_COUNT))
        check_sizes(self, kernel_size=(1, LARGEST_SIZE), stride=(1, LARGEST_SIZE), dilation=(1, LARGEST_SIZE))
        check_padding(self, self.padding)
        check_switch(self, "bias")
        check_initializer(self, self.initializer)
        if self.filters % self.groups:
            raise ArchitectureError(
                f"Conv2D: {self.filters} filters cannot be shared equally by {self.groups} groups; "
                f"use a multiple of {self.groups}, or fewer groups"
            )

    def window(self, input_shape: Shape) -> Window:
        """Return where the filters go."""
        return fitting_window(
            self, "kernel_size", input_shape, self.kernel_size, self.stride, self.padding, self.dilation
        )

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return (OH, OW, filters)."""
        w = self.window(input_shape)
        if input_shape[2] % self.groups:
            raise ArchitectureError(
                f"groups {self.groups} does not divide its {input_shape[2]} input channels; "
                f"use a divisor of {input_shape[2]}, or 1"
            )
        return (*w.output, self.filters)

    def parameter_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Return weight (KH, KW, C / groups, filters) and bias (filters,)."""
        shapes: dict[str, Shape] = {
            "weight": (*pair(self.kernel_size), input_shape[2] // self.groups, self.filters)
        }
        if self.bias:
            shapes["bias"] = (self.filters,)
        return shapes

    def init(
        self, input_shape: Shape, generator: np.random.Generator
    ) -> tuple[dict[str, Array], dict[str, Array]]:
        """Return random filters and a bias of zeros."""
        shapes = self.parameter_shapes(input_shape)
        return weight_and_bias(shapes, self.initializer, generator, self.groups), {}

    def multiply_adds(self, input_shape: Shape) -> int:
        """Return OH * OW * KH * KW * C / groups * filters."""
        oh, ow, _ = self.output_shape(input_shape)
        return oh * ow * int(np.prod(self.parameter_shapes(input_shape)["weight"]))

    def forward(self, x: Array, parameters: Parameters, context: Context) -> tuple[Array, Any]:
        """Return the feature maps; the cache is x."""
        y = F.conv2d(
            x,
            parameters["weight"],
            parameters.get("bias"),
            self.stride,
            self.padding,
            self.dilation,
            self.groups,
            new=context.new,
            scratch=context.scratch,
        )
        return y, x

    def backward(
        self, dy: Array, cache: Any, parameters: Parameters, context: Context
    ) -> tuple[Array | None, Gradients]:
        """Return dx and the gradients of weight and bias."""
        dx, dweight, dbias = F.conv2d_backward(
            dy,
            cache,
            parameters["weight"],
            self.stride,
            self.padding,
            self.dilation,
            self.groups,
            needs_dx=context.needs_dx,
            new=context.new,
            scratch=context.scratch,
        )
        return dx, {"weight": dweight, "bias": dbias} if self.bias else {"weight": dweight}


def check_initializer(layer: Layer, name: str) -> None:
    """Raise ArchitectureError unless an initialiser has this name."""
    if not isinstance(name, str) or name not in INITIALIZERS:
        raise ArchitectureError(
            f"{layer.name}: initializer is {shown(name)}; use one of {', '.join(INITIALIZERS)}"
        )


def weight_and_bias(
    shapes: dict[str, Shape], initializer: str, generator: np.random.Generator, groups: int = 1
) -> dict[str, Array]:
    """Return a random weight (last axis: outputs, the others: inputs) and, where there is one, a bias of
    zeros."""
    shape = shapes["weight"]
    fan_in = int(np.prod(shape[:-1]))
    fan_out = int(np.prod(shape[:-2])) * shape[-1] // groups  # an input reaches the filters of its group
    parameters: dict[str, Array] = {"weight": INITIALIZERS[initializer](shape, fan_in, fan_out, generator)}
    if "bias" in shapes:
        parameters["bias"] = np.zeros(shapes["bias"], np.float32)
    return parameters
