"""Which way to find a convolution, or what goes back through it, takes least.

The usual way lays windows out as rows of a matrix (`im2col`). Fewer multiplications are needed where several
outputs are found together, from tiles of pixels: below each other alone (`winograd_rows`), or both ways
(`winograd`); but then numbers are transformed, there and back.
"""

from functools import lru_cache
from typing import Literal, NamedTuple

from cnn_core.functional.geometry import Array, Pair, Window
from cnn_core.functional.minimal_filtering import POINTS

# What takes as long as so many multiply-adds: fitted to 440 convolutions of 1 to 128 channels, 1 to 16 images
# and 4 to 65 pixels a side, on AVX-512.
COPY = 5  # to copy a number of a window
SEND = 35  # to send a number back to a pixel
TRANSFORM = 14  # to transform a number one way
CALLS = 300_000  # what either takes longer for its calls, which is felt where images are small and few
FEWEST = 28  # a product of single channels with fewer columns takes no less time

KERNELS = (3, 4, 5)  # both ways: smaller ones are as quick the usual way, larger ones leave 1 or 2 outputs
LARGEST = 7  # pixels of a tile both ways: more cost precision


class Way(NamedTuple):
    """A way, and the pixels T of its tiles, each way."""

    kind: Literal["windows", "rows of tiles", "tiles"]
    t: int = 0


WINDOWS = Way("windows")


def quickest(x: Array, filters: Array, w: Window, pool: Pair = (1, 1), *, back: bool = False) -> Way:
    """Return the quickest way for x (N, H, W, C) and filters (KH, KW, C, F): to outputs, place by place in a
    pooling window, or to the gradients by both."""
    if w.stride != (1, 1) or w.dilation != (1, 1):
        return WINDOWS
    correlates = w.before[0] < w.kernel[0] and w.before[1] < w.kernel[1]
    return _quickest(x.shape, w.output, filters.shape, pool, back, correlates)


@lru_cache(maxsize=512)
def _quickest(
    shape: tuple[int, ...], output: Pair, filters: tuple[int, ...], pool: Pair, back: bool, correlates: bool
) -> Way:
    """Return the quickest way without a stride; dx `correlates` where it is a convolution of dy."""
    n, _, width, _ = shape
    (height, columns), (kh, kw, c, f) = output, filters
    products, results = (2, 2 * c + f) if back else (1, c + f)
    # Windows of dy; or those of x, which are sent something back to.
    windows = COPY * c if not back else 2 * COPY * f if f <= c else (COPY + SEND) * c
    costs = {WINDOWS: n * height * columns * kh * kw * (products * c * f + windows)}
    for t in POINTS:
        m = t - kh + 1
        if kh == kw and kh in KERNELS and t <= LARGEST and pool[0] == pool[1]:
            tiles = n * -(-height // m) * -(-columns // m)
            each = products * c * max(f, FEWEST) + 2 * TRANSFORM * results
            costs[Way("tiles", t)] = CALLS + t**2 * (tiles * each + products * 2 * TRANSFORM * c * f)
        if m > 1 and kh > 1 and (correlates if back else m % pool[0] == 0):
            rows = -(-(shape[1] if back else height) // m)
            numbers = n * rows * (width if back else columns)
            each = kw * (products * c * f + COPY * (f if back else c)) + TRANSFORM * results
            costs[Way("rows of tiles", t)] = CALLS + t * (numbers * each + products * TRANSFORM * kw * c * f)
    return min(costs, key=lambda way: costs[way])
