"""A fixed scene played in the window, one picture a moment: for looking at the program, and for its pages."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

from PySide6.QtCore import (
    QEvent,
    QEventLoop,
    QPointF,
    QRect,
    QSettings,
    QSize,
    Qt,
    QtMsgType,
    qInstallMessageHandler,
)
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter
from PySide6.QtWidgets import QApplication, QWidget

import cnn_core as cnn
from cnn_core.preprocessing import Normalization
from playground import my_drawings
from playground.app import create_application, create_window
from playground.drawing import Drawing, Stroke
from playground.exporting import picture
from playground.main_window import MainWindow
from playground.selection import Place
from playground.views.class_bars import ClassBars
from playground.views.import_dialog import ImportDialog
from playground.views.metrics_plot import REDRAW_MILLISECONDS

LARGE, SMALL = QSize(1600, 1000), QSize(1280, 720)
TRAINED_STEPS = 40
PATIENCE = 120  # seconds for anything to happen

# A three and a seven as a hand draws them, in units of the canvas.
THREE = (
    (0.33, 0.27), (0.40, 0.21), (0.50, 0.19), (0.60, 0.23), (0.64, 0.31), (0.60, 0.40), (0.52, 0.46),
    (0.44, 0.48), (0.54, 0.49), (0.64, 0.54), (0.69, 0.64), (0.65, 0.74), (0.55, 0.81), (0.43, 0.81),
    (0.33, 0.75),
)  # fmt: skip
SEVEN = (
    (0.29, 0.24), (0.45, 0.23), (0.60, 0.23), (0.72, 0.22), (0.64, 0.38), (0.56, 0.55), (0.49, 0.70),
    (0.44, 0.83),
)  # fmt: skip


def run(directory: Path, data: str | None = None) -> int:
    """Write the pictures into `directory`, made when it is not there; return 0. Raises OSError.

    `data` names the images to train on; None: the built-in digits.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:  # leaves the drawings of the person alone
        collection = Path(folder) / "my-drawings.npz"
        with patch.object(my_drawings, "location", lambda: collection):
            _play(directory, data)
    return 0


def _play(directory: Path, data: str | None) -> None:
    app = create_application(["cnn-playground"])
    app.setApplicationName(f"{app.applicationName()}-pictures")  # leaves the settings of the person alone
    QSettings().clear()
    window = create_window(data=data)
    window.before_close.clear()
    qInstallMessageHandler(_tell)
    try:
        for name, moment in SCENE.items():
            page = moment(window)
            _settle()
            (directory / f"{name}.png").write_bytes(picture(page or window))
    finally:
        window.close()
        qInstallMessageHandler(None)


def opening(window: MainWindow) -> None:
    """The first thing a person sees, with the data there."""
    window.resize(LARGE)
    window.actions_.theme_modes["light"].trigger()
    _until(lambda: window.control.data is not None)
    _settle()
    _until(lambda: not window.parts.measuring.busy)


def drawn(window: MainWindow) -> None:
    """A three is drawn."""
    _draw(window, THREE)


def teach(window: MainWindow) -> None:
    """The pointer is on what it says in the row of another class."""
    bars = _bars(window)
    _point_at(bars, bars.button_rect(5))


def kept(window: MainWindow) -> None:
    """The drawing is kept as what was answered."""
    QApplication.sendEvent(_bars(window), QEvent(QEvent.Type.Leave))
    window.actions_.keep_drawing.trigger()


def pipeline(window: MainWindow) -> None:
    """How a drawing is seen, without smoothing."""
    window.parts.document.undo_stack.undo()
    window.notice.hide()
    window.actions_.show_pipeline.trigger()
    window.parts.document.prepare_drawings(Normalization(smooth=False))


def augmentation(window: MainWindow) -> None:
    """What changes from hand to hand, on the drawing."""
    window.parts.document.undo_stack.undo()
    window.actions_.show_augmentation.trigger()
    window.augmentation_view.presets["Handwriting"].click()
    window.augmentation_view.again_button.setFocus()


def training(window: MainWindow) -> None:
    """Fresh weights learn while the drawing is watched."""
    window.parts.document.undo_stack.undo()
    window.tabs.setCurrentWidget(window.metrics_plot)
    window.actions_.reset.trigger()
    window.notice.hide()
    window.control.start(TRAINED_STEPS)
    _until(lambda: not window.control.running)


def channel(window: MainWindow) -> None:
    """One value of a channel of the second convolution."""
    window.parts.document.undo_stack.undo()
    layers = window.parts.document.content.architecture.layers
    convolutions = [index for index, layer in enumerate(layers) if isinstance(layer, cnn.Conv2D)]
    window.parts.selection.select(Place(convolutions[-1], 5, (3, 5)))


def error(window: MainWindow) -> None:
    """A kernel too large for what reaches it."""
    window.parts.selection.select(Place())
    architecture = window.parts.document.content.architecture
    index = max(index for index, layer in enumerate(architecture.layers) if isinstance(layer, cnn.Conv2D))
    window.parts.document.replace_layer(index, cnn.Conv2D(filters=64, kernel_size=15))
    window.parts.selection.select(Place(index))


def dark(window: MainWindow) -> None:
    """All well again, in the dark, with another digit."""
    window.parts.document.undo_stack.undo()
    window.notice.hide()
    window.parts.selection.select(Place())
    window.actions_.theme_modes["dark"].trigger()
    _draw(window, SEVEN)


