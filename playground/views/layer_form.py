"""The form of one layer, made from the fields of its class."""

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from playground.views.value_form import ValueForm


class LayerForm(QWidget):
    """Edits one layer value; `layer_edited(index, layer)` after each valid edit.

    A value the layer refuses is explained beneath its field and not sent.
    """

    layer_edited = Signal(int, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Layer settings")
        self._index = -1
        self.form = ValueForm()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.form)
        self.form.value_edited.connect(lambda layer: self.layer_edited.emit(self._index, layer))

    def set_layer(self, index: int, layer: Any) -> None:
        """Show the layer value at an index of the architecture (None: nothing) without sending anything."""
        if index != self._index:
            self.form.set_value(None)
        self._index = index
        self.form.set_value(layer)
