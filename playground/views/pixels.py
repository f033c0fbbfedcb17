"""Values to colours by a table."""

import numpy as np
from numpy.typing import NDArray

from playground.theme import ColorTable


def colored(values: NDArray[np.float32], low: float, high: float, table: ColorTable) -> NDArray[np.uint8]:
    """Each value's colour, shape (..., 3) uint8: the table's first for `low`, its last for `high`."""
    span = high - low
    if span <= 0:
        low, span = low - 0.5, 1.0
    scaled = (np.nan_to_num(values, nan=low) - low) * (255.0 / span)
    colors: NDArray[np.uint8] = table[np.clip(np.rint(scaled), 0, 255).astype(np.uint8)]
    return colors
