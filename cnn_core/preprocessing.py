"""From a drawing to what the network was trained on: crop, scale, smooth, centre, as MNIST was made.

A drawing is a (H, W) uint8 array with bright ink on a dark ground. MNIST's authors cut each digit to its
ink, scaled the longer side to 20 pixels keeping the aspect, which left grey levels along the edges, and moved
the centre of mass to the middle of a 28x28 field.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from cnn_core.threads import single_threaded_blas

Image = NDArray[np.float32]

FIELD = 28  # side of the field the digit ends up in, pixels
BOX = 20  # longer side of the scaled digit, pixels
_FAINT = 8  # a pixel counts as ink when brighter than 1/8 of the brightest one
_BLANK = 0.06  # contrast, of 1, below which a picture holds no ink, only noise
_GRAIN = 7.5  # times the median deviation of the ground, five standard deviations, grain may reach
_THINNEST = 0.06  # of what the ink of a picture spans, that its lines are made wide at least
LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # grey from red, green, blue (ITU-R BT.601)


@dataclass(frozen=True, kw_only=True)
class Normalization:
    """Which steps are taken; all of them make what MNIST holds.

    Without `crop` the whole canvas is scaled, empty borders included. Without `scale` the canvas is only
    brought to the 28-pixel grid, so a small drawing stays small. Without `smooth` each pixel takes the ink at
    its middle rather than the mean of the area it covers. Without `center` the picture is put in the middle
    by its borders rather than by its centre of mass.
    """

    crop: bool = True
    scale: bool = True
    smooth: bool = True
    center: bool = True


@dataclass(frozen=True)
class Stage:
    """One intermediate picture: its name, the (H, W) float32 image in 0..1, and one sentence saying why."""

    name: str
    image: Image
    why: str


def normalize_drawing(gray: NDArray[np.uint8], normalization: Normalization | None = None) -> Image:
    """Return the (28, 28, 1) float32 image in 0..1 of a (H, W) uint8 drawing; all zero for an empty one."""
    chosen = normalization or Normalization()
    cropped = _cropped(gray, chosen)
    if cropped is None:
        return np.zeros((FIELD, FIELD, 1), dtype=np.float32)
    scaled = _scaled(cropped, _size(gray, cropped, chosen), smooth=chosen.smooth)
    return _centered(scaled, by_mass=chosen.center)[:, :, None]


def normalization_steps(
    gray: NDArray[np.uint8], normalization: Normalization | None = None
) -> tuple[Stage, Stage, Stage, Stage]:
    """Return the cropped, scaled, smoothed and centred pictures; the last one is what the network sees."""
    chosen = normalization or Normalization()
    cropped = _cropped(gray, chosen)
    if cropped is None:
        cropped, size = gray.astype(np.float32), (FIELD, FIELD)
    else:
        size = _size(gray, cropped, chosen)
    sampled = _scaled(cropped, size, smooth=False)
    smoothed = _scaled(cropped, size, smooth=True) if chosen.smooth else sampled
    centered = _centered(smoothed, by_mass=chosen.center)
    scale = _say(chosen.scale, f"Longer side made {BOX} pixels", "Only brought to the pixel grid")
    middle = _say(chosen.center, "Centre of mass moved to the middle", "Its borders put around the middle")
    return (
        Stage(
            "Cropped", cropped, _say(chosen.crop, "Cut to its ink", "Kept as drawn, empty borders included")
        ),
        Stage("Scaled", sampled, f"{scale}: {size[1]} by {size[0]} pixels"),
        Stage(
            "Smoothed",
            smoothed,
            _say(chosen.smooth, "Each pixel is the mean of its area", "Each pixel is the ink at its middle"),
        ),
        Stage("Centred", centered, f"{middle} of {FIELD}×{FIELD}"),
    )


def find_ink(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the ink (H, W), 255 where it is strongest, in a picture (H, W, C) or (H, W); zeros if blank.

    The ground is what most of the border is: ink is darker than a light ground, lighter than a dark one, by
    more than the border varies: grain and shadows in a photograph of paper are no ink. Lines so thin that
    they would vanish when scaled are made wider.
    """
    shades = picture.reshape(*picture.shape[:2], -1).astype(np.float32) / np.float32(255)
    gray = _with_channels(shades, 1)[:, :, 0]
    border = np.concatenate([gray[0], gray[-1], gray[:, 0], gray[:, -1]])
    ground = float(np.median(border))
    strength = np.maximum(ground - gray if ground > 0.5 else gray - ground, 0)
    uneven = _GRAIN * float(np.median(np.abs(border - ground)))
    strength = np.maximum(strength - min(uneven, float(strength.max()) / 2), 0)
    strongest = float(strength.max())
    if strongest < _BLANK:
        return np.zeros(gray.shape, np.uint8)
    ink: NDArray[np.uint8] = np.rint(strength * np.float32(255 / strongest)).astype(np.uint8)
    return _widened(ink)


