"""What one channel is made from: the maps it reads, each with its kernel."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from playground.theme import LIGHT, Theme
from playground.views.column_parts import paint_ramp, write
from playground.views.feeding import Region
from playground.views.map_tiles import MapTiles
from playground.views.mosaic import Scale, Values
from playground.views.strip_layout import MOST_TILES, ColumnContent, Kind, arrange

_LEGEND = 24  # px


class SourcesPane(QWidget):
    """Paints (H, W, C) maps as tiles with (KH, KW, C) kernels beside them; of very many the strongest."""

    source_selected = Signal(int)  # input channel
    source_hovered = Signal(object)  # input channel, or None

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Inputs and kernels of the channel")
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._theme = LIGHT
        self._tiles = MapTiles()
        self._maps: Values | None = None
        self._kernels: Values | None = None
        self._first = 0
        self._traced: Region | None = None
        self._under: int | None = None
        self._legend = ""

    def set_theme(self, theme: Theme) -> None:
        """Paint in the colours of a theme."""
        self._theme = theme
        self._tiles.recolor()
        self.update()

    def set_sources(
        self,
        maps: Values | None,
        kernels: Values | None,
        *,
        first: int = 0,
        gray: bool = False,
        legend: str = "",
    ) -> None:
        """Show input maps, `first` being the channel of the first one; None shows nothing."""
        self._maps, self._kernels, self._first, self._legend = maps, kernels, first, legend
        self.setAccessibleDescription(legend)
        if maps is not None:
            self._lay_out()
            count = maps.shape[2]
            order = np.arange(count)
            if count > MOST_TILES:
                strength = np.abs(maps if kernels is None else kernels).sum(axis=(0, 1))
                order = np.argsort(-strength, kind="stable")[:MOST_TILES]
            scale = Scale(max(float(maps.max()), -float(maps.min())), signed=bool(maps.min() < 0))
            self._tiles.set_values(maps, Scale(1.0, False) if gray else scale, order, gray)
            self._tiles.set_kernels(kernels)
        self.update()

    def set_traced(self, region: Region | None) -> None:
        """Outline the values that the number being read was computed from."""
        if region != self._traced:
            self._traced = region
            self.update()

    def sizeHint(self) -> QSize:
        """Room for some tiles."""
        return QSize(280, 224)

    def _lay_out(self) -> None:
        if self._maps is None:
            return
        high, wide, count = self._maps.shape
        kernel = None if self._kernels is None else self._kernels.shape[:2]
        content = ColumnContent(
            kind=Kind.MAPS, count=min(count, MOST_TILES), size=(high, wide), kernel=kernel
        )
        room = max(40, self.height() - _LEGEND - 4)
        ((_, grid),) = arrange([content], self.width() - 4, room, self.devicePixelRatioF())
        self._tiles.lay_out(grid, (high, wide))

    # -- events --------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay out the tiles anew."""
        super().resizeEvent(event)
        self._lay_out()

    def _channel_at(self, event: QMouseEvent) -> int | None:
        spot = self._tiles.spot(event.position()) if self._maps is not None else None
        return None if spot is None else spot[0]

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Mark the map under the pointer."""
        self._hover(self._channel_at(event))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go to the map under the pointer."""
        channel = self._channel_at(event)
        if channel is not None and event.button() == Qt.MouseButton.LeftButton:
            self.source_selected.emit(self._first + channel)

    def leaveEvent(self, event: QEvent) -> None:
        """Mark nothing any more."""
        self._hover(None)

    def _hover(self, channel: int | None) -> None:
        if channel != self._under:
            self._under = channel
            self.source_hovered.emit(None if channel is None else self._first + channel)
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Maps with kernels, outlines, legend."""
        painter, theme = QPainter(self), self._theme
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        image = self._tiles.image(theme) if self._maps is not None else None
        if image is None or self._maps is None:
            write(painter, theme, QRectF(self.rect()), self._legend, "muted")
            return
        painter.drawImage(0, 0, image)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        under = None if self._under is None else self._tiles.rect(self._under)
        if under is not None:
            painter.setPen(QPen(theme.color("text"), 1))
            painter.drawRect(under.adjusted(-1, -1, 1, 1))
        if self._traced is not None:
            first, last = (channel - self._first for channel in self._traced.channels)
            painter.setPen(QPen(theme.color("accent"), 1.25))
            shifted = Region(self._traced.rows, self._traced.columns, (first, last))
            for rect in self._tiles.region_rects(shifted):
                painter.drawRect(rect)
        room = QRectF(0, self._tiles.grid.height + 6, self.width(), _LEGEND)
        hidden = self._maps.shape[2] - self._tiles.order.size
        text = self._legend + (f", strongest {self._tiles.order.size}" if hidden else "")
        paint_ramp(painter, theme, room, self._tiles.table(theme), text)
