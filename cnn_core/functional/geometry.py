"""Where a sliding window goes: sizes, strides, padding, and views of the inputs it meets."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import DTypeLike, NDArray

Array: TypeAlias = NDArray[Any]
Pair: TypeAlias = tuple[int, int]
Size: TypeAlias = int | Pair
Padding: TypeAlias = int | Pair | Literal["same", "valid"]

FEW_CHANNELS = 4  # up to here, copying channel by channel is quicker
# Windows laid out for one product, for as many images as a core's cache about holds. A constant: in which
# order numbers are added depends on it.
BLOCK_BYTES = 1 << 21


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


def columns(x: Array, w: Window, scratch: Allocate, pool: Pair = (1, 1)) -> Iterator[tuple[slice, Array]]:
    """Yield (images, matrix), some images at a time: every window as a row of an (M, K) matrix (im2col), so
    that a convolution is one matrix product.

    x is the padded image, contiguous. Rows are in the order of the outputs; for pooling windows that tile
    these, place by place in such a window (P*P, images, OH / P, OW / P). A matrix is valid until the next.
    """
    (kh, kw), (oh, ow), (n, height, width, c) = w.kernel, w.output, x.shape
    if w.kernel == (1, 1) and w.output == (height, width) and pool == (1, 1):  # each window is one pixel
        yield slice(0, n), x.reshape(-1, c)
        return
    image, (sn, sh, sw, sc), by_channel = x, x.strides, c <= FEW_CHANNELS
    if by_channel:
        image = _channels_apart(x, scratch)
        sc, sn, sh, sw = image.strides
    window: tuple[int, ...] = (kh, kw, c)
    window_steps: tuple[int, ...] = (sh * w.dilation[0], sw * w.dilation[1], sc)
    if w.dilation[1] == 1 and not by_channel:  # a row of the window is one run of KW*C numbers
        window, window_steps = (kh, kw * c), (window_steps[0], sc)
    down, right = sh * w.stride[0], sw * w.stride[1]
    output_steps = (down, right, sn, down * pool[0], right * pool[1])
    numbers = oh * ow * kh * kw * c  # of one image
    size = even(n, max(1, BLOCK_BYTES // (numbers * x.itemsize)))
    memory: Array | None = None
    for start in range(0, n, size):
        images = min(size, n - start)
        outputs = (*pool, images, oh // pool[0], ow // pool[1])
        shape, steps = (*outputs, *window), (*output_steps, *window_steps)
        if by_channel:  # stored column by column: the runs that can be copied at once are rows of the image
            shape, steps = (*window, *outputs), (*window_steps, *output_steps)
        if memory is None:
            matrix = memory = scratch(shape, x.dtype)
        else:
            matrix = memory.reshape(-1)[: images * numbers].reshape(shape)
        # The constructor is several times quicker than `as_strided`, and this runs for every chunk of a step.
        np.copyto(matrix, np.ndarray(shape, x.dtype, image, start * sn, steps))
        rows = matrix.reshape(kh * kw * c, -1).T if by_channel else matrix.reshape(-1, kh * kw * c)
        yield slice(start, start + images), rows


def even(count: int, most: int) -> int:
    """Return the size of the parts that `count` is cut into: at most `most`, all about as large."""
    return -(-count // -(-count // most))


def _channels_apart(x: Array, scratch: Allocate) -> Array:
    """Return x (N, H, W, C) as (C, N, H, W), contiguous."""
    if x.shape[3] == 1:
        return x.reshape(1, *x.shape[:3])
    planes = scratch((x.shape[3], *x.shape[:3]), x.dtype)
    np.copyto(planes, x.transpose(3, 0, 1, 2))
    return planes
