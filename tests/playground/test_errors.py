"""Unexpected errors: each told once, in the window's thread, and written to the log."""

import logging
import sys
import threading

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from playground import errors


@pytest.fixture
def report(owner: QObject) -> errors.ErrorReport:
    return errors.ErrorReport(owner)


def raise_and_take(report: errors.ErrorReport, text: str) -> None:
    try:
        raise RuntimeError(text)
    except RuntimeError:
        report.take(*sys.exc_info())  # type: ignore[arg-type]


def test_errors_from_one_line_are_told_once(report: errors.ErrorReport, qtbot: QtBot) -> None:
    told: list[str] = []
    report.happened.connect(told.append)
    for text in ("first", "second"):
        raise_and_take(report, text)
    qtbot.waitUntil(lambda: bool(told))
    qtbot.wait(300)
    assert len(told) == 1
    assert told[0].startswith("RuntimeError in test_errors.py, line")
    assert told[0].endswith("first")


def test_errors_are_logged(report: errors.ErrorReport, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, logger="playground"):
        raise_and_take(report, "for the log")
    assert "for the log" in caplog.text


def test_an_error_in_another_thread_is_told_in_the_window(report: errors.ErrorReport, qtbot: QtBot) -> None:
    told: list[threading.Thread] = []
    report.happened.connect(lambda _text: told.append(threading.current_thread()))
    thread = threading.Thread(target=raise_and_take, args=(report, "far away"))
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: bool(told))
    assert told == [threading.main_thread()]


def test_it_takes_over_from_pythons_own_hooks(
    report: errors.ErrorReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    report.install()
    assert sys.excepthook == report.take


def test_the_log_folder_is_there() -> None:
    assert errors.log_folder().is_dir()
