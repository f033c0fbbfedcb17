"""Augmentation: training images changed anew each time they are used, so that a network learns what matters.

All geometric changes together are one warp: for each pixel of the result, where in the source it comes from,
read there by bilinear interpolation, with zeros (black) outside. Images are (N, H, W, C) uint8, ink bright.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn_core.limits import check_numbers

Images = NDArray[np.uint8]
Array = NDArray[np.float32]
Random = np.random.Generator

_CHUNK = 128  # images warped at once: their arrays stay in the core's cache
_GRID = 5  # elastic displacements are drawn on a grid of 5 by 5 points
_THINNEST = 0.7  # share of the way to the eroded image at most, so that no line vanishes
LIMITS = {
    "rotation": 180.0,
    "shift": 64.0,
    "scale": 0.9,
    "shear": 60.0,
    "thickness": 8.0,
    "elastic": 32.0,
    "noise": 1.0,
    "cutout": 512.0,
}


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """How far images are changed at most; each image gets a random share of it, both ways. 0: not at all.

    Raises ValueError for a value that is not a number from 0 to its limit.
    """

    rotation: float = 0.0  # degrees
    shift: float = 0.0  # pixels, each way
    scale: float = 0.0  # 0.2: width and height, each for itself, from 80 to 125 %
    shear: float = 0.0  # degrees of slant
    thickness: float = 0.0  # pixels a stroke gets wider or thinner
    elastic: float = 0.0  # pixels the parts of the image move against each other
    noise: float = 0.0  # standard deviation of grey noise, 1 being white
    cutout: float = 0.0  # longest side of a rectangle blackened, pixels

    def __post_init__(self) -> None:
        check_numbers(self, {name: (0.0, limit) for name, limit in LIMITS.items()}, "augmentation: ")

    @property
    def active(self) -> bool:
        """Whether anything is changed at all."""
        return any(getattr(self, field.name) > 0 for field in fields(self))

    def apply(self, images: Images, random: Random) -> Images:
        """Return the images changed, a new array of the same shape; the same for the same generator state."""
        if not self.active or len(images) == 0:
            return images.copy()
        result = np.empty_like(images, order="C")
        for start in range(0, len(images), _CHUNK):
            part = slice(start, start + _CHUNK)
            result[part] = self._changed(images[part], random)
        return result

    def to_json(self) -> dict[str, float]:
        """Return plain values."""
        return asdict(self)

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Augmentation:
        """Return the augmentation described; raise ValueError where it is none."""
        try:
            return Augmentation(**value)
        except TypeError as error:
            raise ValueError(f"this is not an augmentation: {error}") from None

    def _changed(self, images: Images, random: Random) -> Images:
        if self.thickness:
            images = _thickened(images, _both_ways(random, self.thickness, len(images)))
        if self.rotation or self.shift or self.scale or self.shear or self.elastic:
            images = _warped(images, *self._sources(images.shape, random))
        if self.noise:
            images = _noisy(images, self.noise * random.random(len(images), dtype=np.float32), random)
        if self.cutout:
            images = _cut_out(images, self.cutout, random)
        return images

    def _sources(self, shape: tuple[int, ...], random: Random) -> tuple[Array, Array]:
        """Return x and y, each (n, H, W): where in the source each pixel of the result comes from."""
        n, height, width = shape[:3]
        angle = np.radians(_both_ways(random, self.rotation, n))
        slant = np.tan(np.radians(_both_ways(random, self.shear, n)))
        stretch = np.exp(_both_ways(random, -math.log(1 - self.scale), 2 * n)).reshape(2, n)
        move = _both_ways(random, self.shift, 2 * n).reshape(2, n)
        cosine, sine = np.cos(angle), np.sin(angle)
        across = (np.arange(width, dtype=np.float32) - (width - 1) / 2)[None, None, :]
        down = (np.arange(height, dtype=np.float32) - (height - 1) / 2)[None, :, None]
        # rotation @ slant @ stretch: one row of the matrix for x, one for y
        x = _plane(across, down, stretch[0] * cosine, stretch[1] * (cosine * slant - sine))
        y = _plane(across, down, stretch[0] * sine, stretch[1] * (sine * slant + cosine))
        x += (move[0] + np.float32((width - 1) / 2))[:, None, None]
        y += (move[1] + np.float32((height - 1) / 2))[:, None, None]
        if self.elastic:
            waves = _waves(2 * n, height, width, self.elastic, random)
            x += waves[:n]
            y += waves[n:]
        return x, y


HANDWRITING = Augmentation(rotation=10, shift=1.2, scale=0.1, shear=10, thickness=0.8, elastic=1.0)
"""What changes between one hand and the next, and between one pen and the next."""


def _both_ways(random: Random, largest: float, count: int) -> Array:
    drawn: Array = np.float32(largest) * (2 * random.random(count, dtype=np.float32) - 1)
    return drawn


def _plane(across: Array, down: Array, per_column: Array, per_row: Array) -> Array:
    plane: Array = per_column[:, None, None] * across + per_row[:, None, None] * down
    return plane


def _waves(n: int, height: int, width: int, largest: float, random: Random) -> Array:
    """Return (n, H, W) smooth displacements of at most `largest` pixels."""
    grid = _both_ways(random, largest, n * _GRID * _GRID).reshape(n, _GRID, _GRID)
    rows = np.matmul(_between(height), grid)  # n, H, GRID
    waves: Array = np.matmul(rows, _between(width).T)
    return waves


@lru_cache(maxsize=16)
def _between(size: int) -> Array:
    """Return (size, GRID) weights that go smoothly from grid point to grid point."""
    position = np.linspace(0, _GRID - 1, size)[:, None]
    near = np.clip(1 - np.abs(position - np.arange(_GRID)), 0, 1)
    weights: Array = (near * near * (3 - 2 * near)).astype(np.float32)
    weights.flags.writeable = False
    return weights


def _warped(images: Images, x: Array, y: Array) -> Images:
    """Return the images read at x, y (n, H, W), between pixels linearly, zeros outside."""
    n, height, width, channels = images.shape
    columns = width + 3  # one zero before, two after: a position at the far edge still has a right neighbour
    x += 1
    y += 1
    np.clip(x, 0, width + 1, out=x)
    np.clip(y, 0, height + 1, out=y)
    left, top = np.floor(x), np.floor(y)
    x -= left
    y -= top
    # Counted in float32, which is exact up to 4096 x 4096 pixels: index numbers are twice as large.
    top *= columns
    top += left
    index = top.astype(np.intp)
    index += (np.arange(n) * (height + 3) * columns)[:, None, None]
    padded = np.zeros((n, height + 3, columns), dtype=np.float32)
    flat = padded.ravel()
    result = np.empty_like(images, order="C")
    for channel in range(channels):
        padded[:, 1 : height + 1, 1 : width + 1] = images[:, :, :, channel]
        upper = _row(flat, index, x)
        upper += (_row(flat[columns:], index, x) - upper) * y
        upper += np.float32(0.5)
        result[:, :, :, channel] = upper
    return result


def _row(flat: Array, index: NDArray[np.intp], share: Array) -> Array:
    """Return the values `share` of the way from the pixels at `index` to their right neighbours."""
    value: Array = flat.take(index)
    right = flat[1:].take(index)
    right -= value
    right *= share
    value += right
    return value


def _thickened(images: Images, pixels: Array) -> Images:
    """Return the images with strokes wider (thinner where negative) by that many pixels (n,)."""
    while np.any(pixels):
        images, before = images.copy(), images
        for chosen, extreme, most in ((pixels > 0, np.maximum, 1), (pixels < 0, np.minimum, _THINNEST)):
            part = before[chosen]
            # One pass is one pixel on either side.
            share = np.minimum(np.abs(pixels[chosen]) / 2, np.float32(most))
            blend = _neighbours(part, extreme).astype(np.float32)
            blend -= part
            blend *= share[:, None, None, None]
            blend += part
            blend += np.float32(0.5)
            images[chosen] = blend
        pixels = np.where(np.abs(pixels) > 2, pixels - np.sign(pixels) * 2, 0)
    return images


def _neighbours(images: Images, extreme: np.ufunc) -> Images:
    """Return the largest (or smallest) of each pixel and its four neighbours."""
    result = images.copy()
    extreme(result[:, 1:], images[:, :-1], out=result[:, 1:])
    extreme(result[:, :-1], images[:, 1:], out=result[:, :-1])
    extreme(result[:, :, 1:], images[:, :, :-1], out=result[:, :, 1:])
    extreme(result[:, :, :-1], images[:, :, 1:], out=result[:, :, :-1])
    return result


def _noisy(images: Images, deviation: Array, random: Random) -> Images:
    noise = random.standard_normal(images.shape, dtype=np.float32)
    noise *= 255 * deviation[:, None, None, None]
    noise += images
    noise += np.float32(0.5)
    return np.clip(noise, 0, 255, out=noise).astype(np.uint8)


def _cut_out(images: Images, longest: float, random: Random) -> Images:
    n, height, width, _ = images.shape
    rows = _stretch_of(height, longest, n, random)[:, :, None, None]
    columns = _stretch_of(width, longest, n, random)[:, None, :, None]
    return images * ~(rows & columns)


def _stretch_of(size: int, longest: float, n: int, random: Random) -> NDArray[np.bool_]:
    """Return (n, size), True in one random stretch of up to `longest` pixels, its middle anywhere."""
    middle = size * random.random((n, 1))
    half = longest / 2 * random.random((n, 1))
    inside: NDArray[np.bool_] = np.abs(np.arange(size) + 0.5 - middle) < half
    return inside
