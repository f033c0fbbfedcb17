"""The composition root: makes the parts of the program and connects them; nothing else knows all of them."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

import cnn_core as cnn
from playground import resources
from playground.actions import Actions
from playground.background import Background
from playground.content import Content, content_from
from playground.document import Document
from playground.errors import ErrorReport, start_log
from playground.garbage import GarbageTimer
from playground.journeys.appearance import AppearanceJourney, theme_for
from playground.journeys.augment import AugmentJourney
from playground.journeys.channel import ChannelJourney
from playground.journeys.data import DataJourney
from playground.journeys.draw import DrawJourney
from playground.journeys.drop import DropJourney
from playground.journeys.edit import EditJourney
from playground.journeys.files import FilesJourney
from playground.journeys.importing import ImportJourney
from playground.journeys.look import LookJourney
from playground.journeys.measure import MeasureJourney
from playground.journeys.teach import TeachJourney
from playground.journeys.train import TrainJourney
from playground.main_window import MainWindow
from playground.parts import Parts
from playground.probe import Probe
from playground.selection import Selection
from playground.session import Session
from playground.settings import Settings
from playground.theme import apply
from playground.training_control import TrainingControl

NAME = "cnn-playground"

_log = logging.getLogger(__name__)


def create_application(argv: Sequence[str]) -> QApplication:
    """The one QApplication, with names and look set; the existing one when there is one already.

    A new one also gets the log, the record of crashes and the catching of unexpected errors.
    """
    existing = QApplication.instance()
    app = existing if isinstance(existing, QApplication) else QApplication(list(argv))
    app.setOrganizationName(NAME)
    app.setApplicationName(NAME)
    app.setDesktopFileName(NAME)
    if (icon := resources.find("icon.svg")) is not None:
        app.setWindowIcon(QIcon(str(icon)))
    if app is not existing:
        start_log()
        ErrorReport(app).install()
    apply(app, theme_for(Settings().theme_mode))
    return app


def create_window(file: Path | None = None, data: str | None = None) -> MainWindow:
    """The wired window, shown; with the trained network that comes along, or the one in `file`.

    `data` names the images to train on, when not those the file was trained on. Raises CheckpointError or
    OSError when `file` cannot be opened.
    """
    content = first_content() if file is None else content_from(cnn.checkpoint.load(file))
    if data is not None:
        content = replace(content, data=data)
    settings = Settings()
    window = MainWindow(settings)
    garbage = GarbageTimer(window)
    window.show()
    QApplication.processEvents()  # the window is seen before the plots are made
    window.build()
    parts = Parts(
        document=Document(content, window),
        session=Session(window),
        probe=Probe(window),
        selection=Selection(window),
        loading=Background("data", window),
        measuring=Background("measuring", window),
        settings=settings,
    )
    parts.document.path = None if file is None or resources.comes_along(file) else file
    connect(window, parts, data)
    if file is None and resources.find(resources.TRAINED_NETWORK) is None:
        window.notice.say(
            "The trained network is missing from this installation; this one is untrained.", "warning"
        )
    window.on_close.append(garbage.stop)
    window.draw_canvas.setFocus()
    return window


def connect(window: MainWindow, parts: Parts, data: str | None = None) -> None:
    """Put every journey through the window together; `data` as for create_window."""
    control = TrainingControl(parts.document, parts.session, parts.loading, window)
    actions, document = window.actions_, parts.document
    window.parts, window.control = parts, control
    files = FilesJourney(window, parts, control)
    TrainJourney(window, parts, control)
    EditJourney(window, parts, control)
    DrawJourney(window, parts)
    LookJourney(window, parts)
    ChannelJourney(window, parts)
    MeasureJourney(window, parts, control)
    loading = DataJourney(window, parts, control, data)
    ImportJourney(window, loading)
    DropJourney(window, files, loading)
    TeachJourney(window, parts, control, loading)
    AugmentJourney(window, parts, control)
    AppearanceJourney(window, parts)
    connect_undo(actions, document)
    # An undo stack that still holds commands tells of them while it is destroyed, to actions already gone.
    window.on_close.append(document.undo_stack.clear)
    actions.quit.triggered.connect(window.close)
    app = QApplication.instance()
    if app is not None and (errors := app.findChild(ErrorReport)) is not None:
        errors.happened.connect(lambda text: window.notice.say(f"Unexpected: {text}", "error"))


def connect_undo(actions: Actions, document: Document) -> None:
    """Undo and redo name what they would do, and are off when there is nothing."""
    stack = document.undo_stack
    for action, trigger, can, text, word in (
        (actions.undo, stack.undo, stack.canUndoChanged, stack.undoTextChanged, "Undo"),
        (actions.redo, stack.redo, stack.canRedoChanged, stack.redoTextChanged, "Redo"),
    ):
        action.setEnabled(False)
        action.triggered.connect(trigger)
        can.connect(action.setEnabled)
        text.connect(lambda what, action=action, word=word: action.setText(doing(word, what)))


def doing(word: str, what: str) -> str:
    """What an action says that does `word` to `what`; an "&" in the name of a class is no access key."""
    return f"&{word} {what.replace('&', '&&')}".rstrip()


def first_content() -> Content:
    """The trained network that comes with the program; an untrained one where it was not installed."""
    path = resources.find(resources.TRAINED_NETWORK)
    if path is not None:
        return content_from(cnn.checkpoint.load(path))
    _log.warning("%s is missing; starting with an untrained network", resources.TRAINED_NETWORK)
    architecture = cnn.presets.load("sample")
    return Content(architecture, cnn.Network.initialize(architecture, seed=0), cnn.TrainingSettings())
