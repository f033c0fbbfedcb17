"""Editors of one value each: a count, a real number, a choice, a switch.

Every editor has `set_value(value)`, which is silent, and the signal `edited` for what a person changed.
Typed digits count once confirmed (Enter, Tab or a click elsewhere), arrow keys and the wheel at once, so that
typing 128 never passes through 1 and 12.
"""

import math
import re

from PySide6.QtCore import QRect, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QPen, QValidator, QWheelEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QSizePolicy,
    QSpinBox,
    QStyle,
    QStyleOptionButton,
    QStyleOptionComboBox,
    QWidget,
)

LARGEST_COUNT = 1_000_000
ROW_HEIGHT = 24  # px
_NUMBER_SO_FAR = re.compile(r"[+-]?\d*[.,]?\d*(?:[eE][+-]?\d*)?")


class CountBox(QSpinBox):
    """A whole number; `smallest_text`, when given, is shown for one below `minimum` and means None."""

    edited = Signal()

    def __init__(self, minimum: int = 0, smallest_text: str = "") -> None:
        super().__init__()
        self._none = minimum - 1 if smallest_text else None
        self.setRange(minimum if self._none is None else self._none, LARGEST_COUNT)
        self.setSpecialValueText(smallest_text)
        self.setGroupSeparatorShown(True)
        self.setKeyboardTracking(False)
        fit_into_row(self)
        self.valueChanged.connect(lambda _number: self.edited.emit())

    def count(self) -> int | None:
        """The number, or None for the special text."""
        number = self.value()
        return None if number == self._none else number

    def set_value(self, value: int | None) -> None:
        """Show a number (or None, where there is a text for it) silently."""
        with QSignalBlocker(self):
            self.setValue(self.minimum() if value is None else value)

    def setAccessibleName(self, name: str) -> None:
        """Name the box and the line inside it, which a screen reader meets first."""
        super().setAccessibleName(name)
        self.lineEdit().setAccessibleName(name)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the scrolling panel unless the box was chosen first."""
        wheel_needs_focus(self, event) or super().wheelEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Fusion's box with an outline that is seen on dark panels too."""
        super().paintEvent(event)
        paint_outline(self)


class NumberBox(QDoubleSpinBox):
    """A real number written shortly (0.05, 1e-5); the arrows walk 1, 2, 5, 10 when `logarithmic`.

    With `smallest_text` the smallest value reads so and means None.
    """

    edited = Signal()

    def __init__(
        self, minimum: float = 0.0, maximum: float = 1e6, logarithmic: bool = False, smallest_text: str = ""
    ) -> None:
        super().__init__()
        self._logarithmic = logarithmic
        self.setDecimals(12)
        self.setRange(minimum, maximum)
        self.setSingleStep(0.05)
        self.setSpecialValueText(smallest_text)
        self.setKeyboardTracking(False)
        fit_into_row(self)
        self.valueChanged.connect(lambda _number: self.edited.emit())

    def number(self) -> float | None:
        """The number, or None for the special text."""
        number = self.value()
        return None if self.specialValueText() and number == self.minimum() else number

    def set_value(self, value: float | None) -> None:
        """Show a number (or None, where there is a text for it) silently."""
        with QSignalBlocker(self):
            self.setValue(self.minimum() if value is None else value)

    def textFromValue(self, value: float) -> str:
        """Six digits at most, no trailing zeros."""
        return re.sub(r"e([+-])0*", lambda found: "e" + found[1].strip("+"), f"{value:.6g}")

    def valueFromText(self, text: str) -> float:
        """The number a text stands for; a comma counts as a point."""
        try:
            return float(text.replace(",", "."))
        except ValueError:
            return self.minimum() if text == self.specialValueText() else self.value()

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        """Accept what is a number, allow what may become one, refuse letters."""
        if text == self.specialValueText() and text:
            return QValidator.State.Acceptable, text, position
        try:
            inside = self.minimum() <= float(text.replace(",", ".")) <= self.maximum()
            state = QValidator.State.Acceptable if inside else QValidator.State.Intermediate
        except ValueError:
            beginning = _NUMBER_SO_FAR.fullmatch(text)
            state = QValidator.State.Intermediate if beginning else QValidator.State.Invalid
        return state, text, position

    def stepBy(self, steps: int) -> None:
        """One arrow press: the next of 1, 2, 5, 10 when logarithmic, else 0.05 more or less."""
        if not self._logarithmic:
            self.setValue(round(self.value() + steps * self.singleStep(), 10))
            return
        for _ in range(abs(steps)):
            self.setValue(next_of_1_2_5(self.value(), up=steps > 0))

    def setAccessibleName(self, name: str) -> None:
        """Name the box and the line inside it, which a screen reader meets first."""
        super().setAccessibleName(name)
        self.lineEdit().setAccessibleName(name)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the scrolling panel unless the box was chosen first."""
        wheel_needs_focus(self, event) or super().wheelEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Fusion's box with an outline that is seen on dark panels too."""
        super().paintEvent(event)
        paint_outline(self)


