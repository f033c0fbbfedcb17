"""Runs of a session, for the tests of it and of the process that trains."""

from collections.abc import Callable

from pytestqt.qtbot import QtBot

import cnn_core as cnn
from cnn_core.process import Process
from playground.run import Outcome
from playground.session import Session

MakeTrainer = Callable[[], cnn.Trainer]


def process_of(session: Session) -> Process:
    """Return the other process, which is ready."""
    session._elsewhere.start()
    process = session._elsewhere._process
    assert process is not None
    process.wait()
    assert session._elsewhere.ready
    return process


def run(session: Session, trainer: cnn.Trainer, steps: int, qtbot: QtBot) -> Outcome:
    """Train to the end of the run and return how it ended."""
    outcomes: list[Outcome] = []
    session.ended.connect(outcomes.append)
    session.start(trainer, steps)
    qtbot.waitUntil(lambda: bool(outcomes), timeout=30_000)
    return outcomes[0]