def fit_to(image: Image, input_shape: tuple[int, int, int]) -> Image:
    """Return an (H, W, C) float32 image brought to `input_shape`.

    The whole image is scaled keeping its aspect and put in the middle, zeros around it. Grey is repeated into
    each colour, red-green-blue is weighted into grey, other channel counts go through their mean.
    """
    height, width, channels = input_shape
    recolored = _with_channels(np.asarray(image, dtype=np.float32), channels)
    if recolored.shape == tuple(input_shape):
        return recolored
    rows, columns = inner_size(image.shape, height, width)
    top, left = (height - rows) // 2, (width - columns) // 2
    fitted = np.zeros(input_shape, dtype=np.float32)
    for channel in range(channels):
        fitted[top : top + rows, left : left + columns, channel] = resize(
            recolored[:, :, channel], rows, columns
        )
    return fitted


def inner_size(size: tuple[int, ...], height: int, width: int) -> tuple[int, int]:
    """Return the largest (height, width) within the given ones that keeps the aspect of `size`."""
    ratio = min(height / size[0], width / size[1])
    return min(height, max(1, round(size[0] * ratio))), min(width, max(1, round(size[1] * ratio)))


def resize(image: NDArray[np.floating | np.uint8], height: int, width: int) -> Image:
    """Return the (H, W) image at another size: means of the area covered, linear when growing."""
    vertical = area_weights(image.shape[0], height)
    horizontal = area_weights(image.shape[1], width)
    with single_threaded_blas():  # too little work to be shared: threads would only wait for each other
        return vertical @ image.astype(np.float32) @ horizontal.T


@lru_cache(maxsize=64)
def area_weights(source: int, target: int) -> Image:
    """Return (target, source) weights: how much of each source pixel lies in the window of each target pixel.

    The window is never narrower than one source pixel, so that growing interpolates linearly.
    """
    ratio = source / target
    middle = (np.arange(target, dtype=np.float32)[:, None] + 0.5) * ratio
    half = max(1.0, ratio) / 2
    edges = np.arange(source, dtype=np.float32)
    overlap = np.minimum(middle + half, edges + 1) - np.maximum(middle - half, edges)
    np.maximum(overlap, 0, out=overlap)
    weights: Image = (overlap / overlap.sum(axis=1, keepdims=True)).astype(np.float32)
    weights.flags.writeable = False  # it is kept: every move of a pen asks for it again
    return weights


