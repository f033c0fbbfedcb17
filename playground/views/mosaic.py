"""All maps of one layer as one image, in the screen's own pixels.

Notation: C channels of H x W values; tiles of th x tw screen pixels, `columns` of them in a row.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QImage

from cnn_core.preprocessing import area_weights
from playground.theme import ColorTable, rgb

Values = NDArray[np.float32]

_CRISP = 2.5  # screen pixels per value from which on each value is shown as a sharp square


@dataclass(frozen=True, kw_only=True)
class Grid:
    """Where tiles go: whole screen pixels inside, window coordinates (px at 100 %) outside."""

    count: int
    columns: int
    tile: tuple[int, int]  # height, width
    gap: int
    ratio: float = 1.0  # screen pixels per px
    aside: int = 0  # screen pixels kept free at the left of every tile, for its kernel

    @cached_property
    def rows(self) -> int:
        """How many rows of tiles there are."""
        return -(-self.count // self.columns)

    @cached_property
    def pitch(self) -> tuple[int, int]:
        """Screen pixels from one tile to the next, down and right."""
        return self.tile[0] + self.gap, self.aside + self.tile[1] + self.gap

    @cached_property
    def pixels(self) -> tuple[int, int]:
        """Height and width of the whole mosaic in screen pixels."""
        return self.rows * self.pitch[0], self.columns * self.pitch[1]

    @cached_property
    def width(self) -> float:
        """Width in px, without the last gap."""
        return (self.pixels[1] - self.gap) / self.ratio

    @cached_property
    def height(self) -> float:
        """Height in px, without the last gap."""
        return (self.pixels[0] - self.gap) / self.ratio

    @cached_property
    def extent(self) -> QRectF:
        """The whole mosaic in px, with the last gap."""
        height, width = self.pixels
        return QRectF(0, 0, width / self.ratio, height / self.ratio)

    def rect(self, position: int) -> QRectF:
        """Return where the tile at a position is, in px from the mosaic's corner."""
        row, column = divmod(position, self.columns)
        top, left = row * self.pitch[0], column * self.pitch[1] + self.aside
        return QRectF(
            left / self.ratio, top / self.ratio, self.tile[1] / self.ratio, self.tile[0] / self.ratio
        )

    def at(self, point: QPointF) -> int | None:
        """Return the position of the tile at a point (its kernel and the gap after it included), or None."""
        row = int(point.y() * self.ratio // self.pitch[0])
        column = int(point.x() * self.ratio // self.pitch[1])
        position = row * self.columns + column
        inside = point.x() >= 0 and point.y() >= 0 and column < self.columns and position < self.count
        return position if inside else None


@dataclass(frozen=True)
class Scale:
    """Which value gets which colour: -limit..limit when signed, else 0..limit; limits may be per channel.

    `cut` says that some values lie beyond: they have the colours of the ends.
    """

    limit: float | Values
    signed: bool
    cut: bool = False

    def words(self, limit: str) -> str:
        """Return how a legend says the range: "±1.24", "0–1.24", with a plus where values lie beyond."""
        return f"{'±' if self.signed else '0–'}{limit}{'+' if self.cut else ''}"

    def levels(self, values: Values) -> NDArray[np.uint8]:
        """Return (..., C) values as rows 0..255 of the colour table."""
        limit = np.maximum(np.asarray(self.limit, np.float32), np.float32(1e-12))
        half = np.float32(127.5) if self.signed else np.float32(255)
        with np.errstate(invalid="ignore"):  # a network that went wrong is shown too
            scaled = values * (half / limit)
            scaled += half + np.float32(0.5) if self.signed else np.float32(0.5)  # what follows rounds down
            return scaled.clip(0, 255, out=scaled).astype(np.uint8)

    def limit_of(self, channel: int) -> float:
        """Return the largest value the scale reaches for one channel."""
        limits = np.atleast_1d(self.limit)
        return float(limits[channel if channel < limits.size else 0])


@lru_cache(maxsize=64)
def first_channels(count: int) -> NDArray[np.intp]:
    """Return 0, 1, ... `count` - 1, always the same array: an order that changes nothing."""
    channels = np.arange(count)
    channels.flags.writeable = False
    return channels


def packed(table: ColorTable) -> NDArray[np.uint32]:
    """Return a (256, 3) colour table as 256 opaque 0xffRRGGBB values, the layout of Format_RGB32."""
    return _packed(table.tobytes())


@lru_cache(maxsize=16)
def _packed(table: bytes) -> NDArray[np.uint32]:
    red, green, blue = np.frombuffer(table, np.uint8).reshape(-1, 3).T.astype(np.uint32)
    result: NDArray[np.uint32] = np.uint32(0xFF000000) | red << np.uint32(16) | green << np.uint32(8) | blue
    return result


def tiles(
    values: Values, scale: Scale, table: NDArray[np.uint32], size: tuple[int, int]
) -> NDArray[np.uint32]:
    """Return (C, th, tw) colours of (H, W, C) values.

    Large tiles show each value as a square; small ones blend, weighted by area, so that no value is lost.
    """
    height, width = values.shape[:2]
    if (height > 1 and size[0] < _CRISP * height) or (width > 1 and size[1] < _CRISP * width):
        return table.take(scale.levels(_blended(values, size)).transpose(2, 0, 1))
    colors = table.take(scale.levels(values).transpose(2, 0, 1))  # C H W
    return colors[:, _nearest(height, size[0])[:, None], _nearest(width, size[1])]


def _blended(values: Values, size: tuple[int, int]) -> Values:
    """Return (th, tw, C) means of (H, W, C) values."""
    height, width = values.shape[:2]
    # Many small products, not few large ones: those would be spread over threads that training keeps busy.
    rows = area_weights(height, size[0]) @ values.transpose(1, 0, 2)  # W th C
    blended: Values = area_weights(width, size[1]) @ rows.transpose(1, 0, 2)
    return blended


@lru_cache(maxsize=64)
def _nearest(source: int, target: int) -> NDArray[np.intp]:
    return np.minimum(((np.arange(target) + 0.5) * source / target).astype(np.intp), source - 1)


class Canvas:
    """The pixels of one mosaic, kept between frames; tiles are written into it and painted as one image."""

    def __init__(self, grid: Grid, background: str) -> None:
        red, green, blue = rgb(background)
        self.grid = grid
        self._pixels = np.full(grid.pixels, 0xFF000000 | red << 16 | green << 8 | blue, np.uint32)

    def place(self, drawn: NDArray[np.uint32], left: int = 0) -> None:
        """Write (C, th, tw) colours, each `left` screen pixels right of its cell's left border."""
        grid = self.grid
        count, height, width = drawn.shape
        cells = self._pixels.reshape(grid.rows, grid.pitch[0], grid.columns, grid.pitch[1])
        full, rest = divmod(count, grid.columns)
        across = slice(left, left + width)
        block = drawn[: full * grid.columns].reshape(full, grid.columns, height, width)
        cells[:full, :height, :, across] = block.transpose(0, 2, 1, 3)
        if rest:
            cells[full, :height, :rest, across] = drawn[full * grid.columns :].transpose(1, 0, 2)

    def image(self) -> QImage:
        """Return the image; a view on the pixels, to be painted before they change."""
        height, width = self._pixels.shape
        image = QImage(self._pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(self.grid.ratio)
        return image
