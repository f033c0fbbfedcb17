"""Augmentation, to be seen: each kind at its two ends on the image at hand, and all of them together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QEnterEvent, QResizeEvent, QShowEvent, QWheelEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QSlider, QToolButton, QVBoxLayout, QWidget

import cnn_core as cnn
from cnn_core.datasets.augment_ends import at_ends
from playground.field_texts import field_text
from playground.theme import SPACING, Theme, font
from playground.views.augmentation_kinds import KINDS, PRESETS, Kind
from playground.views.elided_label import ElidedLabel, ElidedLines
from playground.views.field_editors import wheel_needs_focus
from playground.views.tiles import Tiles

USUAL = "Each time a training image is used, it is changed at random, by as much as is set here at most."
PAUSE = "Training goes on with these. Pause to change them."
OFF = "All kinds are off: every image is used as it is."
NO_IMAGE = "Draw something, or choose data, to see what each kind does."
_USUAL_SIDE = 28  # px, of images, while there is none


class AugmentationView(QWidget):
    """Sliders and previews, at work only while seen; `augmentation_edited(Augmentation)` on each change.

    `image_wanted()` asks for the image of now: the view comes into sight.
    """

    augmentation_edited = Signal(object)
    image_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("augmentationView")
        self.setAccessibleName("Augmentation: how training images are changed")
        self._augmentation = cnn.Augmentation()
        self._image: NDArray[np.uint8] | None = None
        self._seed, self._draw = 0, 0
        self._running = False
        self._pointed: Kind | None = None
        self._lead = ElidedLines(role="muted")
        self._lead.setFixedHeight(30)
        self._lead.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.presets = {name: _button(name, f"Set all kinds: {name.lower()}") for name in PRESETS}
        self.again_button = _button("Draw again", "Show other draws, as another step of training would")
        self.cards = {kind.field: _Card(kind) for kind in KINDS}
        self.samples = Tiles("All kinds together: samples")
        self.samples.setToolTip("The image as it is, then as training might use it: all kinds at once")
        self._due = QTimer(self, singleShot=True, interval=15)
        self._due.timeout.connect(self._show_samples)
        self._lay_out()
        for name, button in self.presets.items():
            button.setCheckable(True)
            button.clicked.connect(lambda _checked=False, name=name: self._edit(PRESETS[name]))
        self.again_button.clicked.connect(self._draw_again)
        for card in self.cards.values():
            card.edited.connect(self._edit_kind)
            card.pointed_at.connect(self._explain)
        self.set_augmentation(self._augmentation)

    def set_theme(self, theme: Theme) -> None:
        """Paint in the colours of a theme."""
        for tiles in (self.samples, *(card.tiles for card in self.cards.values())):
            tiles.set_theme(theme)

    def set_augmentation(self, augmentation: cnn.Augmentation, seed: int = 0) -> None:
        """Show how far images are changed, silently; the previews are drawn with this seed."""
        self._augmentation, self._seed = augmentation, seed
        for name, button in self.presets.items():
            button.setChecked(PRESETS[name] == augmentation)
        self._show_all()

    def set_image(self, image: NDArray[np.uint8] | None) -> None:
        """Show the changes on this (H, W, C) image; None: there is none."""
        if image is None or self._image is None or not np.array_equal(image, self._image):
            self._image = image
            self._show_all()

    def set_running(self, running: bool) -> None:
        """While training runs, nothing can be changed."""
        self._running = running
        for part in (*self.presets.values(), *(card.slider for card in self.cards.values())):
            part.setEnabled(not running)
        self._explain(None)

    def focus_first(self) -> None:
        """Bring the keyboard to the first slider, or to what can be pressed while training runs."""
        first = self.again_button if self._running else self.cards["rotation"].slider
        first.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what was drawn while nobody looked."""
        super().showEvent(event)
        before = self._image
        self.image_wanted.emit()
        if self._image is before:  # else all was shown with the new one
            self._show_all()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another number of samples may fit."""
        super().resizeEvent(event)
        self._due.start()

    def _show_all(self) -> None:
        self._explain(self._pointed)
        side = _USUAL_SIDE if self._image is None else self._image.shape[1]
        for card in self.cards.values():
            value = getattr(self._augmentation, card.kind.field)
            card.set_value(value, side)
            if self.isVisible():
                card.preview(value, self._image, self._seed + self._draw)
        if self.isVisible():
            self._due.start()

    def _show_samples(self) -> None:
        if self._image is None or not self.isVisible():
            self.samples.set_images([])
            return
        count = max(self.samples.room - 1, 0)
        random = np.random.default_rng([self._seed, self._draw])
        changed = self._augmentation.apply(np.repeat(self._image[None], count, axis=0), random)
        if self._augmentation.active:
            self.samples.set_images([self._image, *changed], original_first=True)
        else:
            self.samples.set_images([self._image], original_first=True, note=OFF)

    def _draw_again(self) -> None:
        self._draw += 1
        self._show_all()

    def _edit_kind(self, kind: Kind, value: float) -> None:
        self._edit(replace(self._augmentation, **{kind.field: value}))

    def _edit(self, augmentation: cnn.Augmentation) -> None:
        changed = augmentation != self._augmentation
        self.set_augmentation(augmentation, self._seed)
        if changed:
            self.augmentation_edited.emit(augmentation)

    def _explain(self, kind: Kind | None) -> None:
        """Say what is to be known of a kind, or of all of them."""
        self._pointed = kind
        if kind is not None:
            self._lead.setText(f"{kind.name}: {kind.lesson}")
        elif self._image is None:
            self._lead.setText(NO_IMAGE)
        else:
            self._lead.setText(PAUSE if self._running else USUAL)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(SPACING // 2)
        head.addWidget(self._lead, 1)
        for button in (*self.presets.values(), self.again_button):
            head.addWidget(button)
        head.insertSpacing(1, SPACING)
        head.insertSpacing(2 + len(self.presets), SPACING)
        columns = QHBoxLayout()
        columns.setSpacing(SPACING + SPACING // 2)
        for card in self.cards.values():
            columns.addWidget(card, 1)
        together = QLabel("All\ntogether")
        together.setProperty("role", "small")
        row = QHBoxLayout()
        row.setSpacing(SPACING)
        row.addWidget(together, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.samples, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACING, SPACING // 2, SPACING, SPACING // 2)
        layout.setSpacing(SPACING // 2)
        layout.addLayout(head)
        layout.addLayout(columns)
        layout.addLayout(row, 1)


class _Card(QWidget):
    """One kind: its name and value, the image at its two ends, its slider."""

    edited = Signal(object, float)  # Kind, value
    pointed_at = Signal(object)  # Kind under the pointer or with the focus; None

    def __init__(self, kind: Kind) -> None:
        super().__init__()
        self.kind = kind
        self._shown: tuple[float, int] = (-1.0, 0)
        self._image: NDArray[np.uint8] | None = None
        self.name, self.value = ElidedLabel(kind.name), QLabel()
        self.tiles = Tiles(f"{kind.name}: preview", count=2)
        self.slider = _Slider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName(kind.name)
        self.slider.installEventFilter(self)
        self.slider.valueChanged.connect(self._on_slid)
        tip = f"{kind.name}. {field_text('Augmentation', kind.field).explanation}\nWhy: {kind.lesson}"
        for part in (self.name, self.value, self.tiles, self.slider):
            part.setToolTip(tip)
        self.name.setBuddy(self.slider)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(1)
        for label in (self.name, self.value):
            label.setProperty("role", "" if label is self.name else "small")
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            layout.addWidget(label)
        layout.addWidget(self.tiles, 1)
        layout.addWidget(self.slider)

    def set_value(self, value: float, side: int) -> None:
        """Show how far this kind goes, silently, on a slider for images so many pixels wide."""
        with QSignalBlocker(self.slider):
            self.slider.setRange(0, round(self.kind.reach(side) / self.kind.step))
            self.slider.setPageStep(max(1, self.slider.maximum() // 5))
            self.slider.setValue(round(value / self.kind.step))
        text = self.kind.in_words(value)
        self.value.setText(text)
        self.name.setFont(font("strong" if value else "body"))
        self.slider.setAccessibleDescription(f"{text}. {self.kind.lesson}")

    def preview(self, value: float, image: NDArray[np.uint8] | None, seed: int) -> None:
        """Show what that does to an image."""
        if image is None:
            self.tiles.set_images([])
        elif image is not self._image or (value, seed) != self._shown:
            self.tiles.set_images(list(at_ends(self.kind.field, value, image, seed)), faded=value == 0)
        self._image, self._shown = image, (value, seed)

    def enterEvent(self, event: QEnterEvent) -> None:
        """Point at this kind."""
        self.pointed_at.emit(self.kind)

    def leaveEvent(self, event: QEvent) -> None:
        """Point at nothing, unless the keyboard is here."""
        self.pointed_at.emit(self.kind if self.slider.hasFocus() else None)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The keyboard points at this kind as long as it is on the slider."""
        if event.type() == QEvent.Type.FocusIn:
            self.pointed_at.emit(self.kind)
        elif event.type() == QEvent.Type.FocusOut:
            self.pointed_at.emit(None)
        return super().eventFilter(watched, event)

    def _on_slid(self, position: int) -> None:
        self.edited.emit(self.kind, round(position * self.kind.step, 6))


class _Slider(QSlider):
    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to others unless the slider was chosen first."""
        wheel_needs_focus(self, event) or super().wheelEvent(event)


def _button(text: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setToolTip(tip)
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    button.setStyleSheet("QToolButton { padding: 2px 8px; }")
    return button
