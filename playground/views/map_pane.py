"""One feature map, large: every value in sight, walked by pointer or arrow keys."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from playground import theme as looks
from playground.theme import LIGHT, Theme, font
from playground.views.column_parts import write
from playground.views.mosaic import Canvas, Grid, Scale, Values, packed, tiles
from playground.wording import format_number

Pixel = tuple[int, int]  # row, column

_ROOM_FOR_NUMBERS = (38, 18)  # px, width and height of a value's square from which on its number is written
_STEPS = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}


class MapPane(QWidget):
    """Paints (H, W) values as squares, with their numbers where there is room."""

    pixel_hovered = Signal(object)  # (row, column) under the pointer or at the keyboard's place, or None
    pixel_selected = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Feature map")
        self.setToolTip("Arrow keys walk the values, Enter or a click selects one")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._theme = LIGHT
        self._values: Values | None = None
        self._scale = Scale(1.0, signed=True)
        self._gray = False
        self._empty = ""
        self._selected: Pixel | None = None
        self._under: Pixel | None = None

    def set_theme(self, theme: Theme) -> None:
        """Paint in the colours of a theme."""
        self._theme = theme
        self.update()

    def set_map(self, values: Values | None, scale: Scale, *, gray: bool = False, empty: str = "") -> None:
        """Show (H, W) values; without them the words `empty`."""
        if values is None or self._values is None or values.shape != self._values.shape:
            self._under = None
        self._values, self._scale, self._gray, self._empty = values, scale, gray, empty
        self.update()

    def set_pixel(self, pixel: Pixel | None) -> None:
        """Mark a value as selected."""
        self._selected = pixel
        self.update()

    @property
    def pixel(self) -> Pixel | None:
        """The place read: under the pointer or the keyboard, else the selected one."""
        return self._under or self._selected

    def sizeHint(self) -> QSize:
        """A square large enough for 28 rows."""
        return QSize(224, 224)

    def minimumSizeHint(self) -> QSize:
        """Small maps stay readable here."""
        return QSize(96, 96)

    def field(self) -> QRectF:
        """Return the rectangle the map fills: whole pixels per value where there is room."""
        high, wide = self._values.shape if self._values is not None else (1, 1)
        unit = min((self.width() - 4) / wide, (self.height() - 4) / high)
        unit = float(int(unit)) if unit >= 4 else unit
        return QRectF(2, 2, unit * wide, unit * high)

    def _pixel_at(self, point: QPointF) -> Pixel | None:
        field = self.field()
        if self._values is None or not field.contains(point):
            return None
        high, wide = self._values.shape
        row = int((point.y() - field.y()) / field.height() * high)
        column = int((point.x() - field.x()) / field.width() * wide)
        return min(row, high - 1), min(column, wide - 1)

    def _read(self, pixel: Pixel | None) -> None:
        if pixel != self._under:
            self._under = pixel
            self.pixel_hovered.emit(pixel)
            self.update()

    # -- events --------------------------------------------------------------------------------------

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Read the value under the pointer."""
        self._read(self._pixel_at(event.position()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Select the value under the pointer."""
        pixel = self._pixel_at(event.position())
        if pixel is not None and event.button() == Qt.MouseButton.LeftButton:
            self.pixel_selected.emit(*pixel)

    def leaveEvent(self, event: QEvent) -> None:
        """Read nothing any more."""
        self._read(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows walk the values, Enter selects."""
        key = Qt.Key(event.key())
        if self._values is not None and key in _STEPS:
            high, wide = self._values.shape
            row, column = self.pixel or (0, 0)
            down, right = _STEPS[key] if self.pixel else (0, 0)
            self._read((min(max(row + down, 0), high - 1), min(max(column + right, 0), wide - 1)))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.pixel is not None:
            self.pixel_selected.emit(*self.pixel)
        else:
            super().keyPressEvent(event)

    # -- painting ------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """The values as squares, their numbers, and the one being read."""
        painter, theme, field = QPainter(self), self._theme, self.field()
        if self._values is None:
            write(painter, theme, QRectF(self.rect()).adjusted(8, 8, -8, -8), self._empty, "muted")
            return
        ratio = self.devicePixelRatioF()
        size = max(1, round(field.height() * ratio)), max(1, round(field.width() * ratio))
        canvas = Canvas(Grid(count=1, columns=1, tile=size, gap=0, ratio=ratio), theme.panel)
        colors = tiles(self._values[:, :, None], self._scale, packed(self._table()), size)
        canvas.place(colors)
        painter.drawImage(field.topLeft(), canvas.image())
        self._write_numbers(painter, field)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme.color("accent" if self.hasFocus() else "border"), 1))
        painter.drawRect(field.adjusted(-0.5, -0.5, 0.5, 0.5))
        for pixel, color, width in ((self._selected, "accent", 2.5), (self._under, "text", 1.5)):
            if pixel is not None and _inside(pixel, self._values):
                painter.setPen(QPen(theme.color(color), width))
                painter.drawRect(self._square(field, pixel))

    def _table(self) -> looks.ColorTable:
        if self._gray:
            return looks.GRAY
        return looks.diverging(self._theme) if self._scale.signed else looks.sequential(self._theme)

    def _square(self, field: QRectF, pixel: Pixel) -> QRectF:
        assert self._values is not None
        high, wide = self._values.shape
        unit_x, unit_y = field.width() / wide, field.height() / high
        return QRectF(field.x() + pixel[1] * unit_x, field.y() + pixel[0] * unit_y, unit_x, unit_y)

    def _write_numbers(self, painter: QPainter, field: QRectF) -> None:
        """Write each number on its square, dark on bright and bright on dark, where squares are large."""
        assert self._values is not None
        square = self._square(field, (0, 0))
        if square.width() < _ROOM_FOR_NUMBERS[0] or square.height() < _ROOM_FOR_NUMBERS[1]:
            return
        painter.setFont(font("small"))
        colors = self._table()[self._scale.levels(self._values[:, :, None])[:, :, 0]]
        bright = colors @ np.array([0.299, 0.587, 0.114]) > 140
        for row, column in np.ndindex(self._values.shape):
            painter.setPen(QColor("#000000" if bright[row, column] else "#ffffff"))
            number = format_number(float(self._values[row, column]))
            painter.drawText(self._square(field, (row, column)), Qt.AlignmentFlag.AlignCenter, number)


def _inside(pixel: Pixel, values: Values) -> bool:
    high, wide = values.shape
    return 0 <= pixel[0] < int(high) and 0 <= pixel[1] < int(wide)
