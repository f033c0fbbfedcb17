"""Where a sliding window goes: sizes, strides, padding, and views of the inputs it meets."""

from collections.abc import Iterator
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import DTypeLike, NDArray

Array: TypeAlias = NDArray[Any]
Pair: TypeAlias = tuple[int, int]
Size: TypeAlias = int | Pair
Padding: TypeAlias = int | Pair | Literal["same", "valid"]


class Allocate(Protocol):
    """Gives memory, like `numpy.empty`: the content is whatever was there."""

    def __call__(self, shape: tuple[int, ...], dtype: DTypeLike, /) -> Array:
        """Return an array of this shape and type."""
        ...


def pair(size: Size) -> Pair:
    """Return (height, width) of a size given as one number or as a pair."""
    return (size, size) if isinstance(size, int) else size


class Window(NamedTuple):
    """A window sliding over an image: all of its geometry, resolved for one image size."""

    kernel: Pair
    stride: Pair
    dilation: Pair
    before: Pair  # padding above and left
    after: Pair  # padding below and right
    output: Pair  # OH, OW; zero or less where the window does not fit

    @property
    def padded(self) -> bool:
        """Whether there is any padding."""
        return any(self.before) or any(self.after)

    def taps(self) -> Iterator[tuple[int, int, tuple[slice, slice, slice]]]:
        """Yield, row by row, (row, column, where that tap of the kernel reads the padded image in all positions)."""
        for i in range(self.kernel[0]):
            for j in range(self.kernel[1]):
                yield i, j, (slice(None), self._reads(0, i), self._reads(1, j))

    def _reads(self, axis: int, tap: int) -> slice:
        start = tap * self.dilation[axis]
        return slice(start, start + self.stride[axis] * (self.output[axis] - 1) + 1, self.stride[axis])


def window(size: Pair, kernel: Size, stride: Size = 1, padding: Padding = 0, dilation: Size = 1) -> Window:
    """Return the window for images of `size` (H, W).

    "valid" is no padding; "same" gives OH = ceil(H / stride), an odd pixel of padding going below and right.
    """
    kernel, stride, dilation = pair(kernel), pair(stride), pair(dilation)
    reach = tuple(d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True))
    if padding == "same":
        total = [max((-(-n // s) - 1) * s + r - n, 0) for n, s, r in zip(size, stride, reach, strict=True)]
    else:
        total = [2 * p for p in pair(0 if padding == "valid" else padding)]
    output = [(n + t - r) // s + 1 for n, t, r, s in zip(size, total, reach, stride, strict=True)]
    before = (total[0] // 2, total[1] // 2)
    after = (total[0] - before[0], total[1] - before[1])
    return Window(kernel, stride, dilation, before, after, (output[0], output[1]))


def pad(x: Array, w: Window, new: Allocate, value: float = 0.0) -> Array:
    """Return x with the window's padding around it; x itself where there is none."""
    if not w.padded:
        return x
    n, height, width, channels = x.shape
    (top, left), (bottom, right) = w.before, w.after
    out = new((n, top + height + bottom, left + width + right, channels), x.dtype)
    out[:, :top] = value
    out[:, top + height :] = value
    out[:, top : top + height, :left] = value
    out[:, top : top + height, left + width :] = value
    out[:, top : top + height, left : left + width] = x
    return out


def unpad(x: Array, w: Window) -> Array:
    """Return the part of a padded image that is the image: a view."""
    if not w.padded:
        return x
    (top, left), (bottom, right) = w.before, w.after
    return x[:, top : x.shape[1] - bottom, left : x.shape[2] - right]


def columns(x: Array, w: Window, new: Allocate) -> Array:
    """Return every window as a row of an (M, K) matrix (im2col), so that a convolution is one matrix product.

    x is the padded image, contiguous. With one channel the matrix is stored tap by tap: the runs that can be copied
    at once are then rows of the image, not the KW numbers of a window's row.
    """
    n, _, _, channels = x.shape
    (kh, kw), (oh, ow) = w.kernel, w.output
    if w.kernel == (1, 1) and w.stride == (1, 1):
        return x.reshape(-1, channels)
    if channels == 1:
        taps = new((kh * kw, n, oh, ow), x.dtype)
        for i, j, reads in w.taps():
            taps[i * kw + j] = x[reads][..., 0]
        return taps.reshape(kh * kw, -1).T
    sn, sh, sw, sc = x.strides
    steps = (sn, sh * w.stride[0], sw * w.stride[1], sh * w.dilation[0], sw * w.dilation[1], sc)
    shape: tuple[int, ...] = (n, oh, ow, kh, kw, channels)
    if w.dilation[1] == 1:  # a window's row is one run of KW*C numbers
        shape, steps = (n, oh, ow, kh, kw * channels), (*steps[:4], sc)
    out = new(shape, x.dtype)
    # The constructor is several times quicker than `as_strided`, and this runs for every chunk of every step.
    np.copyto(out, np.ndarray(shape, x.dtype, x, 0, steps))
    return out.reshape(n * oh * ow, -1)  # M, K
