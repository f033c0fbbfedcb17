"""Looking through a data set: by part, class, right or wrong, confidence; in its order or by loss."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QStackedLayout,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

import cnn_core as cnn
from playground.theme import LIGHT, SPACING, Theme
from playground.views.answers import ANY, BETWEEN, SURE, UNSURE, Answers, as_sure_as
from playground.views.class_balance import ClassBalance
from playground.views.field_editors import ChoiceBox
from playground.views.thumbnail_grid import ThumbnailGrid
from playground.wording import format_number, format_share

EMPTY = "No images yet: choose a data set in the training bar."
NO_MATCH = "No image matches this choice."
HELD_OUT, TRAINING = "held out", "training"
ALL, RIGHT, WRONG = "all answers", "right only", "wrong only"
_ROOM_FOR_ALL = 700  # px, width from which all filters stand in one row
IN_ORDER, HARDEST, EASIEST = "in their order", "largest loss first", "smallest loss first"


class DatasetBrowser(QWidget):
    """Thumbnails of a data set with filters; `image_selected(int)` with the index of a picked image.

    `split_changed(str)` when the other part, HELD_OUT or TRAINING, is shown: its answers are wanted then.
    """

    image_selected = Signal(int)
    split_changed = Signal(str)
    hovered = Signal(str)  # what is known of the image under the cursor; "": there is none

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("datasetBrowser")
        self.setAccessibleName("Images of the data set")
        self._parts: dict[str, cnn.Dataset] = {}
        self._dataset: cnn.Dataset | None = None
        self._predictions: NDArray[np.int64] | None = None
        self._answers: Answers | None = None
        self._only: NDArray[np.int64] | None = None
        self._asked: float | None = None  # share of the images the network was asked about, while it is
        self.split_box, self.class_box = ChoiceBox(), ChoiceBox()
        self.outcome_box = ChoiceBox((ALL, RIGHT, WRONG))
        self.confidence_box = ChoiceBox((ANY, SURE, BETWEEN, UNSURE))
        self.order_box = ChoiceBox((IN_ORDER, HARDEST, EASIEST))
        self.balance = ClassBalance()
        self._about = QLabel(textFormat=Qt.TextFormat.PlainText)
        self._empty = QLabel(EMPTY)
        self._banner, self.all_button = QFrame(), QToolButton()
        self._reason = QLabel(textFormat=Qt.TextFormat.PlainText)
        self.grid = ThumbnailGrid()
        self._lay_out()
        self.split_box.edited.connect(lambda: self.show_split(self.split_box.currentData()))
        for box in (self.class_box, self.outcome_box, self.confidence_box, self.order_box):
            box.edited.connect(lambda: self._filter())
        self.balance.class_selected.connect(self._toggle_class)
        self.all_button.clicked.connect(lambda: self.show_only(None))
        self.grid.image_selected.connect(self.image_selected)
        self.grid.read_out_changed.connect(self.hovered)
        self.set_theme(LIGHT)
        self.set_dataset(None)

    def set_theme(self, theme: Theme) -> None:
        """Paint in a theme's colours."""
        self.grid.set_theme(theme)
        self.balance.set_theme(theme)

    @property
    def split(self) -> str:
        """Which part is shown: HELD_OUT or TRAINING."""
        return self.split_box.currentData() or HELD_OUT

    def set_dataset(self, dataset: cnn.Dataset | None, training: cnn.Dataset | None = None) -> None:
        """Show all images held out, or none; with `training` those trained on can be shown in their place."""
        self._parts = {HELD_OUT: dataset} if dataset is not None else {}
        if dataset is not None and training is not None:
            self._parts[TRAINING] = training
        with QSignalBlocker(self.split_box):
            self.split_box.clear()
            for split in self._parts:
                self.split_box.addItem(split, split)
        self.split_box.setVisible(training is not None)
        self._show_part(dataset)

    def show_split(self, split: str) -> None:
        """Show the images held out, or those trained on, of the same class as before."""
        with QSignalBlocker(self.split_box):
            self.split_box.setCurrentIndex(max(self.split_box.findData(split), 0))
        self._show_part(self._parts.get(split), self.class_box.currentIndex())

    def set_predictions(self, predictions: NDArray[np.int64] | None) -> None:
        """Take the predicted class of each image, or nothing; right and wrong can then be told apart."""
        self._predictions, self._answers = predictions, None
        self._show_answers()

    def set_answers(self, answers: Answers | None) -> None:
        """Take classes, confidence and loss: images can then be chosen and sorted by all of them."""
        self._predictions, self._answers = answers.predicted if answers else None, answers
        self._asked = None
        self._count()
        self._show_answers()

    def set_asked(self, share: float | None) -> None:
        """Say of which share of the images, 0..1, the answers are known so far; None: none are asked for."""
        self._asked = share
        self._count()

    def show_only(self, indices: NDArray[np.int64] | None, reason: str = "") -> None:
        """Show these images alone and say why, with a way back; None shows all again."""
        self._only = indices
        self._reason.setText(reason)
        self.class_box.setCurrentIndex(0)
        self.outcome_box.set_value(ALL)
        self.confidence_box.set_value(ANY)
        self._filter()

    def set_selected(self, index: int | None) -> None:
        """Outline an image by its index, scrolled into view."""
        self.grid.set_selected(index)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the filters into two rows where one is too narrow to read them."""
        super().resizeEvent(event)
        way = QBoxLayout.Direction
        self._bar.setDirection(way.LeftToRight if self.width() >= _ROOM_FOR_ALL else way.TopToBottom)

    def _show_part(self, dataset: cnn.Dataset | None, chosen: int = 0) -> None:
        self._dataset, self._only = dataset, None
        self._reason.clear()
        self.set_predictions(None)
        if dataset is None:
            self._pages.setCurrentWidget(self._empty)
            return
        self._offer_classes(dataset, chosen)
        self.balance.set_counts(dataset.class_names, dataset.class_counts.tolist())
        self.grid.set_images(dataset.images, dataset.labels, dataset.class_names)
        self._pages.setCurrentIndex(1)
        self._filter()
        self.split_changed.emit(self.split)

    def _show_answers(self) -> None:
        """Offer the filters there are numbers for, the others let everything pass."""
        self.grid.set_predictions(self._predictions)
        self.grid.set_remarks(None if self._answers is None else self._answers.in_words)
        changed = False
        for box, everything, known in (
            (self.outcome_box, ALL, self._predictions is not None),
            (self.confidence_box, ANY, self._answers is not None),
            (self.order_box, IN_ORDER, self._answers is not None),
        ):
            box.setVisible(known)
            changed |= box.currentText() != everything
            if not known:
                box.set_value(everything)
        if changed:
            self._filter(from_top=False)

    def _toggle_class(self, index: int) -> None:
        """Show one class alone, or all again."""
        self.class_box.setCurrentIndex(0 if self.class_box.currentIndex() == index + 1 else index + 1)
        self._filter()

    def _offer_classes(self, dataset: cnn.Dataset, chosen: int) -> None:
        with QSignalBlocker(self.class_box):
            self.class_box.clear()
            self.class_box.addItem("all classes")
            for name, count in zip(dataset.class_names, dataset.class_counts.tolist(), strict=True):
                self.class_box.addItem(f"{name} ({format_number(count)})")
            self.class_box.setCurrentIndex(chosen)

    def _filter(self, from_top: bool = True) -> None:
        if self._dataset is None:
            return
        labels = self._dataset.labels
        keep = np.ones(len(labels), bool)
        if self.class_box.currentIndex() > 0:
            keep &= labels == self.class_box.currentIndex() - 1
        outcome = self.outcome_box.currentText()
        if self._predictions is not None and outcome != ALL:
            keep &= (self._predictions == labels) == (outcome == RIGHT)
        if self._answers is not None:
            keep &= as_sure_as(self.confidence_box.currentText(), self._answers.confidence)
        shown = np.flatnonzero(keep) if self._only is None else self._only[keep[self._only]]
        self.grid.set_shown(self._sorted(shown), from_top)
        self._count()
        self._below.setCurrentIndex(0 if len(shown) else 1)
        self._reason.setVisible(bool(self._reason.text()))
        self._banner.setVisible(self._only is not None or len(shown) < 1 <= len(labels))  # the way back

    def _count(self) -> None:
        """Say how many images are shown, and how far finding out the answers is."""
        count = len(self.grid.shown)
        images = f"{format_number(count)} images" if count != 1 else "1 image"
        asked = "" if self._asked is None else f"answers {format_share(self._asked)} · "
        self._about.setText(asked + images)

    def _sorted(self, shown: NDArray[np.int64]) -> NDArray[np.int64]:
        order = self.order_box.currentText()
        if self._answers is None or order == IN_ORDER:
            return shown
        loss = self._answers.loss[shown]
        return shown[np.argsort(-loss if order == HARDEST else loss, kind="stable")]

    def _lay_out(self) -> None:
        data = (
            (self.split_box, "Part of the data shown", "The images held out, or those trained on", 72),
            (self.class_box, "Class shown", "Show one class; the number says how many images it has", 96),
        )
        right = "Show only images that are answered right, or wrong"
        answers = (
            (self.outcome_box, "Predictions shown", right, 86),
            (self.confidence_box, "Confidence shown", "By the probability of the class answered", 110),
            (self.order_box, "Order", "What the network finds hardest has the largest loss", 119),
        )
        self._about.setProperty("role", "small")
        self._about.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.balance.setFixedHeight(28)
        self.balance.setToolTip("Images of each class; click a bar to see that class alone")
        for part in (self.balance, self._about):
            part.setMinimumWidth(1)  # they go where there is no room
        self._bar = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._bar.setContentsMargins(SPACING, SPACING // 4, SPACING, 0)
        self._bar.setSpacing(SPACING // 2)
        self._bar.addLayout(_row(data, self.balance, 80), 5)
        self._bar.addLayout(_row(answers, self._about, 74), 8)
        nothing = _centered(QLabel(NO_MATCH))
        below = QWidget()
        self._below = QStackedLayout(below)
        self._below.addWidget(self.grid)
        self._below.addWidget(nothing)
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACING // 4)
        layout.addLayout(self._bar)
        layout.addWidget(self._make_banner())
        layout.addWidget(below, 1)
        self._pages = QStackedLayout(self)
        self._pages.addWidget(_centered(self._empty))
        self._pages.addWidget(page)

    def _make_banner(self) -> QFrame:
        self.all_button.setText("Show all")
        self.all_button.setToolTip("Show all images of the data set again")
        self.all_button.setAccessibleName("Show all images")
        self.all_button.setStyleSheet("QToolButton { padding: 0 8px; min-height: 18px; }")
        self._reason.setProperty("role", "strong")
        row = QHBoxLayout(self._banner)
        row.setContentsMargins(SPACING, 0, SPACING, 0)
        row.addWidget(self._reason)
        row.addWidget(self.all_button)
        row.addStretch(1)
        self._banner.hide()
        return self._banner


def _row(boxes: Sequence[tuple[ChoiceBox, str, str, int]], last: QWidget, width: int) -> QHBoxLayout:
    """Lay out boxes, each with its name, its tip and the px its texts need, and something behind them."""
    row = QHBoxLayout()
    row.setSpacing(SPACING // 2)
    for box, name, tip, needed in boxes:
        box.setAccessibleName(name)
        box.setToolTip(tip)
        box.setSizeAdjustPolicy(ChoiceBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumWidth(56)
        box.setMaximumWidth(132)
        box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        row.addWidget(box, needed)
    row.addSpacing(SPACING // 2)
    row.addWidget(last, width)
    return row


def _centered(label: QLabel) -> QLabel:
    label.setProperty("role", "muted")
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    return label
