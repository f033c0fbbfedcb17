"""Looking through a data set: all images, those of a class, those the network gets right or wrong."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QStackedLayout, QToolButton, QVBoxLayout, QWidget

import cnn_core as cnn
from playground.theme import LIGHT, SPACING, Theme, format_number
from playground.views.elided_label import ElidedLabel
from playground.views.field_editors import ChoiceBox, fix_width
from playground.views.thumbnail_grid import ThumbnailGrid

EMPTY = "No images yet: choose a data set in the training bar."
NO_MATCH = "No image matches this choice."
ALL, RIGHT, WRONG = "right and wrong", "right only", "wrong only"


class DatasetBrowser(QWidget):
    """Thumbnails of a data set with filters; `image_selected(int)` with the index of a picked image."""

    image_selected = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("datasetBrowser")
        self.setAccessibleName("Images of the data set")
        self._dataset: cnn.Dataset | None = None
        self._predictions: NDArray[np.int64] | None = None
        self._only: NDArray[np.int64] | None = None
        self.class_box, self.outcome_box = ChoiceBox(), ChoiceBox((ALL, RIGHT, WRONG))
        self._outcome_label = QLabel("Predicted")
        self._read_out, self._about = ElidedLabel(role="small", at_right=True), QLabel()
        self._empty = QLabel(EMPTY)
        self._banner, self._reason, self.all_button = QFrame(), QLabel(), QToolButton()
        self.grid = ThumbnailGrid()
        self._lay_out()
        self.class_box.edited.connect(lambda: self._filter())
        self.outcome_box.edited.connect(lambda: self._filter())
        self.all_button.clicked.connect(lambda: self.show_only(None))
        self.grid.image_selected.connect(self.image_selected)
        self.grid.read_out_changed.connect(self._read_out.setText)
        self.set_theme(LIGHT)
        self.set_dataset(None)

    def set_theme(self, theme: Theme) -> None:
        """Paint in a theme's colours."""
        self.grid.set_theme(theme)

    def set_dataset(self, dataset: cnn.Dataset | None) -> None:
        """Show all images of a data set, or none."""
        self._dataset, self._only = dataset, None
        self.set_predictions(None)
        if dataset is None:
            self._pages.setCurrentWidget(self._empty)
            return
        self._offer_classes(dataset)
        self.grid.set_images(dataset.images, dataset.labels, dataset.class_names)
        self._pages.setCurrentIndex(1)
        self._filter()

    def set_predictions(self, predictions: NDArray[np.int64] | None) -> None:
        """Take the predicted class of each image, or nothing; right and wrong can then be told apart."""
        self._predictions = predictions
        self.grid.set_predictions(predictions)
        for part in (self._outcome_label, self.outcome_box):
            part.setVisible(predictions is not None)
        if self.outcome_box.currentText() != ALL:
            if predictions is None:
                self.outcome_box.set_value(ALL)
            self._filter(from_top=False)

    def show_only(self, indices: NDArray[np.int64] | None, reason: str = "") -> None:
        """Show these images alone and say why, with a way back; None shows all again."""
        self._only = indices
        self._reason.setText(reason)
        self._banner.setVisible(indices is not None)
        self.class_box.setCurrentIndex(0)
        self.outcome_box.set_value(ALL)
        self._filter()

    def set_selected(self, index: int | None) -> None:
        """Outline an image by its index, scrolled into view."""
        self.grid.set_selected(index)

    def _offer_classes(self, dataset: cnn.Dataset) -> None:
        counts = np.bincount(dataset.labels, minlength=len(dataset.class_names))
        with QSignalBlocker(self.class_box):
            self.class_box.clear()
            self.class_box.addItem(f"all classes ({format_number(len(dataset))})")
            for name, count in zip(dataset.class_names, counts.tolist(), strict=True):
                self.class_box.addItem(f"{name} ({format_number(count)})")
        self._banner.hide()

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
        shown = np.flatnonzero(keep) if self._only is None else self._only[keep[self._only]]
        self.grid.set_shown(shown, from_top)
        self._about.setText(f"{format_number(len(shown))} images" if len(shown) != 1 else "1 image")
        self._below.setCurrentIndex(0 if len(shown) else 1)

    def _lay_out(self) -> None:
        self.class_box.setAccessibleName("Class shown")
        self.class_box.setToolTip("Show the images of one class; the number says how many there are")
        self.outcome_box.setAccessibleName("Predictions shown")
        self.outcome_box.setToolTip("Show only images whose predicted class is right, or wrong")
        fix_width(self.class_box, 176)
        fix_width(self.outcome_box, 136)
        self._about.setProperty("role", "small")
        self._read_out.setAccessibleName("Image under the cursor")
        bar = QHBoxLayout()
        bar.setContentsMargins(SPACING, SPACING // 2, SPACING, 0)
        class_label = QLabel("Class")
        class_label.setBuddy(self.class_box)
        self._outcome_label.setBuddy(self.outcome_box)
        for part in (class_label, self.class_box, self._outcome_label, self.outcome_box, self._about):
            bar.addWidget(part)
        bar.addWidget(self._read_out, 1)
        nothing = _centered(QLabel(NO_MATCH))
        below = QWidget()
        self._below = QStackedLayout(below)
        self._below.addWidget(self.grid)
        self._below.addWidget(nothing)
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACING // 2)
        layout.addLayout(bar)
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


def _centered(label: QLabel) -> QLabel:
    label.setProperty("role", "muted")
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    return label
