"""An image on the canvas that was not drawn but taken from a data set or a file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Picture:
    """`pixels` (H, W, C) uint8, and a caption for people such as `digits 17: 3`."""

    pixels: np.ndarray
    caption: str