class ChoiceBox(QComboBox):
    """A list to choose from that ignores the wheel until it was chosen."""

    edited = Signal()

    def __init__(self, choices: tuple[str, ...] = ()) -> None:
        super().__init__()
        fit_into_row(self)
        self.addItems(choices)
        self.activated.connect(lambda _index: self.edited.emit())

    def set_value(self, value: str) -> None:
        """Show a choice silently."""
        with QSignalBlocker(self):
            self.setCurrentText(value)

    def setAccessibleName(self, name: str) -> None:
        """Name the box and its list."""
        super().setAccessibleName(name)
        self.view().setAccessibleName(name)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the scrolling panel unless the box was chosen first."""
        wheel_needs_focus(self, event) or super().wheelEvent(event)

    def initStyleOption(self, option: QStyleOptionComboBox) -> None:
        """A text that is too long ends in dots, not in half a letter."""
        super().initStyleOption(option)
        box, field = QStyle.ComplexControl.CC_ComboBox, QStyle.SubControl.SC_ComboBoxEditField
        room = self.style().subControlRect(box, option, field, self).width() - 2
        option.currentText = self.fontMetrics().elidedText(
            option.currentText, Qt.TextElideMode.ElideRight, room
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        """Fusion's box with an outline that is seen on dark panels too."""
        super().paintEvent(event)
        paint_outline(self)


class SwitchBox(QCheckBox):
    """A yes or no."""

    edited = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumHeight(ROW_HEIGHT)
        self.toggled.connect(lambda _on: self.edited.emit())

    def set_value(self, value: bool) -> None:
        """Show yes or no silently."""
        with QSignalBlocker(self):
            self.setChecked(value)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Fusion's box with an outline that is seen on dark panels too."""
        super().paintEvent(event)
        option = QStyleOptionButton()
        self.initStyleOption(option)
        box = self.style().subElementRect(QStyle.SubElement.SE_CheckBoxIndicator, option, self)
        paint_outline(self, box)


def fit_into_row(box: QWidget) -> None:
    """Let a box be as narrow as its row needs, of even height, and take the focus by click and Tab only."""
    box.setMinimumSize(48, ROW_HEIGHT)
    box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)


def fix_width(box: QWidget, width: int) -> None:
    """Give a box one width in px, where its row is not to be filled."""
    box.setFixedWidth(width)
    box.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)


def paint_outline(box: QWidget, area: QRect | None = None) -> None:
    """Outline a box, or an area of it, in the border colour; with the focus Fusion's own outline is left."""
    if box.hasFocus():
        return
    painter = QPainter(box)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(box.palette().color(QPalette.ColorRole.Mid), 1))
    painter.drawRoundedRect((area or box.rect()).toRectF().adjusted(0.5, 0.5, -0.5, -0.5), 2, 2)
    painter.end()


def wheel_needs_focus(widget: QWidget, event: QWheelEvent) -> bool:
    """Hand the wheel on (True) when the widget is not the one being edited."""
    if widget.hasFocus():
        return False
    event.ignore()
    return True


def next_of_1_2_5(value: float, up: bool) -> float:
    """The next (or previous) number of the series ..., 0.1, 0.2, 0.5, 1, 2, 5, ...; 0 has no previous."""
    if value <= 0:
        return 1e-5 if up else 0.0
    decade = math.floor(math.log10(value) + 1e-9)
    series = [m * 10.0**e for e in (decade - 1, decade, decade + 1) for m in (1, 2, 5)]
    tolerance = value * 1e-6
    found = (
        [s for s in series if s > value + tolerance] if up else [s for s in series if s < value - tolerance]
    )
    return float(f"{(found[0] if up else found[-1]):.6g}")
