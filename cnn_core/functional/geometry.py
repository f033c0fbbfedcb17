"""Where a sliding window goes: sizes, strides, padding, and views of the inputs it meets."""

from functools import lru_cache
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import DTypeLike, NDArray

Array: TypeAlias = NDArray[Any]
Pair: TypeAlias = tuple[int, int]
Size: TypeAlias = int | Pair
Padding: TypeAlias = int | Pair | Literal["same", "valid"]

FEW_CHANNELS = 4  # up to here, copying channel by channel is quicker


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

    x is the padded image, contiguous. The result is x itself where each window is one pixel.
    """
    if w.kernel == (1, 1) and w.output == x.shape[1:3]:
        return x.reshape(-1, x.shape[3])
    sn, sh, sw, _ = x.strides
    return window_matrix(x, w, (len(x), *w.output), (sn, sh * w.stride[0], sw * w.stride[1]), new)


def window_matrix(
    x: Array, w: Window, outputs: tuple[int, ...], output_steps: tuple[int, ...], new: Allocate
) -> Array:
    """Return windows as rows of a matrix, in the order of the axes `outputs`, each a step of so many bytes in
    x.

    With few channels the matrix is stored column by column, each channel apart: the runs that can be copied
    at once are then rows of the image, not the KW * C numbers of a window's row.
    """
    (kh, kw), channels = w.kernel, x.shape[3]
    steps: tuple[int, ...] = (x.strides[1] * w.dilation[0], x.strides[2] * w.dilation[1])
    shape: tuple[int, ...]
    if channels <= FEW_CHANNELS:
        planes = x.transpose(3, 0, 1, 2)
        if channels > 1:
            planes = new(planes.shape, x.dtype)
            np.copyto(planes, x.transpose(3, 0, 1, 2))
        shape = (kh, kw, channels, *outputs)
        steps = (*(s // channels for s in steps), planes.strides[0], *(s // channels for s in output_steps))
        x = planes
    elif w.dilation[1] == 1:  # a window's row is one run of KW*C numbers
        shape, steps = (*outputs, kh, kw * channels), (*output_steps, steps[0], x.strides[3])
    else:
        shape, steps = (*outputs, kh, kw, channels), (*output_steps, *steps, x.strides[3])
    out = new(shape, x.dtype)
    # The constructor is several times quicker than `as_strided`, and this runs for every chunk of every step.
    np.copyto(out, np.ndarray(shape, x.dtype, x, 0, steps))
    if channels <= FEW_CHANNELS:
        return out.reshape(kh * kw * channels, -1).T
    return out.reshape(-1, kh * kw * channels)
