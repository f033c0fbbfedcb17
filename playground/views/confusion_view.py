"""Which classes are taken for which: accuracy, the confusion matrix, what the cursor is on."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QStackedLayout, QVBoxLayout, QWidget

from playground.theme import LIGHT, SPACING, Theme
from playground.views.confusion_matrix import ConfusionMatrix
from playground.views.elided_label import ElidedLabel
from playground.wording import format_number, format_share

EMPTY = "Appears when the network has answered the images held out."
_LEGEND = "rows: true, columns: predicted"
_MOST_PAIRS = 3


class ConfusionView(QWidget):
    """Shows a confusion matrix; `cell_selected(truth, predicted)` when a person picks a cell."""

    cell_selected = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("confusionView")
        self.setAccessibleName("Confusion of classes in validation")
        self.matrix = ConfusionMatrix()
        self._title, self._read_out = QLabel(), ElidedLabel(role="small", at_right=True)
        self._title.setProperty("role", "strong")
        self._empty, self._summary = QLabel(EMPTY), ""
        self._read_out.setAccessibleName("Cell under the cursor")
        self._empty.setProperty("role", "muted")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        header = QHBoxLayout()
        header.setSpacing(SPACING * 2)
        header.addWidget(self._title)
        header.addWidget(self._read_out, 1)
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(SPACING, SPACING // 2, SPACING, SPACING // 2)
        layout.setSpacing(SPACING // 2)
        layout.addLayout(header)
        layout.addWidget(self.matrix, 1)
        self._pages = QStackedLayout(self)
        self._pages.addWidget(self._empty)
        self._pages.addWidget(page)
        self.matrix.cell_selected.connect(self.cell_selected)
        self.matrix.read_out_changed.connect(self._tell)
        self.set_theme(LIGHT)

    def set_theme(self, theme: Theme) -> None:
        """Paint in a theme's colours."""
        self.matrix.set_theme(theme)

    def set_confusion(
        self, matrix: NDArray[np.int64] | None, class_names: tuple[str, ...] = (), step: int | None = None
    ) -> None:
        """Show counts (K, K), rows true and columns predicted, found after a step; None shows nothing.

        Raises ValueError when the matrix is not square or there is not one name for each class.
        """
        if matrix is None or not class_names:
            self._pages.setCurrentIndex(0)
            return
        if matrix.shape != (len(class_names),) * 2:
            raise ValueError(
                f"a confusion of {len(class_names)} classes cannot have the shape {matrix.shape}"
            )
        total = int(matrix.sum())
        accuracy = format_share(float(np.trace(matrix)) / total, 2) if total else "unknown"
        when = "" if step is None else f" · after step {format_number(step)}"
        self._title.setText(f"Accuracy {accuracy} of {format_number(total)} images{when}")
        self._summary = _LEGEND + most_confused(matrix, class_names)
        self.matrix.set_counts(matrix, class_names)
        self._pages.setCurrentIndex(1)

    def set_selected(self, truth: int | None, predicted: int | None = None) -> None:
        """Outline a cell, or none."""
        self.matrix.set_selected(None if truth is None or predicted is None else (truth, predicted))

    def _tell(self, read_out: str) -> None:
        self._read_out.setText(read_out or self._summary)


def most_confused(counts: NDArray[np.int64], names: tuple[str, ...]) -> str:
    """The pairs mistaken most often, as " · most confused: 4 as 9 (35), ..."; empty if there are none."""
    wrong = counts * ~np.eye(len(counts), dtype=bool)
    order = np.argsort(-wrong, axis=None, kind="stable")[:_MOST_PAIRS]
    pairs = [divmod(int(at), len(counts)) for at in order]
    found = [f"{names[t]} as {names[p]} ({format_number(int(wrong[t, p]))})" for t, p in pairs if wrong[t, p]]
    return f" · most confused: {', '.join(found)}" if found else ""