def dark_channel(window: MainWindow) -> None:
    """A channel in the dark."""
    window.parts.selection.select(Place(0, 3))


def dark_augmentation(window: MainWindow) -> None:
    """Augmentation while all of it is off, in the dark."""
    window.parts.selection.select(Place())
    window.actions_.show_augmentation.trigger()


def small(window: MainWindow) -> None:
    """The smallest common screen."""
    window.resize(SMALL)
    window.actions_.theme_modes["light"].trigger()
    window.parts.selection.select(Place())


def confusion(window: MainWindow) -> None:
    """What is taken for what."""
    window.tabs.setCurrentWidget(window.confusion_view)


def data(window: MainWindow) -> None:
    """The images held out."""
    window.tabs.setCurrentWidget(window.dataset_browser)


def small_pipeline(window: MainWindow) -> None:
    """How a drawing is seen, on the smallest common screen."""
    window.actions_.show_pipeline.trigger()


def small_augmentation(window: MainWindow) -> None:
    """Noise and cut-outs as well, on the smallest common screen."""
    window.actions_.show_augmentation.trigger()
    changes = cnn.Augmentation(rotation=15, shift=2, shear=10, thickness=1, noise=0.15, cutout=8)
    window.augmentation_view.augmentation_edited.emit(changes)


def import_page(window: MainWindow) -> QWidget:
    """One's own images, looked through."""
    window.parts.document.undo_stack.undo()
    with tempfile.TemporaryDirectory() as folder:
        window.file_dropped.emit(_shapes_in(Path(folder) / "shapes"))
        _until(lambda: any(page.use_button.isEnabled() for page in window.findChildren(ImportDialog)))
        _settle()
    return window.findChildren(ImportDialog)[-1]


def small_dark(window: MainWindow) -> None:
    """The smallest common screen in the dark, a layer selected."""
    for page in window.findChildren(ImportDialog):
        page.reject()
    window.actions_.theme_modes["dark"].trigger()
    window.tabs.setCurrentWidget(window.metrics_plot)
    window.parts.selection.select(Place(0))


MOMENTS: tuple[Callable[[MainWindow], QWidget | None], ...] = (
    *(opening, drawn, teach, kept, pipeline, augmentation, training, channel, error),
    *(dark, dark_channel, dark_augmentation),
    *(small, confusion, data, small_pipeline, small_augmentation, import_page, small_dark),
)
# The moments by the name of their picture. What a moment returns is pictured in place of the window.
SCENE = {
    f"{number}-{moment.__name__.replace('_', '-')}": moment for number, moment in enumerate(MOMENTS, start=1)
}


def _draw(window: MainWindow, points: tuple[tuple[float, float], ...]) -> None:
    window.parts.document.show_picture(Drawing((Stroke(points),)), "stroke")


def _until(happened: Callable[[], bool]) -> None:
    """Let the window live until something has happened. Raises TimeoutError after PATIENCE seconds."""
    end = time.monotonic() + PATIENCE
    while not happened():
        if time.monotonic() > end:
            raise TimeoutError("the window did not get as far as its next picture")
        _turn(20)


def _settle() -> None:
    """Let everything that is on its way be painted: curves are the last."""
    for _ in range(20 + REDRAW_MILLISECONDS // 20):
        _turn(20)


def _turn(milliseconds: int) -> None:
    QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, milliseconds)
    time.sleep(milliseconds / 1000)


def _bars(window: MainWindow) -> ClassBars:
    """The rows of the answer."""
    bars = window.prediction_panel.findChild(ClassBars)
    assert isinstance(bars, ClassBars)
    return bars


def _point_at(widget: QWidget, place: QRect) -> None:
    """Let the pointer come to rest on a place of a widget."""
    at, nothing = QPointF(place.center()), Qt.MouseButton.NoButton
    none = Qt.KeyboardModifier.NoModifier
    move = QMouseEvent(QEvent.Type.MouseMove, at, widget.mapToGlobal(at), nothing, nothing, none)
    QApplication.sendEvent(widget, move)


def _shapes_in(folder: Path) -> Path:
    """A folder of class folders with small colourful pictures, and one file that is none."""
    for name in ("circles", "squares", "lines"):
        (folder / name).mkdir(parents=True)
        for index in range(24):
            image = QImage(48 + 8 * (index % 3), 48, QImage.Format.Format_RGB32)
            image.fill(QColor.fromHsv(index * 15, 40, 250))
            painter = QPainter(image)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QColor.fromHsv(index * 15, 200, 120))
            painter.setBrush(QColor.fromHsv((index * 15 + 180) % 360, 160, 200))
            place = QRect(6 + index % 7, 8 + index % 5, 18 + index % 11, 18 + index % 9)
            if name == "circles":
                painter.drawEllipse(place)
            elif name == "squares":
                painter.drawRect(place)
            else:
                painter.drawLine(place.topLeft(), place.bottomRight())
            painter.end()
            if not image.save(str(folder / name / f"{index}.png")):
                raise OSError(f"no picture could be written into {folder}")
    (folder / "lines" / "notes.png").write_text("not a picture")
    return folder


def _tell(_kind: QtMsgType, _context: object, text: str) -> None:
    """Print what Qt has to say, but for what the platform without a screen says of every dialog."""
    if not text.startswith("This plugin does not support"):
        print(text, file=sys.stderr)
