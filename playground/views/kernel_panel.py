"""The kernels of a convolution with the choice of the input channel and a read-out."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from playground.theme import SPACING, Theme
from playground.views.field_editors import ChoiceBox
from playground.views.kernel_grid import MEAN, MOST_TILES, STRONGEST, KernelGrid
from playground.wording import format_number


class KernelPanel(QWidget):
    """A KernelGrid; for several input channels a list chooses one, the strongest or the mean."""

    filter_selected = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.input_box = ChoiceBox()
        self.grid = KernelGrid()
        self.input_box.setAccessibleName("Input channel whose kernels are shown")
        self.input_box.setToolTip(
            "Each filter has one kernel for every input channel; choose which one is shown"
        )
        self._label = QLabel("Shows")
        self._label.setBuddy(self.input_box)
        self._about = QLabel(wordWrap=True)
        self._about.setProperty("role", "small")
        self._inputs = self._count = 0
        self._noun = "filter"
        row = QHBoxLayout()
        row.addWidget(self._label)
        row.addWidget(self.input_box, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACING)
        layout.addLayout(row)
        layout.addWidget(self.grid)
        layout.addWidget(self._about)
        self.input_box.activated.connect(lambda _index: self.grid.set_input(self.input_box.currentData()))
        self.grid.read_out_changed.connect(self._tell)
        self.grid.filter_selected.connect(self.filter_selected)

    def set_theme(self, theme: Theme) -> None:
        """Paint in a theme's colours."""
        self.grid.set_theme(theme)

    def set_weight(self, weight: NDArray[np.float32], noun: str = "filter") -> None:
        """Show weights (KH, KW, C_in, C_out); `noun` is what has one kernel a tile."""
        self._count = weight.shape[3]
        if weight.shape[2] != self._inputs or noun != self._noun:
            self._noun = noun
            self._offer_inputs(weight.shape[2])
        self.grid.set_weight(weight, noun)

    def set_channel(self, channel: int | None) -> None:
        """Outline the filter of an output channel."""
        self.grid.set_channel(channel)

    def _offer_inputs(self, inputs: int) -> None:
        self._inputs = inputs
        with QSignalBlocker(self.input_box):
            self.input_box.clear()
            self.input_box.addItem(f"strongest input of each {self._noun}", STRONGEST)
            self.input_box.addItem(f"mean of {format_number(inputs)} inputs", MEAN)
            for channel in range(inputs):
                self.input_box.addItem(f"input {channel}", channel)
        self.grid.set_input(STRONGEST)
        self._label.setVisible(inputs > 1)
        self.input_box.setVisible(inputs > 1)

    def _tell(self, read_out: str) -> None:
        shown = f"{self._count} {self._noun}s"
        if self._count > MOST_TILES:
            shown = f"The {MOST_TILES} strongest of {format_number(self._count)} {self._noun}s"
        self._about.setText(read_out or f"{shown}. Hover a tile for its numbers.")
