"""The line above the network: what is pointed at, how fresh the maps are, how they are shown."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from playground.theme import SPACING
from playground.views.elided_label import ElidedLabel
from playground.views.scales import SCOPES

_SCOPE_WORDS = {
    "channel": "Colours per channel",
    "layer": "Colours per layer",
    "network": "Same colours for all",
}


class NetworkBar(QWidget):
    """Read-out, step, size of the maps and range of the colours; `lead` comes before them."""

    scope_chosen = Signal(str)  # "channel", "layer" or "network"
    large_chosen = Signal(bool)

    def __init__(self, parent: QWidget | None = None, lead: QWidget | None = None) -> None:
        super().__init__(parent)
        self._read_out, self._freshness = ElidedLabel(before_value=": "), QLabel()
        self._large, self._scopes = QToolButton(), QComboBox()
        self._read_out.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._read_out.setAccessibleName("Read-out")
        for label in (self._read_out, self._freshness):
            label.setProperty("role", "muted")
        self._large.setText("Large maps")
        self._large.setCheckable(True)
        self._large.setStyleSheet("QToolButton { padding: 2px 8px; min-height: 16px; }")  # as low as the box
        self._large.setToolTip("Large maps to scroll along, or all layers at once (Ctrl+wheel)")
        self._large.toggled.connect(self.large_chosen)
        for scope in SCOPES:
            self._scopes.addItem(_SCOPE_WORDS[scope], scope)
        self._scopes.setAccessibleName("Range of the colours")
        self._scopes.setToolTip(
            "How far the colours reach. Pooling and Flatten always use the range of the layer they follow. "
            "A plus behind a range: a few channels go beyond it."
        )
        self._scopes.currentIndexChanged.connect(
            lambda index: self.scope_chosen.emit(self._scopes.itemData(index))
        )
        layout = QHBoxLayout(self)
        layout.setContentsMargins(SPACING, 0, SPACING, 0)
        layout.setSpacing(SPACING)
        if lead is not None:
            layout.addWidget(lead)
            layout.addSpacing(SPACING)
        for widget, stretch in (
            (self._read_out, 1),
            (self._freshness, 0),
            (self._large, 0),
            (self._scopes, 0),
        ):
            layout.addWidget(widget, stretch)

    @property
    def large(self) -> bool:
        """Whether large maps are wanted."""
        return self._large.isChecked()

    def set_large(self, large: bool) -> None:
        """Choose large maps, or all layers at once."""
        self._large.setChecked(large)

    def set_scope(self, scope: str) -> None:
        """Choose the range of the colours."""
        self._scopes.setCurrentIndex(SCOPES.index(scope))

    @property
    def read_out(self) -> str:
        """The whole text, also where it does not fit."""
        return self._read_out.text()

    def set_read_out(self, text: str) -> None:
        """Write what is pointed at or selected, shortened to the room there is."""
        if text != self._read_out.text():
            self._read_out.setText(text)
            self._read_out.setAccessibleDescription(text)

    def set_freshness(self, text: str, *, stale: bool) -> None:
        """Write the step that the maps come from, or why they are not of now."""
        role = "warning" if stale else "muted"
        if text != self._freshness.text():
            self._freshness.setText(text)
        if self._freshness.property("role") != role:
            self._freshness.setProperty("role", role)
            self._freshness.style().polish(self._freshness)
