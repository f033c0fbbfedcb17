"""The filters of a convolution as small coloured tiles."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from playground import theme as looks
from playground.qt_images import to_picture
from playground.theme import LIGHT, Theme
from playground.views.pixels import colored
from playground.wording import format_number

STRONGEST, MEAN = -1, -2  # instead of an input channel
MOST_TILES = 128
_GAP = 4  # px, with a border of one pixel on each side
_LEGEND = 24  # px
_COLUMNS = ((6, 6), (64, 8))  # up to so many filters: so many columns; more: 16
_LARGEST_TILE = 40  # px
_FINE = 12  # weights across; larger kernels may take one pixel a weight


class KernelGrid(QWidget):
    """Tiles of weights (KH, KW, C_in, C_out), one a filter, coloured around zero on one scale for the layer.

    Of many input channels it shows one, the strongest of each filter (by its sum of squares), or their mean.
    Of more than 128 filters it shows the 128 strongest. Emits `filter_selected(int)` on a click or Enter and
    `read_out_changed(str)` with what the cursor is on.
    """

    filter_selected = Signal(int)
    read_out_changed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Kernels")
        self.setToolTip("Each tile is one filter: orange adds where the input is bright, blue subtracts")
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._theme = LIGHT
        self._weight: NDArray[np.float32] | None = None
        self._input = STRONGEST
        self._noun = "filter"
        self._filters = np.zeros(0, np.int64)  # which filter each tile shows
        self._inputs = np.zeros(0, np.int64)  # which input channel of it; MEAN: all
        self._tiles = np.zeros((0, 1, 1), np.float32)
        self._image: QImage | None = None  # painted when needed
        self._limit = 0.0
        self._selected: int | None = None
        self._cursor: tuple[int, int, int] | None = None  # tile, row, column
        self._columns, self._cell = 1, 1

    def set_theme(self, theme: Theme) -> None:
        """Paint in a theme's colours."""
        self._theme = theme
        self._render()

    def set_weight(self, weight: NDArray[np.float32] | None, noun: str = "filter") -> None:
        """Show weights (KH, KW, C_in, C_out), or nothing; `noun` is what has one kernel a tile."""
        self._noun = noun
        if weight is None or self._weight is None or weight.shape != self._weight.shape:
            self._cursor = None
        self._weight = weight
        self._render()

    def set_input(self, channel: int) -> None:
        """Choose the input channel shown, or STRONGEST or MEAN."""
        self._input = channel
        self._render()

    def set_channel(self, channel: int | None) -> None:
        """Outline the filter that makes an output channel."""
        self._selected = channel
        self.update()

    @property
    def tile_count(self) -> int:
        """How many filters are shown."""
        return len(self._filters)

    def tile_rect(self, tile: int) -> QRect:
        """Where a tile is painted."""
        rows, columns = self._tiles.shape[1:]
        row, column = divmod(tile, self._columns)
        width, height = columns * self._cell, rows * self._cell
        return QRect(column * (width + _GAP) + 2, row * (height + _GAP) + 2, width, height)

    def read_out(self) -> str:
        """What the cursor is on: filter, input, position, value."""
        if self._cursor is None or self._cursor[0] >= self.tile_count:
            return ""
        tile, row, column = self._cursor
        source = "mean of inputs" if self._inputs[tile] == MEAN else f"input {self._inputs[tile]}"
        value = format_number(float(self._tiles[tile, row, column]))
        return f"{self._noun} {self._filters[tile]}, {source}, row {row}, column {column}: {value}"

    def _render(self) -> None:
        if self._weight is None or self._weight.ndim != 4:
            self._filters, self._tiles = np.zeros(0, np.int64), np.zeros((0, 1, 1), np.float32)
        else:
            self._choose(self._weight)
        self._arrange()
        self._tell()
        self.update()

    def _mosaic(self) -> QImage:
        """All tiles with their borders as one image, clear between them, one pixel a pixel of the screen."""
        cell, (count, rows, columns) = self._cell, self._tiles.shape
        colors = colored(self._tiles, -self._limit, self._limit, looks.diverging(self._theme))
        tiles = colors.repeat(cell, axis=1).repeat(cell, axis=2)
        lines = -(-count // self._columns)
        height, width = rows * cell, columns * cell
        border = self._theme.color("border")
        shape = (lines * self._columns, height + _GAP, width + _GAP, 4)
        sheet = np.zeros(shape, np.uint8)
        sheet[:count, 1 : height + 3, 1 : width + 3] = (border.red(), border.green(), border.blue(), 255)
        sheet[:count, 2 : height + 2, 2 : width + 2, :3] = tiles
        grid = sheet.reshape(lines, self._columns, *shape[1:]).swapaxes(1, 2)
        flat = np.ascontiguousarray(grid).reshape(lines * shape[1], self._columns * shape[2], 4)
        kind = QImage.Format.Format_RGBA8888
        return QImage(flat.data, flat.shape[1], flat.shape[0], 4 * flat.shape[1], kind).copy()

    def _choose(self, weight: NDArray[np.float32]) -> None:
        inputs, count = weight.shape[2:]
        strength = np.square(weight).sum(axis=(0, 1))  # C_in, C_out
        filters = np.arange(count)
        if count > MOST_TILES:
            strongest = np.argpartition(-strength.sum(axis=0), MOST_TILES)[:MOST_TILES]
            filters = np.sort(strongest)
        if self._input == MEAN:
            tiles = weight[:, :, :, filters].mean(axis=2)
            source = np.full(len(filters), MEAN)
        else:
            source = strength[:, filters].argmax(axis=0)
            if self._input != STRONGEST:
                source = np.full(len(filters), min(self._input, inputs - 1))
            tiles = weight[:, :, source, filters]
        scope = tiles if self._input == MEAN else weight
        self._limit = float(np.max(np.abs(scope), initial=0.0)) or 1.0
        self._filters, self._inputs, self._tiles = filters, source, np.moveaxis(tiles, -1, 0)

    def _arrange(self) -> None:
        self._image = None
        rows, columns = self._tiles.shape[1:]
        room = max(self.width(), 60) - 2
        self._columns = next((most for count, most in _COLUMNS if self.tile_count <= count), 16)
        size = min(room // self._columns - _GAP, _LARGEST_TILE)
        self._cell = max(size // max(rows, columns), 1 if max(rows, columns) > _FINE else 2)
        self._columns = max(min(self._columns, room // (columns * self._cell + _GAP)), 1)
        lines = -(-self.tile_count // self._columns)
        height = lines * (rows * self._cell + _GAP) + _LEGEND if self.tile_count else 0
        if self.height() != height:
            self.setFixedHeight(height)

    def sizeHint(self) -> QSize:
        """As wide as it gets."""
        return QSize(240, self.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Place the tiles anew."""
        self._arrange()

    def _at(self, position: QPointF) -> tuple[int, int, int] | None:
        for tile in range(self.tile_count):
            rect = self.tile_rect(tile)
            if rect.contains(position.toPoint()):
                column = int(position.x() - rect.x()) // self._cell
                return tile, int(position.y() - rect.y()) // self._cell, column
        return None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Read out the weight under the cursor."""
        self._move_to(self._at(event.position()))

    def leaveEvent(self, event: object) -> None:
        """Forget the cursor."""
        self._move_to(None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Select the filter under the cursor."""
        found = self._at(event.position())
        if found is not None and event.button() == Qt.MouseButton.LeftButton:
            self._move_to(found)
            self.filter_selected.emit(int(self._filters[found[0]]))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Part of the click; nothing behind the widget needs it."""
        event.accept()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show where the arrow keys start when the focus came by the keyboard."""
        super().focusInEvent(event)
        if (
            event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
            and self._cursor is None
            and self.tile_count
        ):
            self._move_to((0, 0, 0))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows walk the filters, Enter selects one."""
        key = Qt.Key(event.key())
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -self._columns}
        steps[Qt.Key.Key_Down] = self._columns
        if key in steps and self.tile_count:
            rows, columns = self._tiles.shape[1:]
            tile = 0 if self._cursor is None else self._cursor[0] + steps[key]
            self._move_to((min(max(tile, 0), self.tile_count - 1), rows // 2, columns // 2))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self._cursor is not None:
            self.filter_selected.emit(int(self._filters[self._cursor[0]]))
        else:
            super().keyPressEvent(event)

    def _move_to(self, cursor: tuple[int, int, int] | None) -> None:
        if cursor != self._cursor:
            self._cursor = cursor
            self._tell()
            self.update()

    def _tell(self) -> None:
        self.setAccessibleDescription(self.read_out())
        self.read_out_changed.emit(self.read_out())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the tiles, the outlines of hover and selection, and the legend."""
        if not self.tile_count:
            return
        painter = QPainter(self)
        if self._image is None:
            self._image = self._mosaic()
        painter.drawImage(0, 0, self._image)
        if self._cursor is not None:
            self._outline(painter, self.tile_rect(self._cursor[0]), "text", 1)
        for tile in np.flatnonzero(self._filters == self._selected).tolist():
            self._outline(painter, self.tile_rect(tile), "accent", 2)
        self._paint_legend(painter)
        painter.end()

    def _outline(self, painter: QPainter, rect: QRect, meaning: str, width: int) -> None:
        painter.setPen(QPen(self._theme.color(meaning), width, j=Qt.PenJoinStyle.MiterJoin))
        painter.drawRect(rect.toRectF().adjusted(-0.5, -0.5, 0.5, 0.5))

    def _paint_legend(self, painter: QPainter) -> None:
        line = QRectF(0, self.height() - 16, self.width(), 16)
        painter.setFont(looks.font("small"))
        painter.setPen(self._theme.color("muted"))
        low = f"{format_number(-self._limit)} "
        high = f" {format_number(self._limit)}   scale: whole {'mean' if self._input == MEAN else 'layer'}"
        before, after = (painter.fontMetrics().horizontalAdvance(text) + 4 for text in (low, high))
        bar = QRectF(before, line.y() + 4, max(min(96, self.width() - before - after), 8), 8)
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, low)
        painter.drawImage(bar, to_picture(looks.diverging(self._theme)[None]))
        painter.drawText(line.adjusted(bar.right() + 4, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, high)
