"""Pairs of a name and a value, such as "Parameters  320", and the facts of a layer and of a network."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

import cnn_core as cnn
from playground.theme import SPACING
from playground.wording import format_number, format_shape

_SHAPE = "Height × width × channels"
_WORK = "Multiplications (each with an addition) for one image"

Reports = tuple[cnn.LayerReport, ...]
Facts = list[tuple[str, str, str]]  # name, value, explanation


class FactGrid(QWidget):
    """Rows of name, value and an explanation as tooltip."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[tuple[QLabel, QLabel]] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(SPACING)
        self._grid.setVerticalSpacing(SPACING // 2)
        self._grid.setColumnMinimumWidth(0, 92)
        self._grid.setColumnStretch(1, 1)

    def set_facts(self, facts: Facts) -> None:
        """Show these rows, using the labels there are."""
        while len(self._rows) < len(facts):
            self._add_row()
        for position, labels in enumerate(self._rows):
            for label in labels:
                label.setVisible(position < len(facts))
            if position < len(facts):
                name, value, explanation = facts[position]
                for label, text in zip(labels, (name, value), strict=True):
                    label.setText(text)
                    label.setToolTip(explanation)

    def _add_row(self) -> None:
        name, value = QLabel(), QLabel(wordWrap=True)
        name.setProperty("role", "muted")
        value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        for column, label in enumerate((name, value)):
            self._grid.addWidget(label, len(self._rows), column, Qt.AlignmentFlag.AlignTop)
        self._rows.append((name, value))


def report_facts(report: cnn.LayerReport) -> Facts:
    """Shapes, parameters, work and receptive field of one layer, as far as they are known."""
    unknown = "does not fit" if report.error else "unknown until the layers before fit"
    facts = [
        ("Input", format_shape(report.input_shape or ()) or unknown, f"{_SHAPE} that comes in"),
        ("Output", format_shape(report.output_shape or ()) or unknown, f"{_SHAPE} that goes out"),
    ]
    if report.parameters:
        facts.append(("Parameters", format_number(report.parameters), "Numbers this layer learns"))
    if report.multiply_adds:
        facts.append(("Work", f"{format_number(report.multiply_adds)} multiply-adds", _WORK))
    if report.receptive_field:
        seen = f"{format_shape(report.receptive_field)} of the image"
        facts.append(("Sees", seen, "Receptive field: the part of the image one output depends on"))
    return facts


def network_facts(reports: Reports, input_shape: tuple[int, ...]) -> Facts:
    """Totals of a whole network."""
    output = reports[-1].output_shape if reports else input_shape
    work = format_number(sum(report.multiply_adds for report in reports))
    parameters = format_number(sum(report.parameters for report in reports))
    return [
        ("Input", format_shape(input_shape) or "none yet", f"{_SHAPE} of an image"),
        ("Output", format_shape(output or ()) or "does not fit", "Numbers that come out at the end"),
        ("Layers", format_number(len(reports)), "Layers from input to output"),
        ("Parameters", parameters, "Numbers the network learns"),
        ("Work", f"{work} multiply-adds", _WORK),
    ]


def problem(report: cnn.LayerReport) -> str:
    """Why the layer does not fit, without the name that stands above it; empty if it fits."""
    error = report.error or ""
    return error.removeprefix(f"layer {report.index} ({report.layer.name}): ")
