"""Where a sliding window goes: sizes, strides, padding, and views of the inputs it meets."""

from functools import lru_cache
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


class Tap(NamedTuple):
    """One number of a kernel: its place, and the pixels of the padded image that it meets."""

    row: int
    column: int
    reads: tuple[slice, slice, slice]


class Window(NamedTuple):
    """A window sliding over an image: all of its geometry, resolved for one image size."""

    kernel: Pair
    stride: Pair
    dilation: Pair
    before: Pair  # padding above and left
    after: Pair  # padding below and right
    output: Pair  # OH, OW; zero or less where the window does not fit
    taps: tuple[Tap, ...]  # row by row

    @property
    def padded(self) -> bool:
        """Whether there is any padding."""
        return any(self.before) or any(self.after)


@lru_cache(maxsize=512)
def window(
    size: Pair, kernel: Size, stride: Size = 1, padding: Padding = 0, dilation: Size = 1, tile: Size = 1
) -> Window:
    """Return the window for images of `size` (H, W).

    "valid" is no padding; "same" gives OH = ceil(H / stride), an odd pixel of padding going below and
    right. Of the output, rows and columns past the last multiple of `tile` are left out.
    """
    kernel, stride, dilation, tile = pair(kernel), pair(stride), pair(dilation), pair(tile)
    reach = tuple(d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True))
    if padding == "same":
        total = [max((-(-n // s) - 1) * s + r - n, 0) for n, s, r in zip(size, stride, reach, strict=True)]
    else:
        total = [2 * p for p in pair(0 if padding == "valid" else padding)]
    full = [(n + t - r) // s + 1 for n, t, r, s in zip(size, total, reach, stride, strict=True)]
    output = [n // t * t for n, t in zip(full, tile, strict=True)]
    before = (total[0] // 2, total[1] // 2)
    after = (total[0] - before[0], total[1] - before[1])
    rows, columns_ = (
        [slice(k * d, k * d + s * (o - 1) + 1, s) for k in range(n)]
        for n, d, s, o in zip(kernel, dilation, stride, output, strict=True)
    )
    taps = (Tap(i, j, (slice(None), r, c)) for i, r in enumerate(rows) for j, c in enumerate(columns_))
    return Window(kernel, stride, dilation, before, after, (output[0], output[1]), tuple(taps))


def reach(w: Window) -> Pair:
    """Return how far a kernel reaches below and right of its first tap."""
    return (w.kernel[0] - 1) * w.dilation[0], (w.kernel[1] - 1) * w.dilation[1]


def correlates(w: Window) -> bool:
    """Whether dx is a convolution of dy: where the window skips no pixel and is not padded beyond its
    reach."""
    fits = all(b <= r for b, r in zip(w.before, reach(w), strict=True))
    return fits and w.stride == (1, 1)


def padded_shape(shape: tuple[int, ...], w: Window) -> tuple[int, ...]:
    """Return the shape (N, H, W, C) of images with the window's padding around them."""
    n, height, width, channels = shape
    return n, w.before[0] + height + w.after[0], w.before[1] + width + w.after[1], channels


def pad(x: Array, w: Window, new: Allocate, value: float = 0.0) -> Array:
    """Return x with the window's padding around it; x itself where there is none."""
    if not w.padded:
        return x
    out = new(padded_shape(x.shape, w), x.dtype)
    fill_padded(out, x, w, value)
    return out


def fill_padded(out: Array, x: Array, w: Window, value: float = 0.0) -> None:
    """Fill a padded image with x and the value around it."""
    (height, width), (top, left) = x.shape[1:3], w.before
    out[:, :top] = value
    out[:, top + height :] = value
    out[:, top : top + height, :left] = value
    out[:, top : top + height, left + width :] = value
    out[:, top : top + height, left : left + width] = x


def unpad(x: Array, w: Window) -> Array:
    """Return the part of a padded image that is the image: a view."""
    if not w.padded:
        return x
    (top, left), (bottom, right) = w.before, w.after
    return x[:, top : x.shape[1] - bottom, left : x.shape[2] - right]


def cropped(x: Array, w: Window, new: Allocate) -> Array:
    """Return the image of a padded one in memory of its own; x itself where there is no padding."""
    if not w.padded:
        return x
    inner = unpad(x, w)
    out = new(inner.shape, inner.dtype)
    np.copyto(out, inner)
    return out


def even(count: int, most: int) -> int:
    """Return the size of the parts that `count` is cut into: at most `most`, all about as large."""
    return -(-count // -(-count // most))
