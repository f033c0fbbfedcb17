"""Which way to find a convolution, or what goes back through it, takes least.

The usual way lays windows out as rows of a matrix (`im2col`). Fewer multiplications are needed where several
outputs are found together, from tiles of pixels: below each other alone (`winograd_rows`), or, without a
stride, both ways (`winograd`); but then numbers are transformed, there and back.
"""

from functools import lru_cache
from typing import Literal, NamedTuple

from cnn_core.functional.geometry import Array, Pair, Window, correlates
from cnn_core.functional.minimal_filtering import POINTS, multiplications

# What takes as long as so many multiply-adds: fitted to 570 convolutions of 1 to 128 channels, 1 to 32 images
# and 4 to 65 pixels a side, on AVX-512.
COPY = 5  # to copy a number of a window
SEND = 35  # to send a number back to a pixel
TRANSFORM = 14  # to transform a number one way
CALLS = 500_000  # the calls that tiles of either kind take more, felt where images are small and few
FEWEST = 28  # filters: products of K = C alone, as tiles take them, are no quicker with fewer

KERNELS = (3, 4, 5)  # both ways: smaller ones are as quick the usual way, larger ones leave 1 or 2 outputs
TILES = (6, 7)  # pixels of a tile both ways: larger ones cost more precision


class Way(NamedTuple):
    """A way, and the outputs M of its tiles: down, and across too where tiles are square."""

    kind: Literal["windows", "rows of tiles", "tiles"]
    m: int = 0


WINDOWS = Way("windows")


def quickest(x: Array, filters: Array, w: Window, pool: Pair = (1, 1), *, back: bool = False) -> Way:
    """Return the quickest way for x (N, H, W, C) and filters (KH, KW, C, F): to outputs, place by place in a
    pooling window, and to the gradient by the filters alone; or `back`, to the gradients by both."""
    if w.dilation != (1, 1):
        return WINDOWS
    return _quickest(x.shape, w.output, w.stride, filters.shape, pool, back, back and correlates(w))


@lru_cache(maxsize=512)
def _quickest(
    shape: tuple[int, ...],
    output: Pair,
    stride: Pair,
    filters: tuple[int, ...],
    pool: Pair,
    back: bool,
    one_layout: bool,
) -> Way:
    """Return the quickest way without dilation; `one_layout` where windows of dy do for both gradients."""
    n, rows, width, _ = shape
    (height, columns), (kh, kw, c, f) = output, filters
    products, transformed = (2, 2 * c + f) if back else (1, stride[1] * c + f)
    # Back: of dy as much again for what goes to its places; or of x, and pixels are sent something back.
    windows = COPY * c if not back else 2 * COPY * f if f <= c else (COPY + SEND) * c
    costs = {WINDOWS: n * height * columns * kh * kw * (products * c * f + windows)}
    if kh == kw and kh in KERNELS and stride == (1, 1) and pool[0] == pool[1]:
        for t in TILES:
            m = t - kh + 1
            tiles = n * -(-height // m) * -(-columns // m)
            each = products * c * max(f, FEWEST) + 2 * TRANSFORM * transformed
            costs[Way("tiles", m)] = CALLS + t**2 * (tiles * each + products * 2 * TRANSFORM * c * f)
    for m in range(2, max(POINTS)):
        t = multiplications(m, kh, stride[0])
        if 0 < t < m * kh and (one_layout if back else m % pool[0] == 0):
            numbers = n * -(-(rows if back else height) // m) * (width if back else columns)
            # With a stride tiles are as many times as high, though most of what they are transformed by is 0.
            each = kw * (products * c * f + COPY * (f if back else c)) + stride[0] * TRANSFORM * transformed
            costs[Way("rows of tiles", m)] = CALLS + t * (numbers * each + products * TRANSFORM * kw * c * f)
    return min(costs, key=lambda way: costs[way])
