"""Two neighbouring outputs of a convolution side by side, where there are few filters.

A matrix product with few columns leaves most of the processor's arithmetic idle. Two neighbours read KW + 1
columns of the image between them; one window as wide as that and twice as many filters, half of them moved
to the right, give both at once:

    y[n, i, 2j + s, f] = sum over a, b, c of x[n, i + a, 2j + b, c] * pairs[a, b, c, s, f]
    pairs[a, b, c, s, f] = filters[a, b - s, c, f]; zero where the output s does not read column b

That is (KW + 1) / KW times as many multiplications, at a higher rate, in half as many windows.
"""

import numpy as np

from cnn_core.functional.geometry import Allocate, Array, Window

FEW_FILTERS = 16  # with more, the multiplications by zero cost more than they bring
FEWER_FILTERS = 12  # so many where one output of the last pair is beyond the image (`winograd_rows`)


def worthwhile(w: Window, filters: int) -> bool:
    """Whether a convolution to so many filters is quicker two outputs at a time."""
    slides = w.stride == (1, 1) and w.dilation[1] == 1 and w.kernel[1] > 1
    return slides and w.output[1] > 1 and filters <= (FEWER_FILTERS if w.output[1] % 2 else FEW_FILTERS)


def widened(w: Window) -> Window:
    """Return the window of two outputs of an even number; for `im2col`, that is without the taps of its
    kernel."""
    kernel, output = (w.kernel[0], w.kernel[1] + 1), (w.output[0], w.output[1] // 2)
    return w._replace(kernel=kernel, stride=(w.stride[0], 2), output=output, taps=())


def paired(filters: Array, scratch: Allocate) -> Array:
    """Return the filters (KH, KW, C, F) of two outputs as (KH, KW + 1, C, 2 * F)."""
    kh, kw, c, f = filters.shape
    pairs = scratch((kh, kw + 1, c, 2, f), filters.dtype)
    pairs.fill(0)
    for s in range(2):
        pairs[:, s : s + kw, :, s] = filters
    return pairs.reshape(kh, kw + 1, c, 2 * f)


def unpaired(dpairs: Array, dfilters: Array) -> None:
    """Fill dfilters (KH, KW, C, F) from the gradients of pairs, (KH, KW + 1, C, 2 * F) or as a matrix."""
    kh, kw, c, f = dfilters.shape
    left, right = (dpairs.reshape(kh, kw + 1, c, 2, f)[:, s : s + kw, :, s] for s in range(2))
    np.add(left, right, out=dfilters)
