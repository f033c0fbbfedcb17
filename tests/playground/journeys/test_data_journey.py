"""Loading data through the window: told while it lasts, cancelled without loss."""

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot

import cnn_core as cnn
from playground.app import create_window
from playground.background import Report
from playground.data import Data
from playground.journeys import data as journey
from playground.journeys.files import FilesJourney
from playground.main_window import MainWindow


def read_slowly(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Let reading data last until nobody waits for it; the event is set when it has ended."""
    ended = threading.Event()

    def slow(_spec: str, report: Report, *_rest: object) -> Data:
        while report(3, 10):
            threading.Event().wait(0.005)
        ended.set()
        raise ValueError("cancelled")

    monkeypatch.setattr(journey, "read", slow)
    return ended


def test_long_loading_is_told_and_can_be_cancelled(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = read_slowly(monkeypatch)
    monkeypatch.setattr(journey, "TOLD_AFTER", 0.0)
    before = window.control.data
    window.training_panel.dataset_requested.emit("mnist")
    qtbot.waitUntil(lambda: "Loading MNIST… 30" in window.notice.text, timeout=10_000)
    assert window.actions_.train.isEnabled()
    window.actions_.cancel_loading.trigger()
    qtbot.waitUntil(ended.is_set, timeout=10_000)
    assert window.notice.text == "Loading was cancelled."
    assert window.control.data is before
    assert before is not None
    assert window.training_panel.dataset_box.currentData() == before.spec
    assert not window.actions_.cancel_loading.isEnabled()


def test_data_to_be_downloaded_is_only_offered_when_a_network_is_opened(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, small_data: Data
) -> None:
    asked: list[str] = []

    def read(spec: str, *_rest: object) -> Data:
        asked.append(spec)
        return replace(small_data, spec=spec)

    monkeypatch.setattr(journey, "read", read)
    content = window.parts.document.content
    checkpoint = cnn.Checkpoint(network=content.network, metadata={"data": "fashion-mnist"})
    cnn.checkpoint.save(tmp_path / "clothes.cnn", checkpoint)
    in_use, action = window.control.data, window.actions_.network_data
    assert not action.isEnabled()

    assert window.findChild(FilesJourney).open(tmp_path / "clothes.cnn")
    assert window.control.data is in_use and asked == []
    assert action.isEnabled() and window.notice.findChildren(QToolButton)[0].text() == "Get Fashion-MNIST"
    assert not window.isWindowModified()

    window.actions_.step.trigger()
    qtbot.waitUntil(lambda: not window.control.running, timeout=30_000)
    assert window.parts.document.content.data == in_use.spec

    action.trigger()
    qtbot.waitUntil(lambda: window.control.data is not in_use, timeout=10_000)
    assert asked == ["fashion-mnist"] and not action.isEnabled()


def test_data_asked_for_before_a_file_was_opened_do_not_take_the_place_of_its_own(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ended = read_slowly(monkeypatch)
    in_use = window.control.data
    assert in_use is not None
    checkpoint = cnn.Checkpoint(network=window.current_network(), metadata={"data": in_use.spec})
    cnn.checkpoint.save(tmp_path / "net.cnn", checkpoint)
    window.training_panel.dataset_requested.emit("digits")
    assert window.findChild(FilesJourney).open(tmp_path / "net.cnn")
    qtbot.waitUntil(ended.is_set, timeout=10_000)
    assert not window.parts.loading.busy
    assert window.training_panel.dataset_box.currentData() == in_use.spec
    assert not window.actions_.cancel_loading.isEnabled()


def test_what_was_said_of_data_goes_when_other_data_fit(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    in_use = window.control.data
    assert in_use is not None
    images = np.zeros((20, 9, 9, 1), np.uint8)
    cnn.datasets.to_npz(cnn.Dataset(images, np.arange(20) % 2, ("a", "b")), tmp_path / "small.npz")
    window.training_panel.dataset_requested.emit(str(tmp_path / "small.npz"))
    qtbot.waitUntil(lambda: "fit it to the data" in window.notice.text, timeout=10_000)
    window.training_panel.dataset_requested.emit(in_use.spec)
    qtbot.waitUntil(lambda: window.control.data.spec == in_use.spec, timeout=10_000)
    assert window.notice.text == ""
    window.training_panel.dataset_requested.emit(str(tmp_path / "none.npz"))
    qtbot.waitUntil(lambda: "stays in use" in window.notice.text, timeout=10_000)
    window.notice.say("Something else.", "warning")
    window.training_panel.dataset_requested.emit(in_use.spec)
    qtbot.waitUntil(lambda: not window.parts.loading.busy, timeout=10_000)
    assert window.notice.text == "Something else."


def test_data_that_were_still_loading_are_not_named_when_another_network_is_opened(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ended = read_slowly(monkeypatch)
    network = cnn.Network.initialize(cnn.presets.load("tiny"), seed=0)
    cnn.checkpoint.save(tmp_path / "kana.cnn", cnn.Checkpoint(network=network, metadata={"data": "kmnist"}))
    window = create_window()
    box = window.training_panel.dataset_box
    assert box.currentData() == "digits"
    assert window.findChild(FilesJourney).open(tmp_path / "kana.cnn")
    qtbot.waitUntil(ended.is_set, timeout=10_000)
    assert window.control.data is None and box.currentIndex() == -1
    window.findChild(journey.DataJourney).set_my_drawings(3)
    assert box.currentIndex() == -1
    window.before_close.clear()
    window.close()
    window.deleteLater()


def test_a_window_can_begin_without_data_where_these_are_to_be_downloaded(
    qtbot: QtBot, tmp_path: Path
) -> None:
    network = cnn.Network.initialize(cnn.presets.load("tiny"), seed=0)
    cnn.checkpoint.save(tmp_path / "kana.cnn", cnn.Checkpoint(network=network, metadata={"data": "kmnist"}))
    window = create_window(tmp_path / "kana.cnn")
    assert window.control.data is None
    assert "not on this computer yet" in window.notice.text
    box = window.training_panel.dataset_box
    assert (box.currentIndex(), box.placeholderText()) == (-1, "none yet")
    QTest.keyClick(box, Qt.Key.Key_Home)
    qtbot.waitUntil(lambda: window.control.data is not None, timeout=60_000)
    window.before_close.clear()
    window.close()
    window.deleteLater()
