"""Editors of sizes: one number or height and width, and padding, which may be a name too."""

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from playground.views.field_editors import ChoiceBox, CountBox

Size = int | tuple[int, int]

_QUIET_BUTTON = """
QToolButton { padding: 1px 4px; min-height: 16px; background: transparent; border-color: transparent; }
QToolButton:hover, QToolButton:focus { border-color: palette(highlight); }
QToolButton:checked { color: palette(highlight); background: transparent; border-color: palette(mid); }
"""


class SizeEditor(QWidget):
    """One number, or height and width after a press on its button; None where `smallest_text` is given."""

    edited = Signal()

    def __init__(self, minimum: int = 1, smallest_text: str = "") -> None:
        super().__init__()
        self.height_box = CountBox(minimum, smallest_text)
        self.width_box = CountBox(minimum)
        self._times = QLabel("×")
        self.two_button = QToolButton()
        self.two_button.setText("h×w")
        self.two_button.setCheckable(True)
        self.two_button.setToolTip("Choose height and width separately")
        self.two_button.setStyleSheet(_QUIET_BUTTON)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        for widget, stretch in (
            (self.height_box, 1),
            (self._times, 0),
            (self.width_box, 1),
            (self.two_button, 0),
        ):
            layout.addWidget(widget, stretch)
        self.setFocusProxy(self.height_box)
        self.height_box.edited.connect(self.edited)
        self.width_box.edited.connect(self.edited)
        self.two_button.toggled.connect(self._on_two_toggled)
        self._show_two(False)

    def name(self, text: str) -> None:
        """Name the parts for screen readers after the field."""
        self.height_box.setAccessibleName(text)
        self.width_box.setAccessibleName(f"{text}, width")
        self.two_button.setAccessibleName(f"{text}: separate height and width")

    def value(self) -> Size | None:
        """The number, or (height, width) when they are given separately, or None."""
        height = self.height_box.count()
        if height is None or not self.two_button.isChecked():
            return height
        return height, self.width_box.value()

    def set_value(self, value: Size | None) -> None:
        """Show a size silently: as one number if height and width agree and two are not shown already."""
        height, width = value if isinstance(value, tuple) else (value, value)
        self.height_box.set_value(height)
        self.width_box.set_value(self.width_box.minimum() if width is None else width)
        with QSignalBlocker(self.two_button):
            self.two_button.setChecked(
                height != width or (self.two_button.isChecked() and height is not None)
            )
        self._show_two(self.two_button.isChecked())

    def _on_two_toggled(self, two: bool) -> None:
        height = self.height_box.count()
        if height is None:
            self.height_box.set_value(self.width_box.minimum())
        unequal = height != self.width_box.value()
        self.width_box.set_value(self.height_box.value())
        self._show_two(two)
        if unequal:
            self.edited.emit()

    def _show_two(self, two: bool) -> None:
        self._times.setVisible(two)
        self.width_box.setVisible(two)


class PaddingEditor(QWidget):
    """Padding by name ("valid", "same") or by a number of cells on every side."""

    edited = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.choice = ChoiceBox(("valid", "same", "number"))
        self.size_editor = SizeEditor(minimum=0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.choice)
        layout.addWidget(self.size_editor)
        self.setFocusProxy(self.choice)
        self.choice.edited.connect(self._on_chosen)
        self.size_editor.edited.connect(self.edited)
        self.size_editor.hide()

    def name(self, text: str) -> None:
        """Name the parts for screen readers after the field."""
        self.choice.setAccessibleName(text)
        self.size_editor.name(f"{text}, cells")

    def value(self) -> Size | str | None:
        """The name, the number or (height, width)."""
        name = self.choice.currentText()
        return self.size_editor.value() if name == "number" else name

    def set_value(self, value: Size | str) -> None:
        """Show a padding silently."""
        self.choice.set_value(value if isinstance(value, str) else "number")
        if not isinstance(value, str):
            self.size_editor.set_value(value)
        self.size_editor.setVisible(not isinstance(value, str))

    def _on_chosen(self) -> None:
        self.size_editor.setVisible(self.choice.currentText() == "number")
        self.edited.emit()