def _widened(ink: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return ink (H, W) with its lines made as wide as those of a pen; itself where they are."""
    box = _ink_box(ink)
    if box is None:
        return ink
    inked = np.pad(ink[box] > 127, 1)
    edges = inked.copy()
    edges[1:-1, 1:-1] &= ~(inked[:-2, 1:-1] & inked[2:, 1:-1] & inked[1:-1, :-2] & inked[1:-1, 2:])
    width = 2 * float(inked.sum()) / max(1.0, float(edges.sum()))  # a line has two edges
    missing = round((_THINNEST * max(ink[box].shape) - width) / 2)
    if missing < 1:
        return ink
    return _spread(_spread(ink, missing).T, missing).T


def _spread(ink: NDArray[np.uint8], reach: int) -> NDArray[np.uint8]:
    """Return of each pixel the strongest ink of those up to `reach` above and below it."""
    height, covered, rows = ink.shape[0], 1, np.pad(ink, ((reach, reach), (0, 0)))
    while covered < 2 * reach + 1:  # each row holds the strongest of so many from it on
        more = min(covered, 2 * reach + 1 - covered)
        rows[: len(rows) - more] = np.maximum(rows[: len(rows) - more], rows[more:])
        covered += more
    return rows[:height]


def _cropped(gray: NDArray[np.uint8], chosen: Normalization) -> Image | None:
    """Return the ink, (H, W) in 0..1, with or without the empty sheet around it; None where there is none."""
    box = _ink_box(gray)
    if box is None:
        return None
    return (gray[box] if chosen.crop else gray).astype(np.float32) / np.float32(255)


def _size(gray: NDArray[np.uint8], cropped: Image, chosen: Normalization) -> tuple[int, int]:
    """Return height and width in pixels of the scaled picture."""
    grid = BOX if chosen.scale else FIELD * max(cropped.shape) / max(gray.shape)
    ratio = grid / max(cropped.shape)
    height, width = (max(1, min(FIELD, round(side * ratio))) for side in cropped.shape)
    return height, width


def _scaled(picture: Image, size: tuple[int, int], *, smooth: bool) -> Image:
    """Return the picture at another size: of each pixel the mean of its area, or the value at its middle."""
    if smooth:
        return np.minimum(resize(picture, *size), 1)
    rows, columns = (
        ((np.arange(target) + 0.5) * source / target).astype(np.intp)
        for source, target in zip(picture.shape, size, strict=True)
    )
    return picture[rows[:, None], columns]


def _ink_box(gray: NDArray[np.uint8]) -> tuple[slice, slice] | None:
    brightest = int(gray.max(initial=0))
    if brightest == 0:
        return None
    ink = gray > brightest // _FAINT
    rows = np.flatnonzero(ink.any(axis=1))
    columns = np.flatnonzero(ink.any(axis=0))
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _centered(scaled: Image, *, by_mass: bool) -> Image:
    """Return the (28, 28) field with the picture on whole pixels, its ink never pushed over the border."""
    field = np.zeros((FIELD, FIELD), dtype=np.float32)
    height, width = scaled.shape
    top = _offset(scaled.sum(axis=1), by_mass=by_mass)
    left = _offset(scaled.sum(axis=0), by_mass=by_mass)
    rows = slice(max(0, top), min(FIELD, top + height))
    columns = slice(max(0, left), min(FIELD, left + width))
    field[rows, columns] = scaled[
        rows.start - top : rows.stop - top, columns.start - left : columns.stop - left
    ]
    return field


def _offset(profile: Image, *, by_mass: bool) -> int:
    """Return where the first row (or column) goes, from the ink in each of them."""
    length = len(profile)
    if not by_mass or not profile.any():  # without smoothing, all ink may lie between the points taken
        return (FIELD - length) // 2
    middle = float(profile @ (np.arange(length) + 0.5)) / float(profile.sum())
    inked = np.flatnonzero(profile)
    lowest, highest = -int(inked[0]), FIELD - 1 - int(inked[-1])
    return min(max(round(FIELD / 2 - middle), lowest), highest)


def _with_channels(image: Image, channels: int) -> Image:
    if image.shape[2] == channels:
        return image
    if image.shape[2] == 3 and channels == 1:
        return (image @ LUMA)[:, :, None]
    gray = image.mean(axis=2, keepdims=True, dtype=np.float32)
    return np.repeat(gray, channels, axis=2)


def _say(taken: bool, when_taken: str, when_not: str) -> str:
    return when_taken if taken else when_not
