"""The values of one layer laid out as tiles: drawn as one image, found again by channel or by point."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QImage

from playground import theme as looks
from playground.theme import Theme
from playground.views.feeding import Region
from playground.views.mosaic import Canvas, Grid, Scale, Values, first_channels, packed, tiles
from playground.wording import brief_number, format_number

Spot = tuple[int, int, int]  # channel, row, column


class MapTiles:
    """Holds (H, W, C) values, their scale and their grid; draws again only what changed."""

    def __init__(self) -> None:
        self.grid = Grid(count=1, columns=1, tile=(1, 1), gap=0)
        self.order: NDArray[np.intp] = first_channels(1)  # the channel of each tile
        self.values: Values | None = None  # flat layers as 1 1 C
        self.scale: Scale | None = None
        self.gray = False
        self._size = (1, 1)
        self._kernels: Values | None = None  # KH KW C
        self._canvas: Canvas | None = None
        self._fresh = False  # whether the canvas holds the values

    def lay_out(self, grid: Grid, size: tuple[int, int]) -> None:
        """Use a grid, for maps of (H, W)."""
        if (grid, size) != (self.grid, self._size):
            self.grid, self._size, self._canvas = grid, size, None
        if self.order.size != grid.count:
            self.order = first_channels(grid.count)

    def set_values(
        self, values: Values | None, scale: Scale | None, order: NDArray[np.intp], gray: bool
    ) -> bool:
        """Hold (H, W, C) values, or (units,); `order` says which channels are shown, and in which order.

        Returns whether that may look different from before; arrays handed over are not changed later.
        """
        same = values is not None and values is self.values and gray == self.gray and self._fresh
        if same and _equal(scale, self.scale) and order is self.order:
            return False
        flat = values is not None and values.ndim == 1
        self.values = values.reshape(1, 1, -1) if values is not None and flat else values
        if self._kernels is not None and order is not self.order:
            self._canvas = None
        self.scale, self.order, self.gray, self._fresh = scale, order, gray, False
        return True

    def set_kernels(self, kernels: Values | None) -> None:
        """Hold (KH, KW, C) weights to be drawn beside the maps they make."""
        self._kernels, self._canvas = kernels, None

    def recolor(self) -> None:
        """Draw everything again, in the colours of another theme."""
        self._canvas = None

    def image(self, theme: Theme) -> QImage | None:
        """Return the mosaic; None without values. To be painted at once: it is a view on pixels kept here."""
        if self.values is None or self.scale is None:
            return None
        if self._canvas is None:
            self._canvas, self._fresh = Canvas(self.grid, theme.panel), False
            self._place_kernels(self._canvas, packed(looks.diverging(theme)))
        if not self._fresh:
            table = packed(self.table(theme))
            values, scale = self.values, self.scale
            channels = values.shape[2]
            if self.order is not first_channels(channels):
                values = np.ascontiguousarray(values[:, :, self.order])
                scale = replace(scale, limit=np.broadcast_to(scale.limit, channels)[self.order])
            self._canvas.place(tiles(values, scale, table, self.grid.tile), self.grid.aside)
            self._fresh = True
        return self._canvas.image()

    def reach(self, channel: int | None, write: Callable[[float], str] = format_number) -> str:
        """Return what the colours of a channel, or of all, reach to: "±1.24", "0–1.24"; "" without values."""
        scale = self.scale
        if scale is None or self.values is None:
            return ""
        if isinstance(scale.limit, np.ndarray):
            if not scale.limit.any():
                return "all 0"
            limit = "own max" if channel is None else write(scale.limit_of(channel))
        else:
            if not scale.limit:
                return "all 0"
            limit = write(scale.limit)
        return scale.words(limit)

    def brief_reach(self, channel: int | None) -> Iterator[str]:
        """Return what the colours reach to, shorter and shorter; each is made only when it is asked for."""
        if self.hidden:  # then more than that is said where it fits
            yield self.reach(channel)
        for digits in (2, 1):
            yield self.reach(channel, partial(brief_number, digits=digits))
        yield self.reach(channel, lambda _: "…")  # rather than a part of a number, which is another number

    @property
    def hidden(self) -> int:
        """How many channels are not shown."""
        return 0 if self.values is None else int(self.values.shape[2]) - self.order.size

    def table(self, theme: Theme) -> looks.ColorTable:
        """Return the colours in use."""
        if self.gray:
            return looks.GRAY
        signed = self.scale is not None and self.scale.signed
        return looks.diverging(theme) if signed else looks.sequential(theme)

    def _place_kernels(self, canvas: Canvas, table: NDArray[np.uint32]) -> None:
        if self._kernels is None or not self.grid.aside:
            return
        high, wide, count = self._kernels.shape
        side, longer = self.grid.aside - self.grid.gap, max(self._kernels.shape[:2])
        size = min(max(1, side * high // longer), self.grid.tile[0]), max(1, side * wide // longer)
        shown = self._kernels[:, :, self.order[self.order < count]]
        canvas.place(tiles(shown, Scale(float(np.abs(shown).max()), True), table, size))

    # -- places --------------------------------------------------------------------------------------

    def rect(self, channel: int) -> QRectF | None:
        """Return a channel's tile in px from the mosaic's corner; None when it is not shown."""
        places = np.flatnonzero(self.order == channel)
        return self.grid.rect(int(places[0])) if places.size else None

    def region_rects(self, region: Region) -> list[QRectF]:
        """Return a region's rectangle in each of its channels' tiles; tiny cells share one."""
        first, last = region.channels
        if last - first > 1 and min(self.grid.tile) < 10 * self.grid.ratio:
            return [QRectF(0, 0, self.grid.width, self.grid.height)]
        (top, bottom), (left, right) = region.rows, region.columns
        found = []
        for position in np.flatnonzero((self.order >= first) & (self.order < last)):
            tile = self.grid.rect(int(position))
            x, y = tile.width() / self._size[1], tile.height() / self._size[0]
            part = QRectF(left * x, top * y, (right - left) * x, (bottom - top) * y)
            found.append(part.translated(tile.topLeft()))
        return found

    def spot(self, point: QPointF) -> Spot | None:
        """Return the channel, row and column of the value at a point, None between tiles."""
        position = self.grid.at(point)
        if position is None or position >= self.order.size:
            return None
        tile = self.grid.rect(position)
        row = int((point.y() - tile.y()) / tile.height() * self._size[0])
        column = int((point.x() - tile.x()) / tile.width() * self._size[1])
        row, column = min(max(row, 0), self._size[0] - 1), min(max(column, 0), self._size[1] - 1)
        return int(self.order[position]), row, column


def _equal(one: Scale | None, other: Scale | None) -> bool:
    """Whether two scales give the same colours."""
    if one is None or other is None:
        return one is other
    return (one.signed, one.cut) == (other.signed, other.cut) and np.array_equal(one.limit, other.limit)
