"""Loading data through the window: told while it lasts, cancelled without loss."""

import threading

import pytest
from pytestqt.qtbot import QtBot

from playground.background import Report
from playground.data import Data
from playground.journeys import data as journey
from playground.main_window import MainWindow


def test_long_loading_is_told_and_can_be_cancelled(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = threading.Event()

    def slow(_spec: str, report: Report, *_rest: object) -> Data:
        while report(3, 10):
            threading.Event().wait(0.005)
        ended.set()
        raise ValueError("cancelled")

    monkeypatch.setattr(journey, "read", slow)
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
