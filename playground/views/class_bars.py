"""A bar for the probability of each class."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QFontMetrics,
    QInputDevice,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from playground.theme import LIGHT, SPACING, Theme, font
from playground.views.class_texts import column_widths, format_percent, it_is
from playground.views.texts import write_line

_ROW, _LOW_ROW = 20, 12  # px, height of a row; as low as this where not all classes fit
_ALL_IN_ORDER = 16  # up to so many classes keep their order; more are listed most probable first
_KEPT = "✓ kept"
_LOOK = "Click a class, or walk with the arrow keys and press Enter, to see it everywhere"
_LOOK_OR_TEACH = (
    "Click a class to see it everywhere, or its button to keep the drawing as that class.\n"
    "Keys: arrows walk, Enter is the button, Space shows the class."
)


class ClassBars(QWidget):
    """The rows: name, bar, percent; where there is something to teach, a button in the row pointed at.

    `class_selected` asks to look at a class, `class_taught` says that the drawing is one of it.
    """

    class_selected = Signal(int)
    class_taught = Signal(int)
    current_moved = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Probability of each class")
        self.setToolTip(_LOOK)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._theme = LIGHT
        self._probabilities: list[float] | None = None
        self._names: tuple[str, ...] = ()
        self._order: list[int] = []
        self._current = 0
        self._hovered = -1
        self._on_button = False  # the pointer is on the button of the hovered row
        self._pressed = -1  # the class whose button is held down
        self._teachable = False
        self._kept = -1  # the class the drawing is kept as
        self._stressed = True
        self._room = 0
        self._shown: list[tuple[str, str, bool]] = []  # of each row: name, percentage, whether it wins
        self.row_height = _ROW

    def set_theme(self, theme: Theme) -> None:
        """Paint in the colours of a theme."""
        self._theme = theme
        self.update()

    def set_rows(
        self, probabilities: list[float] | None, names: tuple[str, ...], *, stressed: bool = True
    ) -> None:
        """Show a row for each class, the winner standing out where `stressed`; None: names alone."""
        self._stressed = stressed
        count, self._probabilities, self._names = len(self._names), probabilities, names
        if len(names) != count:
            self._current = 0
            self.set_room(self._room)
        self._order = list(range(len(names)))
        if probabilities is not None and len(names) > _ALL_IN_ORDER:
            self._order.sort(key=lambda index: -probabilities[index])
        self._describe()
        self._update_changed()

    def _update_changed(self) -> None:
        """Have only the rows painted that look different now: most classes stay at 0.0 %."""
        numbers, winner, before = self._probabilities, self._winner(), self._shown
        self._shown = [
            (self._names[index], format_percent(numbers[index]) if numbers else "", index == winner)
            for index in self._order
        ]
        if len(before) != len(self._shown):
            self.update()
        for row, (old, new) in enumerate(zip(before, self._shown, strict=False)):
            if old != new:
                self.update(self._row_rect(row))

    def set_teaching(self, possible: bool, kept: int = -1) -> None:
        """Offer to say which class the drawing is; `kept` is the one it is kept as, -1: none so far."""
        if (possible, kept) != (self._teachable, self._kept):
            self._teachable, self._kept = possible, kept
            self.setToolTip(_LOOK_OR_TEACH if possible else _LOOK)
            self._describe()
            self.update()

    def set_room(self, height: int) -> None:
        """Make the rows lower where that lets all of them fit into this height."""
        self._room = height
        count = max(1, len(self._names))
        self.row_height = _ROW
        if count <= _ALL_IN_ORDER and height > 0:
            self.row_height = min(max(height // count, _LOW_ROW), _ROW)
        self.setFixedHeight(count * self.row_height)

    def sizeHint(self) -> QSize:
        """How large it likes to be."""
        return QSize(200, max(1, len(self._names)) * self.row_height)

    def _row_at(self, position: QPoint) -> int:
        row = position.y() // self.row_height
        return row if 0 <= row < len(self._order) else -1

    def _row_rect(self, row: int) -> QRect:
        return QRect(0, row * self.row_height, self.width(), self.row_height)

    def _winner(self) -> int:
        return int(np.argmax(self._probabilities)) if self._probabilities and self._stressed else -1

    def button_rect(self, row: int) -> QRect:
        """Return where the button of a row is, in px; empty where there is nothing to teach."""
        if not self._teachable or not 0 <= row < len(self._order) or self._order[row] == self._kept:
            return QRect()
        track = self._track(row)
        wide = (
            QFontMetrics(font("small")).horizontalAdvance(it_is(self._names[self._order[row]])) + 2 * SPACING
        )
        wide = min(wide, int(track.width()))
        high = min(self.row_height, 18)
        top = row * self.row_height + (self.row_height - high) // 2
        return QRect(round(track.right()) - wide, top, wide, high)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Mark the row under the pointer; a finger marks one when it comes down."""
        if not _by_finger(event):
            self._point_at(event.position().toPoint())

    def _point_at(self, position: QPoint) -> None:
        row = self._row_at(position)
        on_button = self.button_rect(row).contains(position)
        if (row, on_button) != (self._hovered, self._on_button):
            self._hovered, self._on_button = row, on_button
            self.update()

    def leaveEvent(self, event: QEvent) -> None:
        """Mark no row."""
        self._hovered, self._on_button = -1, False
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the class of the row, or take hold of its button."""
        position = event.position().toPoint()
        row = self._row_at(position)
        if row < 0 or event.button() != Qt.MouseButton.LeftButton:
            return
        seen = row == self._hovered or not _by_finger(event)  # a finger's first touch shows the button
        self._current = row
        self._point_at(position)
        if self._on_button:
            self._pressed = self._order[row] if seen else -1
        else:
            self.class_selected.emit(self._order[row])
        self._describe()
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """The drawing is of the class whose button was clicked."""
        position, held = event.position().toPoint(), self._pressed
        self._pressed, row = -1, self._row_at(position)
        # Of many classes another one may have come into this row meanwhile.
        if self.button_rect(row).contains(position) and self._order[row] == held:
            self.class_taught.emit(held)
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows walk the rows; Space chooses one; so does Enter, unless the row has a button: then that."""
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        key = Qt.Key(event.key())
        if key in steps and self._order:
            self._current = min(max(self._current + steps[key], 0), len(self._order) - 1)
            self._describe()
            self.current_moved.emit(self._current)
            self.update()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not self.button_rect(self._current).isEmpty():
            self.class_taught.emit(self._order[self._current])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self._order:
            self.class_selected.emit(self._order[self._current])
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the button of the row the keyboard is on."""
        super().focusInEvent(event)
        self.update()

    def _describe(self) -> None:
        """Tell screen readers the row the keyboard is on."""
        if not self._order or self._probabilities is None:
            self.setAccessibleDescription("No probabilities yet")
            return
        index = self._order[self._current]
        text = f"{self._names[index]}: {format_percent(self._probabilities[index])}"
        if index == self._kept:
            text += ". The drawing is kept as this"
        elif self._teachable:
            text += ". Enter keeps the drawing as this"
        self.setAccessibleDescription(text)

    def _track(self, row: int, columns: tuple[int, int] | None = None) -> QRectF:
        """Return the place of a row's bar at its full length."""
        name_width, percent_width = columns or column_widths(self._names, self.width())
        high = self.row_height
        width = self.width() - name_width - percent_width - 8
        return QRectF(name_width + 4, row * high + high // 4, width, high - 2 * (high // 4))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Only the rows in sight, then the button."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        columns, region, winner = column_widths(self._names, self.width()), event.region(), self._winner()
        first, last = (y // self.row_height for y in (event.rect().top(), event.rect().bottom()))
        for row in range(first, min(len(self._order), last + 1)):
            index = self._order[row]
            if not region.intersects(self._row_rect(row)):
                continue
            self._paint_row(painter, row, index, index == winner, columns)
            if index == self._kept:
                self._paint_kept(painter, row)
        pointed = self._hovered if self._hovered >= 0 else self._current if self.hasFocus() else -1
        self._paint_button(painter, pointed)

    def _paint_row(
        self, painter: QPainter, row: int, index: int, wins: bool, columns: tuple[int, int]
    ) -> None:
        theme, high, top = self._theme, self.row_height, row * self.row_height
        name_width, percent_width = columns
        whole = self._row_rect(row)
        painter.setPen(Qt.PenStyle.NoPen)
        if row == self._hovered:
            painter.setBrush(theme.color("raised"))
            painter.drawRoundedRect(whole, 3, 3)
        role = "strong" if wins else "body"
        painter.setPen(theme.color("text" if wins else "muted"))
        write_line(painter, QRectF(4, top, name_width - SPACING, high), role, self._names[index])
        track = self._track(row, columns)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("grid"))
        painter.drawRoundedRect(track, 2, 2)
        if self._probabilities is not None:
            share = self._probabilities[index]
            filled = QRectF(track.x(), track.y(), max(track.width() * share, 0.0), track.height())
            painter.setBrush(theme.color("accent" if wins else "muted", 1.0 if wins else 0.6))
            painter.drawRoundedRect(filled, min(2, filled.width() / 2), 2)
            painter.setPen(theme.color("text" if wins else "muted"))
            right = QRectF(self.width() - percent_width - 4, top, percent_width, high)
            write_line(painter, right, role, format_percent(share), at_right=True)
        if self.hasFocus() and row == self._current:
            painter.setPen(theme.color("accent"))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(whole).adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)

    def _paint_button(self, painter: QPainter, row: int) -> None:
        """What a click on the right of this row would say."""
        place = self.button_rect(row)
        if place.isEmpty():
            return
        held = self._on_button and row == self._hovered
        painter.setFont(font("small"))
        painter.setPen(QPen(self._theme.color("accent"), 1))
        painter.setBrush(self._theme.color("accent" if held else "panel"))
        painter.drawRoundedRect(QRectF(place).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.setPen(self._theme.color("on_accent" if held else "accent"))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, it_is(self._names[self._order[row]]))

    def _paint_kept(self, painter: QPainter, row: int) -> None:
        """Say in a row that the drawing is kept as its class."""
        track = self._track(row)
        painter.setFont(font("small"))
        wide = painter.fontMetrics().horizontalAdvance(_KEPT) + SPACING
        place = QRectF(track.right() - wide, row * self.row_height + 1, wide, self.row_height - 2)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color("panel"))
        painter.drawRoundedRect(place, 3, 3)
        painter.setPen(self._theme.color("good"))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, _KEPT)


def _by_finger(event: QMouseEvent) -> bool:
    return event.device().type() == QInputDevice.DeviceType.TouchScreen
