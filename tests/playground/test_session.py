"""A training run: progress arrives complete, it obeys within a step, its end leaves good weights."""

import gc
import os
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

import cnn_core as cnn
from cnn_core.process import Process
from playground import session as session_module
from playground import training_process
from playground.data import Data
from playground.run import Outcome, Snapshot
from playground.session import Session
from playground.theme import format_number

MakeTrainer = Callable[[], cnn.Trainer]


@pytest.fixture
def make_trainer(small_architecture: cnn.Architecture, small_data: Data) -> MakeTrainer:
    def make() -> cnn.Trainer:
        network = cnn.Network.initialize(small_architecture, seed=1)
        return cnn.Trainer(network, train=small_data.train, batch_size=8, threads=1)

    return make


@pytest.fixture(params=["here", "elsewhere"])
def session(
    owner: QObject, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Session]:
    """Trains in this process, or in the other one."""
    if request.param == "here":
        monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(session_module, "HERE_AT_FIRST", -1.0)
    session = Session(owner)
    if request.param == "elsewhere":
        process_of(session)
    yield session
    session.close()


@pytest.fixture
def elsewhere(owner: QObject, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """A session whose other process is ready."""
    monkeypatch.setattr(session_module, "HERE_AT_FIRST", -1.0)
    session = Session(owner)
    process_of(session)
    yield session
    session.close()


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


def test_every_step_arrives_once_and_in_order(
    session: Session, make_trainer: MakeTrainer, qtbot: QtBot
) -> None:
    steps: list[int] = []
    session.progressed.connect(lambda points: steps.extend(point.step for point in points))
    run(session, make_trainer(), 40, qtbot)
    assert steps == list(range(1, 41))


def test_the_outcome_is_what_the_trainer_alone_would_reach(
    session: Session, make_trainer: MakeTrainer, qtbot: QtBot
) -> None:
    alone = make_trainer()
    list(alone.run(steps=12))
    outcome = run(session, make_trainer(), 12, qtbot)
    assert outcome.error is None
    assert outcome.training.step == 12
    for name, values in alone.network.parameters.items():
        assert np.array_equal(outcome.network.parameters[name], values)


def test_a_run_in_two_parts_gives_the_same_bits(
    session: Session, make_trainer: MakeTrainer, small_data: Data, qtbot: QtBot
) -> None:
    whole = run(session, make_trainer(), 20, qtbot)
    half = run(session, make_trainer(), 9, qtbot)
    rest = cnn.Trainer.resume(half.network, half.training, train=small_data.train, batch_size=8, threads=1)
    again = run(session, rest, 11, qtbot)
    for name, values in whole.network.parameters.items():
        assert np.array_equal(again.network.parameters[name], values)


def test_stop_ends_the_run_within_a_step(session: Session, make_trainer: MakeTrainer, qtbot: QtBot) -> None:
    outcomes: list[Outcome] = []
    seen: list[int] = []
    session.ended.connect(outcomes.append)
    session.progressed.connect(lambda points: seen.extend(point.step for point in points))
    session.start(make_trainer(), 1_000_000)
    qtbot.waitUntil(lambda: len(seen) > 3, timeout=30_000)
    session.stop()
    qtbot.waitUntil(lambda: bool(outcomes), timeout=30_000)
    assert not session.running
    assert outcomes[0].training.step == seen[-1]


def test_stop_right_after_start_is_not_lost(
    session: Session, make_trainer: MakeTrainer, qtbot: QtBot
) -> None:
    outcomes: list[Outcome] = []
    session.ended.connect(outcomes.append)
    session.start(make_trainer(), 1_000_000)
    session.stop()
    qtbot.waitUntil(lambda: bool(outcomes), timeout=30_000)
    assert outcomes[0].training.step < 1000


def test_finish_delivers_everything_before_it_returns(session: Session, make_trainer: MakeTrainer) -> None:
    outcomes: list[Outcome] = []
    seen: list[int] = []
    session.ended.connect(outcomes.append)
    session.progressed.connect(lambda points: seen.extend(point.step for point in points))
    session.start(make_trainer(), 1_000_000)
    session.finish()
    assert len(outcomes) == 1
    assert not session.running
    assert outcomes[0].training.step == (seen[-1] if seen else 0)


def test_no_thread_is_left(session: Session, make_trainer: MakeTrainer) -> None:
    before = set(threading.enumerate())
    session.start(make_trainer(), 1_000_000)
    session.finish()
    assert set(threading.enumerate()) <= before


def test_snapshots_are_copies(session: Session, make_trainer: MakeTrainer, qtbot: QtBot) -> None:
    trainer = make_trainer()
    snapshots: list[Snapshot] = []
    session.snapshot_taken.connect(snapshots.append)
    run(session, trainer, 30, qtbot)
    assert snapshots
    weights = snapshots[0].network.parameters["0.weight"]
    assert not np.shares_memory(weights, trainer.network.parameters["0.weight"])


def test_the_learning_rate_changes_while_running(
    session: Session, make_trainer: MakeTrainer, qtbot: QtBot
) -> None:
    rates: list[float] = []
    session.progressed.connect(lambda points: rates.extend(point.learning_rate for point in points))
    session.start(make_trainer(), 1_000_000)
    qtbot.waitUntil(lambda: bool(rates), timeout=30_000)
    session.set_learning_rate(0.001)
    qtbot.waitUntil(lambda: rates[-1] == 0.001, timeout=30_000)
    session.finish()
    assert rates[0] == 0.05


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_divergence_goes_back_to_the_network_before_it_went_astray(
    session: Session, make_trainer: MakeTrainer, small_data: Data, qtbot: QtBot
) -> None:
    trainer = make_trainer()
    snapshots: list[Snapshot] = []
    session.snapshot_taken.connect(snapshots.append)
    session.snapshot_taken.connect(lambda _: session.set_learning_rate(1e14) if len(snapshots) > 3 else None)
    outcome = run(session, trainer, 1_000_000, qtbot)
    step = outcome.training.step
    assert outcome.error is not None
    assert "training has diverged; the network of step" in outcome.error
    assert f"step {step:,} is back. Try a learning rate below 1e+14" in outcome.error
    assert 0 < step < snapshots[-1].step
    assert outcome.network.evaluate(small_data.train).loss < 2.5
    assert not outcome.training.slots["velocity"]["0.weight"].any()
    trainer = cnn.Trainer.resume(
        outcome.network, replace(outcome.training, learning_rate=0.01), train=small_data.train
    )
    assert all(point.loss < 2.5 for point in trainer.run(steps=3))  # it can go on from there


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_run_that_diverges_at_once_leaves_the_network_as_it_was(
    session: Session, make_trainer: MakeTrainer, qtbot: QtBot
) -> None:
    trainer = make_trainer()
    for values in trainer.network.parameters.values():
        values *= np.float32(1e25)
    before = trainer.network.copy()
    outcome = run(session, trainer, 500, qtbot)
    assert outcome.error is not None
    assert "training has diverged; the network of step 0 is back" in outcome.error
    assert outcome.training.step == 0
    for name, values in before.parameters.items():
        assert np.array_equal(outcome.network.parameters[name], values)


class _Broken(cnn.Trainer):
    """A trainer whose third step fails in a way nobody foresaw."""

    def _one_step(self, *arguments: Any) -> cnn.Progress:
        if self.step == 2:
            raise RuntimeError("cosmic ray")
        return super()._one_step(*arguments)


def test_an_unforeseen_error_ends_the_run_with_its_name(
    session: Session, small_architecture: cnn.Architecture, small_data: Data, qtbot: QtBot
) -> None:
    network = cnn.Network.initialize(small_architecture, seed=1)
    outcome = run(session, _Broken(network, train=small_data.train, batch_size=8), 10, qtbot)
    assert outcome.error == "RuntimeError: cosmic ray"
    assert outcome.training.step == 2


def test_progress_comes_with_the_snapshot_it_leads_to(
    session: Session, make_trainer: MakeTrainer, qtbot: QtBot
) -> None:
    """Figures and maps change in one frame."""
    told: list[tuple[str, int]] = []
    session.progressed.connect(lambda points: told.append(("progress", points[-1].step)))
    session.snapshot_taken.connect(lambda snapshot: told.append(("snapshot", snapshot.step)))
    session.start(make_trainer(), 10**6)
    qtbot.waitUntil(lambda: len(told) >= 6, timeout=30_000)
    kinds = [kind for kind, _ in told]
    session.finish()
    assert kinds == ["progress", "snapshot"] * (len(kinds) // 2)
    assert all(
        progress >= snapshot for (_, progress), (_, snapshot) in zip(told[:-1:2], told[1::2], strict=False)
    )


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere threads have no priority of their own")
def test_training_lets_the_window_go_first(session: Session, make_trainer: MakeTrainer, qtbot: QtBot) -> None:
    session.start(make_trainer(), 10**6)
    with qtbot.waitSignal(session.snapshot_taken, timeout=30_000):
        pass
    (thread,) = [thread for thread in threading.enumerate() if thread.name == "training"]
    assert thread.native_id is not None
    training, window = (os.getpriority(os.PRIO_PROCESS, who) for who in (thread.native_id, 0))
    session.finish()
    assert training > window or window == 19


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
