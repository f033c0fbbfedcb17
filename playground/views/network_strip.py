"""The row of columns of a network: places them, walks them by keys, drags them, offers places to insert."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QRectF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from playground.theme import LIGHT, Theme
from playground.views.insert_gap import InsertGap
from playground.views.layer_column import FOOTER, HEADER, PAD, LayerColumn
from playground.views.shown_network import INPUT
from playground.views.strip_layout import ColumnContent, arrange

_EDGE = 4  # px, left and right of all columns
_GAP = 4  # px between columns
_PLUS = 8  # px, width of an insert button: no more than gap and borders, or each frame would paint it


class NetworkStrip(QWidget):
    """Columns for the input (layer -1) and each layer; emits what the person asks for."""

    layer_selected = Signal(int)
    channel_selected = Signal(int, int)
    background_clicked = Signal()
    hovered = Signal(int, object)  # layer, (channel, row, column) or None
    insert_asked = Signal(int, QPoint)  # index of the new layer, where the menu may open
    menu_asked = Signal(int, QPoint)
    remove_requested = Signal(int)
    move_requested = Signal(int, int)
    focus_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Layers")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._theme = LIGHT
        self.columns: list[LayerColumn] = []  # the input first
        self._plus: list[InsertGap] = []
        self._selected: tuple[int | None, int | None] = (None, None)
        self._drag: tuple[int, int] | None = None  # layer dragged, gap it would go to

    def set_theme(self, theme: Theme) -> None:
        """Paint in the colours of a theme."""
        self._theme = theme
        for column, plus in zip(self.columns, self._plus, strict=True):
            column.set_theme(theme)
            plus.set_theme(theme)
        self.update()

    def set_layers(self, count: int) -> None:
        """Have a column for the input and each of `count` layers, and a button after each."""
        while len(self.columns) > count + 1:
            for widget in (self.columns.pop(), self._plus.pop()):
                widget.hide()
                widget.deleteLater()
        while len(self.columns) < count + 1:
            self._add_column(len(self.columns) - 1)

    def set_selection(self, layer: int | None, channel: int | None) -> None:
        """Mark a layer (-1: the input) and a channel of it."""
        self._selected = layer, channel
        for index, column in enumerate(self.columns):
            chosen = index - 1 == layer
            column.set_selected(chosen, channel if chosen else None)

    def place(
        self, contents: Sequence[ColumnContent], width: int, height: int, ratio: float, smallest: int
    ) -> None:
        """Give every column its place; the strip becomes wider than `width` when they do not fit."""
        count = len(contents)
        gaps = 2 * _EDGE + (count - 1) * _GAP + _PLUS
        body = max(60, height - HEADER - FOOTER)
        placed = arrange(contents, width - gaps - 2 * PAD * count, body, ratio, smallest)
        free = width - gaps - sum(column + 2 * PAD for column, _ in placed)
        gap = _GAP + min(max(free, 0) // max(1, count), 14)
        x = _EDGE - PAD
        for column, plus, content, (inner, grid) in zip(
            self.columns, self._plus, contents, placed, strict=True
        ):
            column.setGeometry(x, 0, inner + 2 * PAD, height)
            column.set_content(content, grid)
            x += inner + 2 * PAD + gap
            plus.setGeometry(x - gap // 2 - _PLUS // 2, HEADER - 10, _PLUS, height - HEADER - FOOTER + 10)
            plus.raise_()
        self.setFixedSize(max(width, x - gap + _PLUS + _EDGE), height)

    def _add_column(self, layer: int) -> None:
        column = LayerColumn(self)
        column.set_theme(self._theme)
        column.header_clicked.connect(lambda: self._choose(layer, None))
        column.tile_clicked.connect(lambda channel: self._choose(layer, channel))
        column.background_clicked.connect(self.background_clicked)
        column.hovered.connect(lambda spot: self.hovered.emit(layer, spot))
        column.dragged.connect(lambda point: self._drag_to(layer, point))
        column.dropped.connect(lambda point: self._drop(layer))
        column.menu_requested.connect(lambda point: self.menu_asked.emit(layer, point))
        plus = InsertGap(layer + 2, self)
        plus.set_theme(self._theme)
        plus.clicked.connect(lambda: self._ask_insert(layer + 1))
        for widget in (column, plus):
            widget.show()
        self.columns.append(column)
        self._plus.append(plus)

    def _choose(self, layer: int, channel: int | None) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        if channel is None:
            self.layer_selected.emit(layer)
        else:
            self.channel_selected.emit(layer, channel)

    def _ask_insert(self, index: int) -> None:
        button = self._plus[index]
        self.insert_asked.emit(index, button.mapToGlobal(QPoint(0, HEADER // 2)))

    # -- dragging ------------------------------------------------------------------------------------

    def _drag_to(self, layer: int, point: QPoint) -> None:
        """Remember the gap nearest to the pointer, and show it."""
        if layer == INPUT:
            return
        x = self.mapFromGlobal(point).x()
        gap = sum(x > column.geometry().center().x() for column in self.columns[1:])
        self._drag = layer, gap
        self.setCursor(Qt.CursorShape.ClosedHandCursor)
        self.update()

    def _drop(self, layer: int) -> None:
        self.unsetCursor()
        drag, self._drag = self._drag, None
        self.update()
        if drag is not None:
            target = drag[1] - (drag[1] > layer)
            if target != layer:
                self.move_requested.emit(layer, target)

    # -- events --------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and right walk layers, up and down channels; Ctrl moves, Insert and Delete edit."""
        key, layer = Qt.Key(event.key()), self._selected[0]
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            if control and layer is not None:
                self._move(layer, layer + steps[key])
            else:
                self._walk(steps[key])
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._walk_channels(steps[key])
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            self._select_layer(INPUT if key == Qt.Key.Key_Home else len(self.columns) - 2)
        elif key == Qt.Key.Key_Delete and layer is not None and layer != INPUT:
            self.remove_requested.emit(layer)
        elif key == Qt.Key.Key_Insert:
            self._ask_insert(len(self.columns) - 1 if layer is None else layer + 1)
        elif key == Qt.Key.Key_Menu and layer is not None:
            column = self.columns[layer + 1]
            self.menu_asked.emit(layer, column.mapToGlobal(QPoint(PAD, HEADER)))
        else:
            super().keyPressEvent(event)

    def _move(self, layer: int, target: int) -> None:
        if layer != INPUT and 0 <= target < len(self.columns) - 1:
            self.move_requested.emit(layer, target)

    def _walk(self, step: int) -> None:
        layer = self._selected[0]
        start = 0 if layer is None else layer + step
        self._select_layer(min(max(start, INPUT), len(self.columns) - 2))

    def _select_layer(self, layer: int) -> None:
        """Ask for a layer; a selected channel is kept where the layer has it."""
        channel = self._selected[1]
        if channel is not None and channel in self.columns[layer + 1].shown_channels:
            self.channel_selected.emit(layer, channel)
        else:
            self.layer_selected.emit(layer)

    def _walk_channels(self, step: int) -> None:
        layer, channel = self._selected
        if layer is None:
            return
        shown = self.columns[layer + 1].shown_channels.tolist()
        if shown:
            place = shown.index(channel) + step if channel in shown else 0
            self.channel_selected.emit(layer, shown[min(max(place, 0), len(shown) - 1)])

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click beside the columns goes one step back."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.setFocus(Qt.FocusReason.MouseFocusReason)
            self.background_clicked.emit()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Say that the keyboard is here."""
        super().focusInEvent(event)
        self.focus_changed.emit()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Say that the keyboard is elsewhere."""
        super().focusOutEvent(event)
        self.focus_changed.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The gap a dragged column would go to."""
        painter = QPainter(self)
        painter.fillRect(event.rect(), self._theme.color("panel"))
        if self._drag is not None:
            left = self.columns[self._drag[1]].geometry().right()
            painter.setPen(QPen(self._theme.color("accent"), 3))
            x = left + (self._plus[self._drag[1]].geometry().center().x() - left)
            painter.drawLine(x, 4, x, self.height() - 8)

    def column_rect(self, layer: int) -> QRectF:
        """Return where a layer's column is."""
        return QRectF(self.columns[layer + 1].geometry())
