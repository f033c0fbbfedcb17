"""Teaching: keep the drawing under the class that was answered, or say which one it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QDialogButtonBox,
    QHBoxLayout,
    QInputDialog,
    QMenu,
    QSizePolicy,
    QStyleOptionToolButton,
    QToolButton,
    QWidget,
)

from playground.theme import SPACING

NEW_CLASS = "Something new…"
QUESTION = "What is the drawing?"
_SHORT = 12  # characters of a class name on the button
_PADDING = 18  # px, beside the text of a button, with its border


class TeachPanel(QWidget):
    """One row: a button for `keep`, and one for `correct` that opens a menu of all classes.

    Emits `keep_requested(str)` with a class chosen in the menu, `new_class_requested()` where none of them
    is right.
    """

    keep_requested = Signal(str)
    new_class_requested = Signal()

    def __init__(self, keep: QAction, correct: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("teachPanel")
        self.setAccessibleName("Keep the drawing")
        self._names: tuple[str, ...] = ()
        self._correct = correct
        self.menu = QMenu("What the drawing is", self)
        self.menu.setAccessibleName("What the drawing is")
        self.keep_button, self.correct_button = _Button(keep), _Button(correct)
        self.keep_button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        correct.triggered.connect(lambda: self.open_menu())
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACING)
        layout.addWidget(self.keep_button, 1)
        layout.addWidget(self.correct_button)

    def set_classes(self, names: Sequence[str]) -> None:
        """Offer these classes in the menu."""
        self._names = tuple(names)

    def open_menu(self, place: QPoint | None = None) -> None:
        """Open the menu of classes at a place of the screen, or above its button."""
        if not self._correct.isEnabled():
            return
        self._fill()  # before it is asked how high it is
        self.menu.ensurePolished()
        if place is None:
            place = self.correct_button.mapToGlobal(QPoint(0, -self.menu.sizeHint().height()))
        self.menu.popup(place)

    def _fill(self) -> None:
        self.menu.clear()
        for name in self._names:
            choice = self.menu.addAction(f"&{_escaped(name)}" if name[0] != "&" else _escaped(name))
            choice.triggered.connect(lambda _checked=False, name=name: self.keep_requested.emit(name))
        self.menu.addSeparator()
        self.menu.addAction(NEW_CLASS).triggered.connect(self.new_class_requested)


def keep_text(answer: str | None, done: bool) -> str:
    """What the button that keeps a drawing as what was answered says."""
    if answer is None:
        return "&Keep"
    short = _escaped(answer if len(answer) <= _SHORT else f"{answer[: _SHORT - 1]}…")
    return f"Kept as {short}" if done else f"&Keep as {short}"


def new_class_dialog(parent: QWidget, reason_against: Callable[[str], str]) -> QInputDialog:
    """Ask what a drawing is. A name with a reason against it cannot be chosen; the reason is said in place
    of the question once there is something to read."""
    dialog = QInputDialog(parent)
    dialog.setWindowTitle("A new class")
    dialog.setLabelText(QUESTION)
    dialog.setOkButtonText("Keep")
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    buttons = dialog.findChild(QDialogButtonBox)
    assert buttons is not None
    keep = buttons.button(QDialogButtonBox.StandardButton.Ok)

    def check(text: str) -> None:
        reason = reason_against(text)
        keep.setEnabled(not reason)
        dialog.setLabelText(reason if reason and text.strip() else QUESTION)

    dialog.textValueChanged.connect(check)
    check("")
    return dialog


class _Button(QToolButton):
    def __init__(self, action: QAction) -> None:
        super().__init__()
        self.setDefaultAction(action)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def initStyleOption(self, option: QStyleOptionToolButton) -> None:
        """A name that is too long ends in dots; Qt would leave out what stands before it."""
        super().initStyleOption(option)
        room = self.width() - _PADDING
        written = option.text.replace("&&", "&")
        option.text = _escaped(self.fontMetrics().elidedText(written, Qt.TextElideMode.ElideRight, room))


def _escaped(name: str) -> str:
    return name.replace("&", "&&")
