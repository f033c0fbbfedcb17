"""One layer of the network: header, its values as tiles, bars or cells, and the legend of their colours."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QEnterEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QApplication, QWidget

from playground.theme import LIGHT, Theme
from playground.views.bars import Bars, bar_at, line_rect
from playground.views.column_parts import Caption, paint_header, paint_problem, paint_ramp, write
from playground.views.feeding import Region
from playground.views.map_tiles import MapTiles, Spot
from playground.views.mosaic import Grid, Scale, Values
from playground.views.strip_layout import ColumnContent, Kind

HEADER, FOOTER = 54, 26  # px above and below the values
PAD = 2  # px between the column's border and its content


class LayerColumn(QWidget):
    """Shows one layer. Clicks and drags are passed on; nothing is decided here."""

    header_clicked = Signal()
    tile_clicked = Signal(int)  # channel
    background_clicked = Signal()
    hovered = Signal(object)  # (channel, row, column) under the pointer, or None
    dragged = Signal(QPoint)  # global position while the header is dragged
    dropped = Signal(QPoint)
    menu_requested = Signal(QPoint)  # global position

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)  # nothing behind it is painted each frame
        self._theme = LIGHT
        self._caption = Caption()
        self._content = ColumnContent(kind=Kind.NOTHING)
        self._tiles = MapTiles()
        self._bars = Bars()
        self._labels: tuple[str, ...] = ()
        self._stale = False
        self._selected: tuple[bool, int | None] = (False, None)
        self._traced: Region | None = None
        self._ahead = False
        self._under: Spot | None = None
        self._pressed: QPointF | None = None  # where in the header
        self._dragging, self._legend_painted = False, ""

    # -- what to show --------------------------------------------------------------------------------

    def set_theme(self, theme: Theme) -> None:
        """Paint in the colours of a theme."""
        self._theme = theme
        self._tiles.recolor()
        self.update()

    def set_caption(self, caption: Caption) -> None:
        """Write the words."""
        self._caption = caption
        self.setToolTip(caption.tip)
        self.setAccessibleName(caption.words)
        self.setAccessibleDescription(caption.problem or caption.waiting)
        self.update()

    def set_content(self, content: ColumnContent, grid: Grid) -> None:
        """Lay out tiles, bars or cells."""
        self._content = content
        self._tiles.lay_out(grid, content.size)
        self.update()

    def set_labels(self, labels: tuple[str, ...]) -> None:
        """Name the bars."""
        self._labels = labels
        self.update()

    def set_values(
        self, values: Values | None, scale: Scale | None, order: NDArray[np.intp], *, gray: bool = False
    ) -> None:
        """Show (H, W, C) values, or (units,), of the channels in `order`; None shows empty tiles."""
        if self._tiles.set_values(values, scale, order, gray):
            self._update_values()

    def set_kernels(self, kernels: Values | None) -> None:
        """Show (KH, KW, C) weights beside the maps they make."""
        self._tiles.set_kernels(kernels)
        self._update_values()

    def _update_values(self) -> None:
        """Have the values painted again, and the legend where it changed; words and borders stay."""
        # One rectangle: clipped to two, Qt paints images on several threads, which takes longer to wake.
        pictured, beneath = self._pictured().toAlignedRect(), self.legend != self._legend_painted
        self.update(pictured if pictured and not beneath else self.rect().adjusted(PAD, HEADER, -PAD, 0))

    def set_stale(self, stale: bool) -> None:
        """Show the values as no longer true."""
        if stale != self._stale:
            self._stale = stale
            self.update()

    def set_selected(self, selected: bool, channel: int | None) -> None:
        """Mark the column, and one of its channels."""
        if (selected, channel) != self._selected:
            self._selected = selected, channel
            self.update()

    def set_traced(self, region: Region | None, *, ahead: bool = False) -> None:
        """Outline the values that a number elsewhere was computed from; ahead: those that read it, dotted."""
        if (region, ahead) != (self._traced, self._ahead):
            self._traced, self._ahead = region, ahead
            self.update()

    @property
    def caption(self) -> Caption:
        """The words shown."""
        return self._caption

    @property
    def shown_channels(self) -> NDArray[np.intp]:
        """The channel of each tile."""
        return self._tiles.order

    @property
    def legend(self) -> str:
        """What the colours reach to, in words: "±1.24" or "0–1.24"; "" without values."""
        return self._tiles.reach(self._selected[1])

    def value_at(self, spot: Spot) -> float | None:
        """Return the number shown at a channel, row and column; None without values."""
        channel, row, column = spot
        values = self._tiles.values
        return None if values is None or channel >= values.shape[2] else float(values[row, column, channel])

    def tile_rect(self, channel: int) -> QRectF | None:
        """Return where a channel's tile or bar is in the column, None when it is not among those shown."""
        body = self._body()
        if self._content.kind is Kind.NOTHING:
            return None
        if self._content.kind is Kind.BARS:
            return line_rect(body, len(self._labels), channel)
        rect = self._tiles.rect(channel)
        return None if rect is None else rect.translated(body.topLeft())

    # -- painting ------------------------------------------------------------------------------------

    def _body(self) -> QRectF:
        return QRectF(PAD, HEADER, self.width() - 2 * PAD, self.height() - HEADER - FOOTER)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Background, words, values, outlines, legend."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme, caption, body = self._theme, self._caption, self._body()
        self._paint_background(painter, event)
        if event.rect().y() < HEADER:
            paint_header(painter, theme, body, caption)
        if caption.problem:
            paint_problem(painter, theme, body.adjusted(0, 0, 0, FOOTER - PAD), caption.problem)
        elif self._content.kind is Kind.NOTHING:
            write(painter, theme, body, caption.waiting, "muted")
        else:
            painter.setOpacity(0.35 if self._stale and self._tiles.values is not None else 1.0)
            self._paint_values(painter, body)
            painter.setOpacity(1.0)
            self._paint_outlines(painter, body.topLeft())
            if event.rect().bottom() >= self.height() - FOOTER:
                self._paint_legend(painter)

    def _pictured(self) -> QRectF:
        """Return what a picture of the values covers, all of it; empty while there is none."""
        tiles, kind = self._tiles, self._content.kind
        if tiles.values is None or tiles.scale is None or self._stale or self._caption.problem:
            return QRectF()
        if kind is Kind.BARS:
            return self._body() if self._labels else QRectF()
        return QRectF() if kind is Kind.NOTHING else tiles.grid.extent.translated(PAD, HEADER)

    def _paint_background(self, painter: QPainter, event: QPaintEvent) -> None:
        theme = self._theme
        if not self._pictured().contains(event.rect().toRectF()):  # else it is all painted over
            painter.fillRect(event.rect(), theme.color("panel"))
        if self._selected[0]:
            painter.setPen(QPen(theme.color("accent"), 1.5))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.75, 0.75, -0.75, -0.75), 5, 5)
        elif self._dragging or (self._under is None and self.underMouse()):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("raised"))
            painter.drawRoundedRect(QRectF(0, 0, self.width(), HEADER - 3), 5, 5)

    def _paint_values(self, painter: QPainter, body: QRectF) -> None:
        tiles = self._tiles
        if self._content.kind is Kind.BARS:
            values = None if tiles.values is None else tiles.values.reshape(-1)
            marked = self._under[0] if self._under else self._selected[1]
            numbers = values, tiles.scale, self._labels, marked
            self._bars.paint(painter, self._theme, body, *numbers, stressed=not self._stale)
            return
        image = tiles.image(self._theme)
        if image is not None:
            painter.drawImage(body.topLeft(), image)
            return
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color("grid"))
        for position in range(tiles.grid.count):
            painter.drawRect(tiles.grid.rect(position).translated(body.topLeft()))

    def _paint_outlines(self, painter: QPainter, corner: QPointF) -> None:
        """Selected channel, tile under the pointer, and what feeds something elsewhere."""
        if self._content.kind is Kind.BARS:
            return
        painter.setBrush(Qt.BrushStyle.NoBrush)
        pointed = self._under[0] if self._under else None
        for channel, color, width in ((self._selected[1], "accent", 2.0), (pointed, "text", 1.0)):
            rect = None if channel is None else self.tile_rect(channel)
            if rect is not None:
                painter.setPen(QPen(self._theme.color(color), width))
                painter.drawRect(rect.adjusted(-1, -1, 1, 1))
        if self._traced is not None:
            style = Qt.PenStyle.DotLine if self._ahead else Qt.PenStyle.SolidLine
            painter.setPen(QPen(self._theme.color("accent"), 1.25, style))
            for rect in self._tiles.region_rects(self._traced):
                painter.drawRect(rect.translated(corner))

    def _paint_legend(self, painter: QPainter) -> None:
        """The colours used, and below them what their ends stand for."""
        tiles, text = self._tiles, self.legend
        self._legend_painted = text
        if not text:
            return
        text += f", strongest {tiles.order.size}" if tiles.hidden else ""
        room = QRectF(PAD, self.height() - FOOTER + 5, self.width() - 2 * PAD, FOOTER - 5)
        table = None if self._content.kind is Kind.BARS else tiles.table(self._theme)
        paint_ramp(painter, self._theme, room, table, text, tiles.brief_reach(self._selected[1]))

    # -- events --------------------------------------------------------------------------------------

    def spot_at(self, point: QPointF) -> Spot | None:
        """Return the channel, row and column of the value at a point of the column, or None."""
        body = self._body()
        if point.y() < body.y() or self._content.kind is Kind.NOTHING or self._caption.problem:
            return None
        if self._content.kind is Kind.BARS:
            bar = bar_at(body, len(self._labels), point)
            return None if bar is None else (bar, 0, 0)
        return self._tiles.spot(point - body.topLeft())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose a tile, or take hold of the header."""
        if event.button() != Qt.MouseButton.LeftButton:
            return
        spot = self.spot_at(event.position())
        if event.position().y() < HEADER:
            self._pressed = event.position()
        elif spot is not None:
            self.tile_clicked.emit(spot[0])
        else:
            self.background_clicked.emit()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag the header, or read the value under the pointer."""
        if self._pressed is not None:
            way = (event.position() - self._pressed).manhattanLength()
            self._dragging = self._dragging or way >= QApplication.startDragDistance()
            if self._dragging:
                self.dragged.emit(event.globalPosition().toPoint())
            return
        self._hover(self.spot_at(event.position()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Drop the header, or choose the layer."""
        if self._pressed is None or event.button() != Qt.MouseButton.LeftButton:
            return
        dragging, self._dragging, self._pressed = self._dragging, False, None
        self.update()
        if dragging:
            self.dropped.emit(event.globalPosition().toPoint())
        else:
            self.header_clicked.emit()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Ask for the menu of this layer."""
        self.menu_requested.emit(event.globalPos())

    def enterEvent(self, event: QEnterEvent) -> None:
        """Show that the header can be taken hold of."""
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        """Read nothing any more."""
        self._hover(None)
        self.update()

    def _hover(self, spot: Spot | None) -> None:
        if spot != self._under:
            self._under = spot
            self.hovered.emit(spot)
            self.update()
