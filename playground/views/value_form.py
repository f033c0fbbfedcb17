"""A form for any frozen dataclass value: one row per field, each edit makes a new value."""

import dataclasses
import types
import typing
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from cnn_core.initializers import INITIALIZERS
from playground.field_texts import field_text
from playground.theme import SPACING
from playground.views.field_editors import ROW_HEIGHT, ChoiceBox, CountBox, NumberBox, SwitchBox
from playground.views.size_editors import PaddingEditor, SizeEditor

_LABEL_WIDTH = 92  # px; wide enough for most labels, so that the forms of all layers line up
_LOGARITHMIC = frozenset({"learning_rate", "weight_decay", "epsilon", "clip_norm"})
_STEPS = {"rotation": 5.0, "shift": 1.0, "shear": 5.0, "thickness": 0.5, "elastic": 1.0, "cutout": 2.0}
_FROM_ZERO = frozenset({"padding", "warmup_steps", "seed"})
_CHOICES = {"initializer": tuple(INITIALIZERS)}
_NONE_TEXTS = {"stride": "as pool size", "clip_norm": "off"}


class ValueForm(QWidget):
    """Shows one dataclass value; `value_edited(object)` carries the new value after each valid edit.

    Fields that are dataclass values themselves have no row: they take a form of their own.

    A value the constructor refuses (ValueError) is not sent: its reason stands beneath the field until the
    field is valid again or another value is set.
    """

    value_edited = Signal(object)

    def __init__(self, leave_out: tuple[str, ...] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._leave_out = frozenset(leave_out)
        self._value: Any = None
        self._editors: dict[str, Any] = {}
        self._errors: dict[str, QLabel] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(SPACING)
        self._grid.setVerticalSpacing(SPACING // 2)
        self._grid.setColumnStretch(1, 1)
        self._grid.setColumnMinimumWidth(0, _LABEL_WIDTH)

    @property
    def value(self) -> Any:
        """The last valid value, or None."""
        return self._value

    def editor(self, field_name: str) -> QWidget:
        """The editor of a field; KeyError when the form has none for it."""
        widget: QWidget = self._editors[field_name]
        return widget

    def set_value(self, value: Any) -> None:
        """Show a dataclass value (None: nothing) silently; rows are kept when the class stays the same."""
        if type(value) is not type(self._value):
            self._build(value)
        elif value == self._value:
            return
        self._value = value
        for name, editor in self._editors.items():
            if name not in self._pending() or getattr(value, name) != editor_value(editor):
                editor.set_value(getattr(value, name))
                self._say(name, "")

    def _pending(self) -> set[str]:
        return {name for name, label in self._errors.items() if not label.isHidden()}

    def _build(self, value: Any) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.setParent(None)
                widget.deleteLater()
        self._editors, self._errors = {}, {}
        if value is None:
            return
        hints = typing.get_type_hints(type(value))
        shown = [
            field
            for field in dataclasses.fields(value)
            if field.init
            and field.name not in self._leave_out
            and not dataclasses.is_dataclass(hints[field.name])
        ]
        for row, field in enumerate(shown):
            self._add_row(row, type(value).__name__, field, hints[field.name])
        self._order_tabs()
        if not shown:
            nothing = QLabel("This one has no settings.")
            nothing.setProperty("role", "muted")
            self._grid.addWidget(nothing, 0, 0, 1, 2)

    def _order_tabs(self) -> None:
        """Put the new editors where the form is; Qt would append them to the end of the window's order."""
        last: QWidget = self
        for editor in self._editors.values():
            QWidget.setTabOrder(last, editor)
            last = editor

    def _add_row(self, row: int, owner: str, field: "dataclasses.Field[Any]", hint: Any) -> None:
        text = field_text(owner, field.name)
        editor = make_editor(field.name, hint)
        name_editor(editor, text.label)
        tip = f"{text.explanation}{_default_text(field)}"
        label = QLabel(text.label)
        label.setBuddy(editor.focusProxy() or editor)
        label.setToolTip(tip)
        editor.setToolTip(tip)
        editor.setObjectName(f"{field.name}Field")
        label.setMinimumHeight(ROW_HEIGHT)
        error = QLabel(wordWrap=True)
        error.hide()
        error.setProperty("role", "error")
        self._grid.addWidget(label, 2 * row, 0, Qt.AlignmentFlag.AlignTop)
        self._grid.addWidget(editor, 2 * row, 1)
        self._grid.addWidget(error, 2 * row + 1, 0, 1, 2)
        self._editors[field.name], self._errors[field.name] = editor, error
        editor.edited.connect(lambda name=field.name: self._on_edited(name))  # type: ignore[attr-defined]

    def _on_edited(self, name: str) -> None:
        # Another field may have been the refused one: all rows are read, not only the edited one.
        changed = {name} | self._pending()
        try:
            value = dataclasses.replace(self._value, **{n: editor_value(self._editors[n]) for n in changed})
        except ValueError as error:
            self._say(name, str(error))
            return
        for field_name in changed:
            self._say(field_name, "")
        if value != self._value:
            self._value = value
            self.value_edited.emit(value)

    def _say(self, name: str, error: str) -> None:
        label = self._errors[name]
        label.setText(error)
        label.setVisible(bool(error))
        self._editors[name].setAccessibleDescription(error)


def make_editor(field_name: str, hint: Any) -> QWidget:
    """An editor for a field by its type: bool, int, float, size (int or pair), padding, a choice."""
    kinds = set(_members(hint))
    optional = type(None) in kinds
    none_text = _NONE_TEXTS.get(field_name, "none") if optional else ""
    smallest = 0 if field_name in _FROM_ZERO else 1
    if field_name in _CHOICES:
        return ChoiceBox(_CHOICES[field_name])
    if str in kinds:
        return PaddingEditor()
    if any(typing.get_origin(kind) is tuple for kind in kinds):
        return SizeEditor(smallest, none_text)
    if float in kinds:
        box = NumberBox(logarithmic=field_name in _LOGARITHMIC, smallest_text=none_text)
        box.setSingleStep(_STEPS.get(field_name, 0.05))
        return box
    if bool in kinds:
        return SwitchBox()
    return CountBox(smallest, none_text)


def editor_value(editor: QWidget) -> Any:
    """The value an editor shows, as the field takes it."""
    if isinstance(editor, CountBox):
        return editor.count()
    if isinstance(editor, NumberBox):
        return editor.number()
    if isinstance(editor, SwitchBox):
        return editor.isChecked()
    if isinstance(editor, ChoiceBox):
        return editor.currentText()
    assert isinstance(editor, SizeEditor | PaddingEditor)
    return editor.value()


def name_editor(editor: QWidget, text: str) -> None:
    """Give an editor and its parts their accessible names."""
    editor.setAccessibleName(text)
    if isinstance(editor, SizeEditor | PaddingEditor):
        editor.name(text)


def _members(hint: Any) -> list[Any]:
    """The single types of a union, a Literal counted as the type of its values."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return [kind for part in typing.get_args(hint) for kind in _members(part)]
    if typing.get_origin(hint) is typing.Literal:
        return [type(value) for value in typing.get_args(hint)]
    return [hint]


def _default_text(field: "dataclasses.Field[Any]") -> str:
    if field.default is dataclasses.MISSING:
        return ""
    names = {None: _NONE_TEXTS.get(field.name, "none"), True: "on", False: "off"}
    known = field.default is None or isinstance(field.default, bool)
    return f" Usual: {names[field.default] if known else field.default}."
