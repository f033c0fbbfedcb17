"""From lines to 28x28 images: the framing of `preprocessing`, then a round pen with a soft edge.

Lines come as points (n, P, 2) in any unit; images leave as (n, 28, 28, 1) uint8, ink bright.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cnn_core.preprocessing import BOX, FIELD

Array = NDArray[np.float32]

_PATCH = 10  # side of the square of pixels one short piece of line can reach
_MARGIN = 6  # border around the field while drawing, so that patches never leave it
_SIDE = FIELD + 2 * _MARGIN


def render(
    points: Array, width: Array, pen: NDArray[np.bool_], radius: Array, softness: Array
) -> NDArray[np.uint8]:
    """Return the images of n drawings.

    width (n, P) is the relative pen width at each point, pen (n, P - 1) where the line is drawn, radius (n,)
    the pen's radius and softness (n,) the width of its edge, both in pixels of the image.
    """
    radii = radius[:, None] * width
    placed = _framed(points, radii)
    ink = np.zeros((len(points), _SIDE * _SIDE), dtype=np.float32)
    for piece in range(points.shape[1] - 1):
        drawn = np.flatnonzero(pen[:, piece])
        if len(drawn):
            ends = placed[drawn, piece : piece + 2]
            _draw_piece(ink, drawn, ends, radii[drawn, piece], softness[drawn])
    return _centered(ink.reshape(-1, _SIDE, _SIDE))


def _framed(points: Array, radii: Array) -> Array:
    """Return the points with the inked box's longer side made 20 pixels, in the middle of the field."""
    reach = radii.max(axis=1)
    extent = (points.max(axis=1) - points.min(axis=1)).max(axis=1)
    scaled = points * ((BOX - 2 * reach) / extent)[:, None, None]
    low = (scaled - radii[:, :, None]).min(axis=1)
    high = (scaled + radii[:, :, None]).max(axis=1)
    placed: Array = scaled + (_SIDE - low - high)[:, None, :] / 2
    return placed.astype(np.float32)


def _draw_piece(ink: Array, drawn: NDArray[np.intp], ends: Array, radius: Array, softness: Array) -> None:
    """Draw one short piece of line, from ends[:, 0] to ends[:, 1], into each of the drawn images."""
    corner = np.floor(ends.mean(axis=1)).astype(np.intp) - (_PATCH // 2 - 1)
    offset = np.arange(_PATCH, dtype=np.float32) + np.float32(0.5)
    start = ends[:, 0] - corner
    step = ends[:, 1] - ends[:, 0]
    dx = (offset - start[:, 0:1]).astype(np.float32)[:, None, :]  # n, 1, PATCH
    dy = (offset - start[:, 1:2]).astype(np.float32)[:, :, None]  # n, PATCH, 1
    length = (step * step).sum(axis=1) + np.float32(1e-9)
    share = dx * (step[:, 0] / length)[:, None, None] + dy * (step[:, 1] / length)[:, None, None]
    np.clip(share, 0, 1, out=share)
    away_x = dx - share * step[:, 0, None, None]
    away_y = dy - share * step[:, 1, None, None]
    away_x *= away_x
    away_y *= away_y
    away_x += away_y
    distance = np.sqrt(away_x, out=away_x)
    value = ((radius / softness) + np.float32(0.5))[:, None, None] - distance / softness[:, None, None]
    first = drawn * (_SIDE * _SIDE) + corner[:, 1] * _SIDE + corner[:, 0]
    inside = (np.arange(_PATCH)[:, None] * _SIDE + np.arange(_PATCH)).ravel()
    pixels = first[:, None] + inside
    flat = ink.reshape(-1)
    flat[pixels] = np.maximum(flat[pixels], value.reshape(len(drawn), -1))


def _centered(ink: Array) -> NDArray[np.uint8]:
    """Return the field cut so that each drawing's centre of mass is in its middle, on whole pixels."""
    np.clip(ink, 0, 1, out=ink)
    mass = ink.sum(axis=(1, 2))
    position = np.arange(_SIDE, dtype=np.float32) + np.float32(0.5)
    top = _start(ink.sum(axis=2) @ position / mass)
    left = _start(ink.sum(axis=1) @ position / mass)
    rows = (top[:, None] + np.arange(FIELD))[:, :, None]
    columns = (left[:, None] + np.arange(FIELD))[:, None, :]
    images = ink[np.arange(len(ink))[:, None, None], rows, columns]
    rounded: NDArray[np.uint8] = (images * 255 + 0.5).astype(np.uint8)
    return rounded[:, :, :, None]


def _start(middle: Array) -> NDArray[np.intp]:
    reach = (FIELD - BOX) // 2
    shift: NDArray[np.intp] = np.clip(np.rint(middle - _SIDE / 2), -reach, reach).astype(np.intp)
    return shift + _MARGIN
