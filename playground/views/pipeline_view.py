"""How a drawing becomes what the network sees: each step with its picture, one sentence and a switch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QShowEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from cnn_core.preprocessing import FIELD, Normalization, normalization_steps
from playground.qt_images import to_picture
from playground.theme import LIGHT, SPACING, Theme
from playground.views.elided_label import ElidedLines
from playground.views.field_editors import SwitchBox

# Of each step: its field in Normalization, the text of its switch, and what the network loses without it.
_STEPS = (
    ("crop", "1  Crop", "Without it, how large the digit is depends on the empty sheet around it"),
    (
        "scale",
        "2  Scale",
        "Without it, a small drawing stays small, its pen broad; the network learned from digits of one size",
    ),
    (
        "smooth",
        "3  Smooth",
        "Without it, each pixel takes the ink at one point: edges are jagged, thin lines break",
    ),
    ("center", "4  Centre", "Without it, a digit heavy on one side sits off the middle the network learned"),
)
_LEARNED = (
    "A drawing is prepared in these steps, as the digits were that networks learn from. "
    "Switch one off to see what it is for."
)
_AS_IT_IS = "This image is taken as it is; the steps are for drawings. Draw something to see them."
_ON_THE_SHEET = "As it is on the sheet"
_OTHER_PEN = "As on the sheet, the pen fitted to its size"
_EMPTY = "Draw something, or switch a step off: what the network gets changes at once."


class PipelineView(QWidget):
    """The drawing and the four steps, side by side; works only while it is seen."""

    normalization_edited = Signal(object)  # Normalization

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("pipelineView")
        self.setAccessibleName("How the network sees a drawing, step by step")
        self._drawn: NDArray[np.uint8] | None = None
        self._normalization = Normalization()
        self._on_the_sheet = _ON_THE_SHEET
        self._lead = QLabel(_LEARNED)
        self._lead.setProperty("role", "muted")
        self._lead.setWordWrap(True)
        self._panes = [_Pane("Drawn"), *(_Pane(text.split()[-1]) for _, text, _ in _STEPS)]
        self._texts = [ElidedLines(role="small") for _ in self._panes]
        self.switches = {field: SwitchBox() for field, _, _ in _STEPS}
        for field, text, loss in _STEPS:
            self.switches[field].setText(text)
            self.switches[field].set_value(True)
            self.switches[field].setToolTip(loss)
            self.switches[field].setAccessibleDescription(loss)
            self.switches[field].clicked.connect(self._edit)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACING, SPACING, SPACING, SPACING)
        layout.setSpacing(SPACING // 2)
        layout.addWidget(self._lead)
        layout.addLayout(self._columns(), 1)

    def _columns(self) -> QGridLayout:
        """Lay out one column a step: its switch, its picture, its sentence."""
        grid = QGridLayout()
        grid.setHorizontalSpacing(3 * SPACING)
        grid.setVerticalSpacing(SPACING // 2)
        titles: list[QWidget] = [QLabel("Drawn"), *self.switches.values()]
        for column, (title, pane, text) in enumerate(zip(titles, self._panes, self._texts, strict=True)):
            text.setFixedHeight(30)
            text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            for row, widget in enumerate((title, pane, text)):
                grid.addWidget(widget, row, column)
            grid.setColumnStretch(column, 1)
        grid.setRowStretch(1, 1)
        return grid

    def set_theme(self, theme: Theme) -> None:
        """Paint in the colours of a theme."""
        for pane in self._panes:
            pane.set_theme(theme)

    def set_drawing(
        self, drawn: NDArray[np.uint8] | None, normalization: Normalization, *, other_pen: bool = False
    ) -> None:
        """Show how a drawing, (H, W) with bright ink, is prepared; None: there is an image that is not.

        With `other_pen` say that the pen is not as broad as on the sheet.
        """
        self._drawn, self._normalization = drawn, normalization
        self._on_the_sheet = _OTHER_PEN if other_pen else _ON_THE_SHEET
        for field, switch in self.switches.items():
            switch.set_value(getattr(normalization, field))
            switch.setEnabled(drawn is not None)
        if self.isVisible():
            self._show_steps()

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what was drawn while nobody looked."""
        super().showEvent(event)
        self._show_steps()

    def focus_switches(self) -> None:
        """Bring the keyboard to the first switch."""
        self.switches["crop"].setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _show_steps(self) -> None:
        drawn = self._drawn
        if drawn is None or not drawn.any():
            self._lead.setText(_AS_IT_IS if drawn is None else _EMPTY)
            for pane in self._panes:
                pane.set_image(None, 1, "")
            for label in self._texts:
                label.setText("")
            return
        self._lead.setText(_LEARNED)
        sheet = max(drawn.shape)
        self._panes[0].set_image(drawn, sheet, self._on_the_sheet)
        self._texts[0].setText(self._on_the_sheet)
        sides = (sheet, FIELD, FIELD, FIELD)
        for index, step in enumerate(normalization_steps(drawn, self._normalization)):
            self._panes[index + 1].set_image(step.image, sides[index], step.why)
            self._texts[index + 1].setText(step.why)

    def _edit(self) -> None:
        values = {field: switch.isChecked() for field, switch in self.switches.items()}
        self.normalization_edited.emit(replace(self._normalization, **values))


class _Pane(QWidget):
    """A square as wide as the sheet, or as the field of the network; the picture in its middle, to scale."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(f"{name}: picture")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._theme = LIGHT
        self._image: NDArray[np.generic] | None = None
        self._side = 1

    def sizeHint(self) -> QSize:
        """How large it likes to be."""
        return QSize(160, 160)

    def minimumSizeHint(self) -> QSize:
        """How small it still works."""
        return QSize(56, 56)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def set_image(self, image: NDArray[np.generic] | None, side: int, description: str) -> None:
        """Show an (H, W) picture in a square of `side` of its pixels; None shows an empty square."""
        self._image, self._side = image, side
        self.setAccessibleDescription(description)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Square, picture and its borders, lines through the middle."""
        painter, theme = QPainter(self), self._theme
        side = min(self.width(), self.height()) - 2
        square = QRectF(1, 1, side, side)
        painter.fillRect(square, theme.color("raised") if self._image is None else Qt.GlobalColor.black)
        if self._image is not None:
            unit = side / self._side
            height, width = self._image.shape[0] * unit, self._image.shape[1] * unit
            middle = square.center()
            place = QRectF(middle.x() - width / 2, middle.y() - height / 2, width, height)
            painter.drawImage(place, to_picture(self._image))
            painter.setPen(QPen(theme.color("accent"), 1, Qt.PenStyle.DashLine))
            painter.drawRect(place)
            painter.setPen(QPen(theme.color("accent", 0.5), 1))
            painter.drawLine(QPointF(middle.x(), square.top()), QPointF(middle.x(), square.bottom()))
            painter.drawLine(QPointF(square.left(), middle.y()), QPointF(square.right(), middle.y()))
        painter.setPen(theme.color("border"))
        painter.drawRect(square)
