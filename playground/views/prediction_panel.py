"""What the network answers: the winning class, and a bar for the probability of each class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Property, QEvent, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from playground.theme import LIGHT, SPACING, THIN_SPACE, Theme, font

NOTHING_DRAWN = "Draw something to see an answer"
_ROW, _LOW_ROW = 20, 14  # px, height of a row; as low as this where not all classes fit
_ALL_IN_ORDER = 16  # up to so many classes keep their order; more are listed most probable first


def format_percent(probability: float) -> str:
    """Return a probability 0..1 as "98.3 %", always with one decimal so that columns stay aligned."""
    return f"{100 * probability:.1f}{THIN_SPACE}%"


class PredictionPanel(QWidget):
    """The answer in one line, then all classes; nothing moves when the numbers change.

    `lead` is put to the left of the answer: what it is the answer to.
    """

    class_selected = Signal(int)

    def __init__(self, parent: QWidget | None = None, lead: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("predictionPanel")
        self.setAccessibleName("Prediction")
        self._probabilities: list[float] = []
        self._names: tuple[str, ...] = ()
        self._answer = QLabel("–")
        self._why = NOTHING_DRAWN
        self._sureness = QLabel(NOTHING_DRAWN)
        self._sureness.setProperty("role", "muted")
        self._bars = _Bars()
        self._bars.class_selected.connect(self.class_selected)
        scroll = QScrollArea()
        scroll.setWidget(self._bars)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.viewport().setAutoFillBackground(False)
        self._bars.setAutoFillBackground(False)
        self._scroll = scroll
        self._bars.current_moved.connect(self._show_row)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(self._head(lead))
        layout.addSpacing(SPACING // 2)
        layout.addWidget(scroll, 1)
        answer_font = font("title")
        answer_font.setPixelSize(24)
        self._answer.setFont(answer_font)
        self._sureness.setWordWrap(True)
        self._sureness.setAlignment(Qt.AlignmentFlag.AlignTop)
        for label, height in ((self._answer, 28), (self._sureness, 16 if lead is None else 48)):
            label.setFixedHeight(height)
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def _head(self, lead: QWidget | None) -> QHBoxLayout:
        """Lay out the answer and how sure it is, beside what they are about."""
        answer = QVBoxLayout()
        answer.setSpacing(0)
        answer.addWidget(self._answer)
        answer.addWidget(self._sureness)
        head = QHBoxLayout()
        head.setSpacing(SPACING + SPACING // 2)
        if lead is not None:
            head.addWidget(lead)
            answer.addStretch(1)
        head.addLayout(answer, 1)
        return head

    def set_theme(self, theme: Theme) -> None:
        """Paint in the colours of a theme."""
        self._bars.set_theme(theme)

    def set_prediction(
        self,
        probabilities: NDArray[np.floating] | Sequence[float] | None,
        class_names: Sequence[str],
        why: str = NOTHING_DRAWN,
    ) -> None:
        """Show one probability per class, 0..1; None: no answer, and `why` there is none."""
        self._why = why
        self._probabilities = [] if probabilities is None else [float(p) for p in probabilities]
        names = tuple(class_names)
        count = len(self._probabilities) or len(names)
        self._names = names[:count] + tuple(str(i) for i in range(len(names), count))
        self._bars.set_rows(self._probabilities or None, self._names)
        self._say()

    def _say(self) -> None:
        """Write the answer and how sure the network is in words."""
        winner = self._winner()
        if winner < 0:
            self._answer.setText("–")
            self._sureness.setText(self._why)
            self.setAccessibleDescription(f"No answer: {self._why}")
            return
        order = np.argsort(self._probabilities)[::-1]
        best = self._probabilities[winner]
        said = f"sure, {format_percent(best)}" if best >= 0.9 else f"probably, {format_percent(best)}"
        if best < 0.6 and len(order) > 1:
            said = f"unsure, {format_percent(best)}; or {self._names[order[1]]}"
        self._write_answer()
        self._sureness.setText(said)
        self.setAccessibleDescription(f"{self._names[winner]}, {said}")

    def _write_answer(self) -> None:
        """Show the winner's name, shortened to the room there is."""
        name, room = self._names[self._winner()], max(self._answer.width(), 60)
        self._answer.setText(self._answer.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, room))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit rows and answer into the room there is."""
        super().resizeEvent(event)
        self._bars.set_room(self._scroll.height())
        if self._probabilities:
            self._write_answer()

    def _winner(self) -> int:
        return int(np.argmax(self._probabilities)) if self._probabilities else -1

    def _show_row(self, row: int) -> None:
        middle = self._bars.row_height * row + self._bars.row_height // 2
        self._scroll.ensureVisible(0, middle, 0, self._bars.row_height)

    def _read_probabilities(self) -> list[float]:
        return list(self._probabilities)

    predictedClass = Property(int, _winner)  # -1: no prediction
    probabilities = Property("QVariantList", _read_probabilities)  # type: ignore[arg-type]


class _Bars(QWidget):
    """The rows: name, bar, percent."""

    class_selected = Signal(int)
    current_moved = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Probability of each class")
        self.setToolTip("Click a class, or walk with the arrow keys and press Enter, to see it everywhere")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._theme = LIGHT
        self._probabilities: list[float] | None = None
        self._names: tuple[str, ...] = ()
        self._order: list[int] = []
        self._current = 0
        self._hovered = -1
        self._room = 0
        self.row_height = _ROW

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def set_rows(self, probabilities: list[float] | None, names: tuple[str, ...]) -> None:
        count, self._probabilities, self._names = len(self._names), probabilities, names
        if len(names) != count:
            self._current = 0
            self.set_room(self._room)
        self._order = list(range(len(names)))
        if probabilities is not None and len(names) > _ALL_IN_ORDER:
            self._order.sort(key=lambda index: -probabilities[index])
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

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Mark the row under the pointer."""
        self._hovered = self._row_at(event.position().toPoint())
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        """Mark no row."""
        self._hovered = -1
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the class of the row."""
        row = self._row_at(event.position().toPoint())
        if row >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self._current = row
            self.class_selected.emit(self._order[row])
            self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows walk the rows, Enter chooses one."""
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        key = Qt.Key(event.key())
        if key in steps and self._order:
            self._current = min(max(self._current + steps[key], 0), len(self._order) - 1)
            self._describe()
            self.current_moved.emit(self._current)
            self.update()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self._order:
            self.class_selected.emit(self._order[self._current])
        else:
            super().keyPressEvent(event)

    def _describe(self) -> None:
        """Tell screen readers the row the keyboard is on."""
        if not self._order or self._probabilities is None:
            self.setAccessibleDescription("No probabilities yet")
            return
        index = self._order[self._current]
        self.setAccessibleDescription(f"{self._names[index]}: {format_percent(self._probabilities[index])}")

    def paintEvent(self, event: QPaintEvent) -> None:
        """Only the rows in sight."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        metrics = QFontMetrics(font("strong"))
        widest = max((metrics.horizontalAdvance(name) for name in self._names), default=0)
        name_width = min(widest, self.width() * 2 // 5) + SPACING
        percent_width = metrics.horizontalAdvance(format_percent(1.0)) + SPACING
        visible = event.rect()
        winner = int(np.argmax(self._probabilities)) if self._probabilities else -1
        first, last = visible.top() // self.row_height, visible.bottom() // self.row_height + 1
        for row in range(first, min(len(self._order), last)):
            index = self._order[row]
            self._paint_row(painter, row, index, index == winner, name_width, percent_width)

    def _paint_row(
        self, painter: QPainter, row: int, index: int, wins: bool, name_width: int, percent_width: int
    ) -> None:
        theme, high, top = self._theme, self.row_height, row * self.row_height
        whole = QRect(0, top, self.width(), high)
        painter.setPen(Qt.PenStyle.NoPen)
        if row == self._hovered:
            painter.setBrush(theme.color("raised"))
            painter.drawRoundedRect(whole, 3, 3)
        painter.setFont(font("strong" if wins else "body"))
        painter.setPen(theme.color("text" if wins else "muted"))
        middle = Qt.AlignmentFlag.AlignVCenter
        label = painter.fontMetrics().elidedText(
            self._names[index], Qt.TextElideMode.ElideRight, name_width - SPACING
        )
        painter.drawText(QRect(4, top, name_width, high), middle, label)
        track = QRectF(
            name_width + 4,
            top + high // 4,
            self.width() - name_width - percent_width - 8,
            high - 2 * (high // 4),
        )
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("grid"))
        painter.drawRoundedRect(track, 2, 2)
        if self._probabilities is not None:
            share = self._probabilities[index]
            filled = QRectF(track.x(), track.y(), max(track.width() * share, 0.0), track.height())
            painter.setBrush(theme.color("accent" if wins else "muted", 1.0 if wins else 0.6))
            painter.drawRoundedRect(filled, min(2, filled.width() / 2), 2)
            painter.setPen(theme.color("text" if wins else "muted"))
            right = QRect(self.width() - percent_width - 4, top, percent_width, high)
            painter.drawText(right, middle | Qt.AlignmentFlag.AlignRight, format_percent(share))
        if self.hasFocus() and row == self._current:
            painter.setPen(theme.color("accent"))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(whole).adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
