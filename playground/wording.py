"""How numbers and shapes are written for people, and what layers are called."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from cnn_core import Layer

THIN_SPACE = "\N{NARROW NO-BREAK SPACE}"  # between thousands
MINUS = "\N{MINUS SIGN}"
TIMES = "\N{MULTIPLICATION SIGN}"


@lru_cache(maxsize=1024, typed=True)
def format_number(value: float) -> str:
    """Return a number for reading: three significant digits, thousands separated, a true minus sign.

    Whole numbers of type int keep all digits ("225 034"); very large and small ones are written "1.20e−5".
    """
    if isinstance(value, int | np.integer):
        return f"{value:,}".replace(",", THIN_SPACE).replace("-", MINUS)
    value = float(value)
    if not math.isfinite(value):
        return "not a number" if math.isnan(value) else ("∞" if value > 0 else f"{MINUS}∞")
    if value == 0:
        return "0"
    digits, _, power = f"{value:.2e}".partition("e")
    exponent = int(power)
    if -4 < exponent < 7:
        text = f"{round(value, 2 - exponent):,.{max(0, 2 - exponent)}f}"
        return text.replace(",", THIN_SPACE).replace("-", MINUS)
    return f"{digits}e{exponent}".replace("-", MINUS)


def format_share(share: float, digits: int = 0) -> str:
    """Return a share 0..1 as "98.3 %"."""
    return f"{100 * share:.{digits}f} %"


def brief_number(value: float, digits: int) -> str:
    """Return a number as short as it gets with one or two significant digits: "0.9", "12", "1e27"."""
    if not math.isfinite(value) or value == 0:
        return format_number(float(value))
    rounded, _, power = f"{value:.{digits - 1}e}".partition("e")
    plain = f"{value:,.{max(0, digits - 1 - int(power))}f}".replace(",", THIN_SPACE)
    return min(plain, f"{rounded}e{int(power)}", key=len).replace("-", MINUS)


def format_shape(shape: tuple[int, ...]) -> str:
    """Return a shape as people write it: (26, 26, 32) -> "26×26×32"."""
    return TIMES.join(format_number(int(size)) for size in shape)


def layer_names(layers: Sequence[Layer]) -> list[str]:
    """Return a name for each layer, numbered where a kind occurs more than once: "Conv2D 1", "Flatten"."""
    total = Counter(layer.name for layer in layers)
    seen: Counter[str] = Counter()
    names = []
    for layer in layers:
        seen[layer.name] += 1
        names.append(f"{layer.name} {seen[layer.name]}" if total[layer.name] > 1 else layer.name)
    return names
