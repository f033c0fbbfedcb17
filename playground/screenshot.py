"""A fixed scene played in the window, one picture a moment: for looking at the program, and for its pages."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEventLoop, QSettings, QSize
from PySide6.QtWidgets import QApplication

import cnn_core as cnn
from playground.app import create_application, create_window
from playground.drawing import Drawing, Stroke
from playground.exporting import picture, write_whole
from playground.main_window import MainWindow
from playground.selection import Place

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
    app = create_application(["cnn-playground"])
    app.setApplicationName(f"{app.applicationName()}-pictures")  # leaves the settings of the person alone
    QSettings().clear()
    window = create_window(data=data)
    window.before_close.clear()
    try:
        for name, moment in SCENE.items():
            moment(window)
            _settle()
            write_whole(directory / f"{name}.png", picture(window))
    finally:
        window.close()
    return 0


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


def training(window: MainWindow) -> None:
    """Fresh weights learn while the drawing is watched."""
    window.actions_.reset.trigger()
    window.notice.hide()
    window.control.start(TRAINED_STEPS)
    _until(lambda: not window.control.running)


def channel(window: MainWindow) -> None:
    """One channel of the second convolution."""
    window.parts.document.undo_stack.undo()
    layers = window.parts.document.content.architecture.layers
    convolutions = [index for index, layer in enumerate(layers) if isinstance(layer, cnn.Conv2D)]
    window.parts.selection.select(Place(convolutions[-1], 5))


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


def small_dark(window: MainWindow) -> None:
    """The smallest common screen in the dark, a layer selected."""
    window.actions_.theme_modes["dark"].trigger()
    window.tabs.setCurrentWidget(window.metrics_plot)
    window.parts.selection.select(Place(0))


SCENE: dict[str, Callable[[MainWindow], None]] = {
    "1-opening": opening,
    "2-drawn": drawn,
    "3-training": training,
    "4-channel": channel,
    "5-error": error,
    "6-dark": dark,
    "7-dark-channel": dark_channel,
    "8-small": small,
    "9-confusion": confusion,
    "10-data": data,
    "11-small-dark": small_dark,
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
    """Let everything that is on its way be painted."""
    for _ in range(20):
        _turn(20)


def _turn(milliseconds: int) -> None:
    QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, milliseconds)
    time.sleep(milliseconds / 1000)
