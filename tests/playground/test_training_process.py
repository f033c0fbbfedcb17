"""The process that trains: it takes runs over as they are, and where it is lost little is."""

import gc
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot
from training_runs import MakeTrainer, process_of, run

import cnn_core as cnn
from cnn_core.process import Process
from playground import session as session_module
from playground import training_process
from playground.data import Data
from playground.run import Outcome, Snapshot
from playground.session import Session
from playground.wording import format_number


@pytest.fixture
def elsewhere(owner: QObject, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """A session whose other process is ready."""
    monkeypatch.setattr(session_module, "HERE_AT_FIRST", -1.0)
    session = Session(owner)
    process_of(session)
    yield session
    session.close()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere threads have no priority of their own")
def test_the_process_lets_the_window_go_first(
    owner: QObject, make_trainer: MakeTrainer, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_module, "HERE_AT_FIRST", -1.0)
    session = Session(owner)
    session.start(make_trainer(), 10**6)
    qtbot.waitUntil(lambda: session._elsewhere._process is not None, timeout=30_000)
    training, window = (os.getpriority(os.PRIO_PROCESS, who) for who in (process_of(session)._process.pid, 0))
    session.close()
    assert training > window or window == 19


@pytest.fixture
def moved(elsewhere: Session, monkeypatch: pytest.MonkeyPatch) -> list[cnn.Trainer]:
    """The trainers that have been taken elsewhere."""
    trainers: list[cnn.Trainer] = []
    taken = elsewhere._elsewhere.run

    def run_there(trainer: cnn.Trainer, *arguments: Any) -> Outcome:
        trainers.append(trainer)
        return taken(trainer, *arguments)

    monkeypatch.setattr(elsewhere._elsewhere, "run", run_there)
    return trainers


def test_runs_go_on_elsewhere_after_a_moment_and_the_process_stays(
    elsewhere: Session, make_trainer: MakeTrainer, qtbot: QtBot, moved: list[cnn.Trainer]
) -> None:
    process = process_of(elsewhere)
    for _ in range(2):
        run(elsewhere, make_trainer(), 9, qtbot)
    assert [trainer.step for trainer in moved] == [0, 0]
    assert process_of(elsewhere) is process
    elsewhere.close()
    assert process._process.poll() is not None


def test_everything_a_run_is_made_of_goes_along(
    elsewhere: Session, moved: list[cnn.Trainer], small_data: Data, qtbot: QtBot
) -> None:
    layers = (
        cnn.Conv2D(filters=4, kernel_size=3),
        cnn.BatchNorm(),
        cnn.ReLU(),
        cnn.Flatten(),
        cnn.Dropout(rate=0.3),
        cnn.Dense(units=3),
        cnn.Softmax(),
    )
    network = cnn.Network.initialize(cnn.Architecture((8, 8, 1), layers), seed=1)

    def make() -> cnn.Trainer:
        trainer = cnn.Trainer(
            network,
            train=small_data.train,
            validation=small_data.validation,
            optimizer=cnn.Adam(),
            schedule=cnn.OneCycle(warmup_steps=3),
            batch_size=10,
            label_smoothing=0.1,
            clip_norm=1.0,
            augmentation=cnn.Augmentation(rotation=10, noise=0.1),
            seed=5,
            threads=2,
        )
        trainer.plan(4)
        return trainer

    alone = make()
    expected = list(alone.run(steps=25))
    points: list[cnn.Progress] = []
    elsewhere.progressed.connect(points.extend)
    begun = make()
    list(begun.run(steps=5))
    outcome = run(elsewhere, begun, 20, qtbot)
    (trainer,) = moved
    assert (trainer.step, trainer.threads) == (5, 2)
    state = alone.state()
    for ours, theirs in (
        (outcome.network.parameters, alone.network.parameters),
        (outcome.network.buffers, alone.network.buffers),
        *((outcome.training.slots[slot], state.slots[slot]) for slot in state.slots),
    ):
        for name, values in theirs.items():
            assert np.array_equal(ours[name], values)
    assert outcome.training.planned_steps == state.planned_steps
    for point, other in zip(points, expected[5:], strict=True):
        assert (point.step, point.loss, point.learning_rate) == (other.step, other.loss, other.learning_rate)
        assert (point.validation is None) == (other.validation is None)


def test_a_run_without_validation_has_none_whatever_the_run_before_had(
    elsewhere: Session, make_trainer: MakeTrainer, small_data: Data, qtbot: QtBot, moved: list[cnn.Trainer]
) -> None:
    trainer = make_trainer()
    trainer.validation = small_data.train.subset(slice(0, 20))
    points: list[cnn.Progress] = []
    elsewhere.progressed.connect(points.extend)
    steps = trainer.steps_per_epoch
    run(elsewhere, trainer, steps, qtbot)
    assert points[-1].validation is not None
    del trainer, points[:]
    moved.clear()
    gc.collect()  # the data set of the validation is gone
    run(elsewhere, make_trainer(), steps, qtbot)
    assert len(moved) == 1
    assert points[-1].step == steps
    assert points[-1].validation is None


def test_a_learning_rate_set_while_a_run_moves_is_told(make_trainer: MakeTrainer) -> None:
    trainer = make_trainer()
    said: list[object] = []

    class Other:
        """Hears that the window sets another rate just as the run is sent."""

        def send(self, message: object) -> None:
            said.append(message)
            trainer.learning_rate = 0.001

        def says(self, seconds: float) -> bool:
            return len(said) > 1

        def receive(self) -> Outcome:
            return Outcome(trainer.network, trainer.state())

    training_process._relay(cast(Process, Other()), trainer, 5, lambda *_: None, lambda: False)
    assert [getattr(message, "value", None) for message in said] == [None, 0.001]


def test_other_data_are_sent_when_they_are_trained_on(
    elsewhere: Session, make_trainer: MakeTrainer, small_data: Data, qtbot: QtBot
) -> None:
    run(elsewhere, make_trainer(), 9, qtbot)

    def other() -> cnn.Trainer:
        trainer = make_trainer()
        trainer.train = small_data.train.subset(slice(0, 50))
        return trainer

    alone = other()
    list(alone.run(steps=9))
    outcome = run(elsewhere, other(), 9, qtbot)
    for name, values in alone.network.parameters.items():
        assert np.array_equal(outcome.network.parameters[name], values)


def test_a_process_that_has_been_killed_between_runs_is_done_without(
    elsewhere: Session, make_trainer: MakeTrainer, qtbot: QtBot
) -> None:
    run(elsewhere, make_trainer(), 9, qtbot)
    process = process_of(elsewhere)._process
    process.kill()
    process.wait()
    outcome = run(elsewhere, make_trainer(), 9, qtbot)
    assert outcome.error is None
    assert outcome.training.step == 9
    assert process_of(elsewhere)._process is not process  # it has worked before: there is another one


def test_what_goes_wrong_in_the_process_is_logged_and_done_without(
    elsewhere: Session,
    make_trainer: MakeTrainer,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(elsewhere._elsewhere, "_send_data", lambda *arguments: None)
    assert run(elsewhere, make_trainer(), 9, qtbot).training.step == 9
    assert "training goes on in the window's process: ProcessLost: Traceback" in caplog.text
    assert "assert self._data" in caplog.text


def test_a_stop_while_the_data_are_sent_leaves_the_run_where_it_was(
    elsewhere: Session, make_trainer: MakeTrainer, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = Process.send

    def slow(process: Process, message: object, cancelled: Callable[[], bool] = lambda: False) -> None:
        elsewhere.stop()
        send(process, message, cancelled)

    trainer = make_trainer()
    trainer.train = cnn.Dataset(
        np.tile(trainer.train.images, (400, 1, 1, 1)), np.tile(trainer.train.labels, 400), ("a", "b", "c")
    )
    with monkeypatch.context() as patch:
        patch.setattr(Process, "send", slow)
        outcome = run(elsewhere, trainer, 9, qtbot)
    assert outcome.error is None
    assert outcome.training.step == 0
    assert run(elsewhere, make_trainer(), 9, qtbot).training.step == 9


def test_large_data_are_not_kept_twice(
    elsewhere: Session,
    make_trainer: MakeTrainer,
    qtbot: QtBot,
    moved: list[cnn.Trainer],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(training_process, "MOST_DATA", 100)
    assert run(elsewhere, make_trainer(), 9, qtbot).training.step == 9
    assert moved == []


def test_a_process_that_does_not_come_is_not_waited_for(
    owner: QObject,
    make_trainer: MakeTrainer,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(session_module, "HERE_AT_FIRST", -1.0)
    monkeypatch.setattr(training_process, "_SOON", 0.2)
    monkeypatch.setattr(Process, "ready", False)
    session = Session(owner)
    assert run(session, make_trainer(), 300, qtbot).training.step == 300
    session.close()


def test_a_short_run_starts_no_process(
    owner: QObject, make_trainer: MakeTrainer, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_module, "HERE_AT_FIRST", 60.0)
    session = Session(owner)
    run(session, make_trainer(), 5, qtbot)
    assert session._elsewhere._process is None


def test_a_process_that_is_killed_leaves_the_newest_network(
    elsewhere: Session, make_trainer: MakeTrainer, qtbot: QtBot
) -> None:
    outcomes: list[Outcome] = []
    snapshots: list[Snapshot] = []
    points: list[cnn.Progress] = []
    elsewhere.ended.connect(outcomes.append)
    elsewhere.progressed.connect(points.extend)
    elsewhere.snapshot_taken.connect(snapshots.append)
    elsewhere.start(make_trainer(), 10**6)
    qtbot.waitUntil(lambda: len(snapshots) > 3, timeout=30_000)
    process_of(elsewhere)._process.kill()
    qtbot.waitUntil(lambda: bool(outcomes), timeout=30_000)
    (outcome,) = outcomes
    assert outcome.error is not None
    assert f"The network of step {format_number(outcome.training.step)} is kept" in outcome.error
    assert outcome.training.step == snapshots[-1].step == points[-1].step == len(points)
    assert (
        outcome.training.began == outcome.training.step
    )  # the optimiser knows of no step that was done there
    for name, values in snapshots[-1].network.parameters.items():
        assert np.array_equal(outcome.network.parameters[name], values)
    assert run(elsewhere, make_trainer(), 4, qtbot).error is None  # by another process, or here


def test_the_process_ends_with_the_window_in_the_midst_of_a_run(
    elsewhere: Session, make_trainer: MakeTrainer, qtbot: QtBot
) -> None:
    elsewhere.start(make_trainer(), 10**6)
    with qtbot.waitSignal(elsewhere.snapshot_taken, timeout=30_000):
        pass
    process = process_of(elsewhere)._process
    assert process.stdin is not None
    process.stdin.close()  # as when this process is killed
    assert process.wait(30) == 0


def test_the_data_of_earlier_runs_are_not_kept_there(
    elsewhere: Session, make_trainer: MakeTrainer, small_architecture: cnn.Architecture, qtbot: QtBot
) -> None:
    if not Path("/proc/self/statm").exists():
        pytest.skip("no /proc to read the memory of a process from")

    def held() -> int:
        pages = Path(f"/proc/{process_of(elsewhere)._process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    before = held()
    images = np.ones((1_500_000, 8, 8, 1), np.uint8)
    data = cnn.Dataset(images, np.zeros(len(images), np.int64), ("top", "middle", "bottom"), "many")
    network = cnn.Network.initialize(small_architecture, seed=1)
    run(elsewhere, cnn.Trainer(network, train=data, batch_size=8), 3, qtbot)
    assert held() > before + images.nbytes
    run(elsewhere, make_trainer(), 3, qtbot)
    assert held() < before + images.nbytes / 2
