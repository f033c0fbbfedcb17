"""An image on the canvas that was not drawn with the pen but taken from a data set or a file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Picture:
    """`pixels` (H, W, C) uint8, and a caption for people such as `digits 17: 3`.

    With `as_drawing` the pixels are ink (H, W, 1), bright on dark, and are prepared as strokes are; without,
    the network gets them as they are. `label` is the class an image of a data set has there, by name.
    """

    pixels: np.ndarray
    caption: str
    as_drawing: bool = False
    label: str = ""
