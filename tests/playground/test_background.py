"""Background work: results come in the window's thread, errors as sentences, newer work drops older."""

import threading

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from playground.background import Background, Report


@pytest.fixture
def background(owner: QObject) -> Background:
    return Background("test", owner)


def test_the_result_arrives_in_the_thread_of_the_window(background: Background, qtbot: QtBot) -> None:
    threads: list[threading.Thread] = []
    background.done.connect(lambda _result: threads.append(threading.current_thread()))
    with qtbot.waitSignal(background.done) as done:
        background.start(lambda _report: threading.current_thread().name)
    assert done.args == ["test"]
    assert threads == [threading.main_thread()]
    assert not background.busy


@pytest.mark.parametrize(
    ("problem", "sentence"),
    [
        (ValueError("the file is empty"), "the file is empty"),
        (MemoryError(), "There is not enough memory for this."),
        (KeyError("x"), "KeyError: 'x'"),
    ],
)
def test_an_error_arrives_as_a_sentence(
    background: Background, qtbot: QtBot, problem: Exception, sentence: str
) -> None:
    def fail(_report: Report) -> None:
        raise problem

    with qtbot.waitSignal(background.failed) as failed:
        background.start(fail)
    assert failed.args == [sentence]


def test_progress_arrives(background: Background, qtbot: QtBot) -> None:
    told: list[tuple[int, int | None]] = []
    background.progressed.connect(lambda done, total: told.append((done, total)))
    with qtbot.waitSignal(background.done):
        background.start(lambda report: report(3, 10))
    assert told == [(3, 10)]


def test_newer_work_drops_older(background: Background, qtbot: QtBot) -> None:
    gate = threading.Event()
    going_on: list[bool] = []

    def old(report: Report) -> str:
        gate.wait(10)
        going_on.append(report(1, 2))
        return "old"

    results: list[str] = []
    background.done.connect(results.append)
    background.start(old)
    background.start(lambda _report: "new")
    qtbot.waitUntil(lambda: bool(results))
    gate.set()
    background.finish()
    assert results == ["new"]
    assert going_on == [False]


def test_finish_leaves_no_thread(background: Background) -> None:
    before = set(threading.enumerate())
    gate = threading.Event()

    def until_dropped(report: Report) -> None:
        while report(0, None):
            gate.wait(0.001)

    background.start(until_dropped)
    background.finish()
    assert set(threading.enumerate()) <= before


def test_the_end_of_the_program_does_not_wait_for_what_hangs(background: Background) -> None:
    server = threading.Event()
    waiting: list[threading.Thread] = []

    def hang(_report: Report) -> None:
        waiting.append(threading.current_thread())
        server.wait()

    for _ in range(3):
        background.start(hang)
    background.finish(0.01)
    assert all(thread.is_alive() for thread in waiting)
    server.set()
    background.finish()
