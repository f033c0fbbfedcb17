"""One's own images before they are used: what was found, what is odd about it, and how they are made data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from cnn_core.datasets.reading import check_size
from cnn_core.datasets.resizing import Aspect, fit
from cnn_core.errors import DatasetError
from playground.theme import LIGHT, SPACING, Theme
from playground.views.class_balance import ClassBalance
from playground.views.field_editors import ChoiceBox, CountBox
from playground.views.thumbnail_grid import ThumbnailGrid
from playground.wording import format_number, format_shape

Shape = tuple[int, int, int]
COLOURS = {"Grey": 1, "Colour": 3}
ASPECTS: dict[str, Aspect] = {
    "Keep all, fill the border": "keep",
    "Crop to the middle": "crop",
    "Stretch to fit": "stretch",
}
_LONGEST = 30  # characters of a class name
_LISTED = 500  # problems; a list of more is of no use


class ImportDialog(QDialog):
    """Shows that it looks, then what was found with a preview of the choice.

    Emits `accepted_choice(shape, aspect, per cent held out)`. Closing it any other way cancels.
    """

    accepted_choice = Signal(object, str, int)

    def __init__(self, name: str, largest_side: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("importDialog")
        self.setWindowTitle(f"Images in {name}")
        self._name, self._count = name, 0
        self._samples: tuple[tuple[str, NDArray[np.uint8]], ...] = ()
        self.progress = QProgressBar()
        self.progress.setRange(0, 0)
        self.looking = QLabel(f"Looking through {name}…", wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self.summary, self.sizes = (
            QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText) for _ in range(2)
        )
        self.odd, self.against = QLabel(), QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self.balance = ClassBalance()
        self.problems = QPlainTextEdit(readOnly=True)
        self.problems.setAccessibleName("Remarks: what is left out, and why")
        self.grid = ThumbnailGrid()
        self.grid.setAccessibleName("A few images as the network would get them")
        self.grid.setToolTip("A few of the images, as the network would get them")
        self.colour_box, self.aspect_box = ChoiceBox(tuple(COLOURS)), ChoiceBox(tuple(ASPECTS))
        self.width_box, self.height_box, self.share_box = CountBox(4), CountBox(4), CountBox(1)
        self.width_box.setMaximum(largest_side)
        self.height_box.setMaximum(largest_side)
        self.share_box.setMaximum(90)
        self.buttons = QDialogButtonBox()
        self.use_button = QPushButton("&Use these images")
        self.use_button.setProperty("role", "primary")
        self.buttons.addButton(self.use_button, QDialogButtonBox.ButtonRole.AcceptRole)
        self.buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        self.use_button.setEnabled(False)
        self._lay_out()
        self.buttons.accepted.connect(self._accept)
        self.buttons.rejected.connect(self.reject)
        for box in (self.colour_box, self.aspect_box, self.width_box, self.height_box):
            box.edited.connect(self._show_choice)
        self.set_theme(LIGHT)
        self.resize(760, 520)

    def set_theme(self, theme: Theme) -> None:
        """Paint in a theme's colours."""
        self.grid.set_theme(theme)
        self.balance.set_theme(theme)

    def set_progress(self, done: int, total: int | None) -> None:
        """Say how far looking through is."""
        self.progress.setRange(0, total or 0)
        self.progress.setValue(done)

    def set_error(self, sentence: str) -> None:
        """Say why nothing can be used."""
        self.progress.hide()
        self.looking.setText(sentence)
        self.looking.setProperty("role", "error")
        self.looking.style().unpolish(self.looking)
        self.looking.style().polish(self.looking)

    def set_found(
        self,
        class_counts: Mapping[str, int],
        problems: Sequence[str],
        sizes: Mapping[Shape, int],
        samples: Sequence[tuple[str, NDArray[np.uint8]]],
        proposed: Shape,
        held_out: int,
    ) -> None:
        """Show what was found, with the proposed shape (H, W, C) chosen."""
        total, classes = sum(class_counts.values()), len(class_counts)
        images = f"{format_number(total)} image{'s' if total != 1 else ''}"
        of = f"{classes} class{'es' if classes != 1 else ''}"
        self.summary.setText(f"{images} in {of}: {_listed(class_counts)}")
        self.balance.set_counts(tuple(class_counts), tuple(class_counts.values()))
        self.sizes.setText(_sizes(sizes))
        remarks = f"{format_number(len(problems))} remark{'s' if len(problems) != 1 else ''}:"
        self.odd.setText(remarks if problems else "Nothing is left out.")
        self.problems.setVisible(bool(problems))
        more = [f"and {len(problems) - _LISTED:,} more"] if len(problems) > _LISTED else []
        self.problems.setPlainText("\n".join([*problems[:_LISTED], *more]))
        self.height_box.set_value(proposed[0])
        self.width_box.set_value(proposed[1])
        self.colour_box.setCurrentIndex(tuple(COLOURS.values()).index(proposed[2]))
        self.share_box.set_value(held_out)
        self._count, self._samples = total, tuple(samples)
        self._show_choice()
        self._pages.setCurrentIndex(1)
        self.use_button.setFocus()

    def shape(self) -> Shape:
        """The chosen height, width and channels."""
        channels = COLOURS[self.colour_box.currentText()]
        return int(self.height_box.value()), int(self.width_box.value()), channels

    def aspect(self) -> Aspect:
        """What happens to images of another aspect."""
        return ASPECTS[self.aspect_box.currentText()]

    def _accept(self) -> None:
        self.accepted_choice.emit(self.shape(), self.aspect(), int(self.share_box.value()))
        self.accept()

    def _show_choice(self) -> None:
        """The samples as they would be trained on, or why they could not be."""
        against = self._reason_against()
        self.against.setText(against)
        self.against.setVisible(bool(against))
        self.use_button.setEnabled(not against)
        if not self._samples:
            return
        shape, aspect = self.shape(), self.aspect()
        names = tuple(dict.fromkeys(name for name, _ in self._samples))
        images = np.stack([fit(pixels, shape, aspect) for _, pixels in self._samples])
        labels = np.array([names.index(name) for name, _ in self._samples], np.int64)
        self.grid.set_images(images, labels, names)

    def _reason_against(self) -> str:
        if self._count < 2:
            return "One image is not enough: at least 2 are needed, to hold one back."
        try:
            check_size(self._name, self._count, self.shape())
        except DatasetError as error:
            return str(error)
        return ""

    def _lay_out(self) -> None:
        looking = QWidget()
        column = QVBoxLayout(looking)
        column.addStretch(1)
        column.addWidget(self.looking)
        column.addWidget(self.progress)
        column.addStretch(1)
        pages = QWidget()
        self._pages = QStackedLayout(pages)
        self._pages.addWidget(looking)
        self._pages.addWidget(self._found_page())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(*[2 * SPACING] * 4)
        layout.setSpacing(2 * SPACING)
        layout.addWidget(pages, 1)
        layout.addWidget(self.buttons)

    def _found_page(self) -> QWidget:
        page = QWidget()
        left = QVBoxLayout()
        left.setSpacing(SPACING)
        self.summary.setProperty("role", "strong")
        self.sizes.setProperty("role", "muted")
        self.problems.setMaximumHeight(96)
        for part in (self.summary, self.balance, self.sizes):
            left.addWidget(part)
        left.addLayout(self._form())
        self.against.setProperty("role", "error")
        left.addWidget(self.against)
        left.addWidget(self.odd)
        left.addWidget(self.problems)
        left.addStretch(1)
        right = QVBoxLayout()
        title = QLabel("As the network would get them")
        title.setProperty("role", "section")
        right.addWidget(title)
        right.addWidget(self.grid, 1)
        row = QHBoxLayout(page)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2 * SPACING)
        row.addLayout(left, 3)
        row.addLayout(right, 4)
        return page

    def _form(self) -> QFormLayout:
        form = QFormLayout()
        form.setHorizontalSpacing(2 * SPACING)
        form.setVerticalSpacing(SPACING // 2)
        for label, tip, box in (
            ("Colour", "Grey trains quicker; colour where it tells the classes apart", self.colour_box),
            ("Width", "Width of all images in pixels; small ones train much quicker", self.width_box),
            ("Height", "Height of all images in pixels", self.height_box),
            ("Other shapes", "What happens to images that are wider or taller", self.aspect_box),
            ("Held out, %", "The share of images kept back to measure on", self.share_box),
        ):
            box.setAccessibleName(label)
            box.setToolTip(tip)
            form.addRow(label, box)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
        return form


def _listed(counts: Mapping[str, int]) -> str:
    """The first classes with their counts."""
    shown = [f"{_brief(name)} ({format_number(count)})" for name, count in list(counts.items())[:8]]
    return ", ".join(shown) + (f" and {len(counts) - 8} more" if len(counts) > 8 else "")


def _brief(name: str) -> str:
    """A class name, or its beginning: the longest ones have 255 characters."""
    return name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "…"


def _sizes(sizes: Mapping[Shape, int]) -> str:
    """The usual sizes, width first as people say them."""
    usual = sorted(sizes.items(), key=lambda pair: -pair[1])
    shown = [
        f"{format_shape((width, height))} {'grey' if channels == 1 else 'colour'} ({count})"
        for (height, width, channels), count in usual[:4]
    ]
    more = f" and {len(usual) - 4} other sizes" if len(usual) > 4 else ""
    looked_at = sum(sizes.values())
    return f"Sizes of {looked_at} looked at: {', '.join(shown)}{more}"
