"""What the network answers: the winning class, and a bar for the probability of each class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Property, QEvent, QObject, Qt, Signal
from PySide6.QtGui import QFont, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from playground.theme import SPACING, Theme, font
from playground.views.class_bars import ClassBars
from playground.views.class_texts import format_percent
from playground.views.elided_label import ElidedLabel
from playground.wording import format_number

NOTHING_DRAWN = "Draw something to see an answer"
NOTHING_FITS = "Mend the network to see an answer"
_CALIBRATED = "calibrated"
_HOW = (
    "Of answers given with 90 % to what is one of these, at least nine in ten are right. For this the\n"
    "scores were divided by {temperature} before Softmax, a temperature found on images held out; what\n"
    "may be none of these gets less. The network's own Softmax, in its last column, shows the\n"
    "probabilities without both."
)
_OWN = (
    "The network's own probability. How far it can be trusted, and whether an image is like what it learned\n"
    "from, is found out when a recipe trains a network; training it further makes that untrue."
)
_UNFAMILIAR = "The activations of its layers are unlike those of the images it learned from"


class PredictionPanel(QWidget):
    """The answer in one line, then all classes; nothing moves when the numbers change.

    `lead` is put to the left of the answer: what it is the answer to.
    """

    class_selected = Signal(int)
    class_taught = Signal(int)  # the drawing is one of this class, says the person

    def __init__(self, parent: QWidget | None = None, lead: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("predictionPanel")
        self.setAccessibleName("Prediction")
        self._probabilities: list[float] = []
        self._names: tuple[str, ...] = ()
        self._answer = QLabel("–", textFormat=Qt.TextFormat.PlainText)
        self._why, self._familiar, self._calibrated = NOTHING_DRAWN, True, False
        self._lines = 1 if lead is None else 3  # of words there is room for below the answer
        self._said = ""  # how sure the network is, however little room there is
        self._label = ""  # the class that the data say it is
        self._labelled = ElidedLabel()
        self._labelled.hide()
        self._sureness = QLabel(NOTHING_DRAWN, textFormat=Qt.TextFormat.PlainText)
        self._sureness.setProperty("role", "muted")
        self._bars = ClassBars()
        self._bars.class_selected.connect(self.class_selected)
        self._bars.class_taught.connect(self.class_taught)
        scroll = QScrollArea()
        scroll.setWidget(self._bars)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.viewport().setAutoFillBackground(False)
        self._bars.setAutoFillBackground(False)
        scroll.installEventFilter(self)
        self._scroll = scroll
        self._bars.current_moved.connect(self._show_row)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(self._head(lead))
        layout.addSpacing(SPACING // 2)
        layout.addWidget(scroll, 1)
        answer_font = QFont(font("title"))
        answer_font.setPixelSize(24)
        self._answer.setFont(answer_font)
        self._sureness.setWordWrap(True)
        self._sureness.setAlignment(Qt.AlignmentFlag.AlignTop)
        for label, height in ((self._answer, 28), (self._labelled, 16), (self._sureness, 16 * self._lines)):
            label.setFixedHeight(height)
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def _head(self, lead: QWidget | None) -> QHBoxLayout:
        """Lay out the answer and how sure it is, beside what they are about."""
        answer = QVBoxLayout()
        answer.setSpacing(0)
        answer.addWidget(self._answer)
        answer.addWidget(self._labelled)
        answer.addWidget(self._sureness)
        head = QHBoxLayout()
        head.setSpacing(SPACING)
        if lead is not None:
            head.addWidget(lead)
            answer.addStretch(1)
        head.addLayout(answer, 1)
        return head

    def set_theme(self, theme: Theme) -> None:
        """Paint in the colours of a theme."""
        self._bars.set_theme(theme)

    def set_teaching(self, possible: bool, kept: int = -1) -> None:
        """Offer in each row to keep the drawing as its class; `kept` is the one it is kept as, -1: none."""
        self._bars.set_teaching(possible, kept)

    def set_prediction(
        self,
        probabilities: NDArray[np.floating] | Sequence[float] | None,
        class_names: Sequence[str],
        why: str = NOTHING_DRAWN,
        *,
        familiar: bool = True,
        temperature: float = 1.0,
        label: str = "",
    ) -> None:
        """Show one probability per class, 0..1; None: no answer, and `why` there is none.

        Where the image is not `familiar` that is said rather than how sure the answer is. `temperature` is
        what the scores were divided by for these probabilities. `label` is the class that an image of a data
        set has there.
        """
        self._why, self._familiar, self._label = why, familiar, label
        self._calibrated = temperature != 1
        how = _HOW.format(temperature=format_number(temperature)) if self._calibrated else _OWN
        tip = how if familiar else _UNFAMILIAR
        if tip != self._sureness.toolTip():
            self._sureness.setToolTip(tip)
        self._probabilities = [] if probabilities is None else [float(p) for p in probabilities]
        names = tuple(class_names)
        count = len(self._probabilities) or len(names)
        self._names = names[:count] + tuple(str(i) for i in range(len(names), count))
        self._bars.set_rows(self._probabilities or None, self._names, stressed=familiar)
        self._say()

    def _say(self) -> None:
        """Write the answer and how sure the network is in words."""
        winner = self._winner()
        self._show_label(winner)
        if winner < 0:
            self._answer.setText("–")
            self._sureness.setText(self._why)
            self.setAccessibleDescription(f"No answer: {self._why}")
            return
        order = np.argsort(self._probabilities)[::-1]
        best = self._probabilities[winner]
        said = f"sure, {format_percent(best)}" if best >= 0.9 else f"probably, {format_percent(best)}"
        if best < 0.6 and len(order) > 1:
            said = f"unsure, {format_percent(best)}; or {self._names[order[1]]}"
        if not self._familiar:
            kind = "a digit" if all(name.isdecimal() for name in self._names) else "what it learned"
            said = f"looks unlike {kind}"
        elif self._lines > 1 and not self._label:
            said += f"\n{_CALIBRATED}" if self._calibrated else f"\nnot {_CALIBRATED}"
        elif self._calibrated and not self._label:
            said += f", {_CALIBRATED}"
        self._said = said
        self._write_answer()
        self._write_sureness()
        labelled = f", {self._labelled.text()}" if self._label else ""
        self.setAccessibleDescription(f"{self._names[winner]}, {said}{labelled}")

    def _show_label(self, winner: int) -> None:
        """Say below an answer what the data say, in the colour for right or wrong, where they say anything;
        a line less is left for how sure the answer is."""
        shown = bool(self._label) and winner >= 0
        known = self._label in self._names  # else the network has other classes, and is neither
        role = "muted" if not known else "good" if self._names[winner] == self._label else "error"
        if self._labelled.property("role") != role:
            self._labelled.setProperty("role", role)
            self._labelled.style().unpolish(self._labelled)
            self._labelled.style().polish(self._labelled)
        self._labelled.setText(f"labelled {self._label}")
        self._labelled.setVisible(shown)
        self._sureness.setFixedHeight(16 * max(self._lines - shown, 1))

    def _write_answer(self) -> None:
        """Show the winner's name, shortened to the room there is."""
        metrics, doubt = self._answer.fontMetrics(), "" if self._familiar else "?"
        room = max(self._answer.width(), 60) - metrics.horizontalAdvance(doubt)
        name = metrics.elidedText(self._names[self._winner()], Qt.TextElideMode.ElideRight, room)
        self._answer.setText(name + doubt)

    def _write_sureness(self) -> None:
        """Begin a line where one has no room for the runner-up, whose name then gives way, not a line; it is
        left to the rows below where even the percentage has none."""
        metrics, room = self._sureness.fontMetrics(), max(self._sureness.width(), 60)
        first, mark, rest = self._said.partition("; ")
        other, _, below = rest.partition("\n")
        if self._lines > 1 and mark and metrics.horizontalAdvance(f"{first};") > room:
            self._sureness.setText("\n".join(filter(None, (first, below))))
        elif self._lines > 1 and mark and metrics.horizontalAdvance(f"{first}; {other}") > room:
            other = metrics.elidedText(other, Qt.TextElideMode.ElideRight, room)
            self._sureness.setText("\n".join(filter(None, (f"{first};", other, below))))
        else:
            self._sureness.setText(self._said)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the answer into the room there is."""
        super().resizeEvent(event)
        if self._probabilities:
            self._write_answer()
            self._write_sureness()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Fit the rows into the room there is, also where what is above them grew."""
        if watched is self._scroll and event.type() == QEvent.Type.Resize:
            self._bars.set_room(self._scroll.height())
        return super().eventFilter(watched, event)

    def _winner(self) -> int:
        return int(np.argmax(self._probabilities)) if self._probabilities else -1

    def _show_row(self, row: int) -> None:
        middle = self._bars.row_height * row + self._bars.row_height // 2
        self._scroll.ensureVisible(0, middle, 0, self._bars.row_height)

    def _read_probabilities(self) -> list[float]:
        return list(self._probabilities)

    predictedClass = Property(int, _winner)  # -1: no prediction
    probabilities = Property("QVariantList", _read_probabilities)  # type: ignore[arg-type]
