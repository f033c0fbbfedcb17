"""The learning rate as a slider over powers of ten with a box for exact numbers."""

import math

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QHBoxLayout, QSlider, QWidget

from playground.field_texts import field_text
from playground.theme import SPACING
from playground.views.field_editors import NumberBox, fix_width, wheel_needs_focus

SMALLEST, LARGEST = 1e-5, 1.0
_STEPS_PER_DECADE = 40
_TIP = f"{field_text('', 'learning_rate').explanation} It can be changed while training runs."


class LearningRateEditor(QWidget):
    """Slider and box for one positive number; `edited(float)` on each change by a person."""

    edited = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.slider = _Slider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, _position(LARGEST))
        self.slider.setPageStep(_STEPS_PER_DECADE // 2)
        self.slider.setMinimumWidth(48)
        self.slider.setAccessibleName("Learning rate, slider")
        self.box = NumberBox(minimum=0.0, maximum=100.0, logarithmic=True)
        self.box.setAccessibleName("Learning rate")
        fix_width(self.box, 72)
        self.box.setObjectName("learningRateBox")
        for part in (self.slider, self.box):
            part.setToolTip(_TIP)
        self.setFocusProxy(self.box)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACING)
        layout.addWidget(self.slider, 1)
        layout.addWidget(self.box)
        self.slider.valueChanged.connect(self._on_slid)
        self.box.edited.connect(self._on_typed)

    def value(self) -> float:
        """The number shown."""
        return self.box.value()

    def set_value(self, value: float) -> None:
        """Show a number silently; the slider stays at its end for numbers beyond it."""
        self.box.set_value(value)
        with QSignalBlocker(self.slider):
            self.slider.setValue(_position(value))

    def _on_slid(self, position: int) -> None:
        value = float(f"{SMALLEST * 10 ** (position / _STEPS_PER_DECADE):.2g}")
        self.box.set_value(value)
        self.edited.emit(value)

    def _on_typed(self) -> None:
        self.set_value(self.box.value())
        self.edited.emit(self.box.value())


class _Slider(QSlider):
    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to others unless the slider was chosen first."""
        wheel_needs_focus(self, event) or super().wheelEvent(event)


def _position(value: float) -> int:
    inside = min(max(value, SMALLEST), LARGEST)
    return round(math.log10(inside / SMALLEST) * _STEPS_PER_DECADE)
