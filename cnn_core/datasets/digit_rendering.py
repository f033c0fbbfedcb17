"""From lines to 28x28 images: the framing of `preprocessing`, then a round pen with a soft edge.

Lines come as points (n, P, 2) in any unit; images leave as (n, 28, 28, 1) uint8, ink bright.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cnn_core.preprocessing import BOX, FIELD

Array = NDArray[np.float32]

_PATCHES = (6, 8, 10)  # sides of the square of pixels one short piece of line can reach, by its pen
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
    ink = np.zeros((len(points), _SIDE, _SIDE), dtype=np.float32)
    sides = _patch_sides(placed, radii, pen, softness)
    for side in _PATCHES:  # most pens are thin: drawn with the largest patch all would take twice as long
        rows = np.flatnonzero(sides == side)
        if len(rows):
            part = ink[rows]
            _draw(part, side, placed[rows], radii[rows], pen[rows], softness[rows])
            ink[rows] = part
    return _centered(ink)


def _framed(points: Array, radii: Array) -> Array:
    """Return the points with the inked box's longer side made 20 pixels, in the middle of the field."""
    axes = np.ascontiguousarray(np.moveaxis(points, 2, 0))  # x or y, n, P: extremes of long rows are quick
    reach = radii.max(axis=1)
    extent = (axes.max(axis=2) - axes.min(axis=2)).max(axis=0)
    scaled = axes * ((BOX - 2 * reach) / extent)[:, None]
    low, high = (scaled - radii).min(axis=2), (scaled + radii).max(axis=2)
    placed = scaled + ((_SIDE - low - high) / 2)[:, :, None]
    return np.stack([*placed], axis=2).astype(np.float32)


def _patch_sides(placed: Array, radii: Array, pen: NDArray[np.bool_], softness: Array) -> NDArray[np.intp]:
    """Return the side of the patch, (n,), that holds all the ink of any piece of each drawing."""
    steps = np.hypot(*np.moveaxis(np.diff(placed, axis=1), 2, 0)) * pen
    reach = radii.max(axis=1) + softness / 2 + steps.max(axis=1) / 2
    sides: NDArray[np.intp] = np.clip(2 * np.ceil(reach + 0.5), _PATCHES[0], _PATCHES[-1]).astype(np.intp)
    return sides


def _draw(
    ink: Array, side: int, placed: Array, radii: Array, pen: NDArray[np.bool_], softness: Array
) -> None:
    """Draw the lines piece by piece into ink (n, SIDE, SIDE); each piece changes a patch of side x side."""
    flat = ink.reshape(-1)
    across = np.arange(side)
    inside = (across[:, None] * _SIDE + across)[:, :, None]  # side, side, 1
    for piece in range(placed.shape[1] - 1):
        drawn = np.flatnonzero(pen[:, piece])
        if not len(drawn):
            continue
        ends = placed[drawn, piece : piece + 2]
        corner = np.floor((ends[:, 0] + ends[:, 1]) / 2).astype(np.intp) - (side // 2 - 1)
        value = _piece(ends, corner, side, radii[drawn, piece], softness[drawn])
        pixels = inside + (drawn * (_SIDE * _SIDE) + corner[:, 1] * _SIDE + corner[:, 0])
        flat[pixels] = np.maximum(flat[pixels], value, out=value)


def _piece(ends: Array, corner: NDArray[np.intp], side: int, radius: Array, softness: Array) -> Array:
    """Return the ink (side, side, n) of one short piece of each line, from ends[:, 0] to ends[:, 1].

    Drawings come last, so that every step runs through long rows of memory.
    """
    offset = (np.arange(side, dtype=np.float32) + np.float32(0.5))[:, None]
    start = ends[:, 0] - corner
    step_x, step_y = (ends[:, 1] - ends[:, 0]).T.copy()
    dx = (offset - start[:, 0]).astype(np.float32)  # side, n
    dy = (offset - start[:, 1]).astype(np.float32)
    length = step_x * step_x + step_y * step_y + np.float32(1e-9)
    share = dx * (step_x / length) + (dy * (step_y / length))[:, None]  # side, side, n
    np.maximum(share, 0, out=share)
    np.minimum(share, 1, out=share)
    away_y = share * step_y
    np.subtract(dy[:, None], away_y, out=away_y)
    away_y *= away_y
    share *= step_x
    np.subtract(dx, share, out=share)
    share *= share
    share += away_y
    distance = np.sqrt(share, out=share)
    distance /= softness
    return np.subtract(radius / softness + np.float32(0.5), distance, out=distance)


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
