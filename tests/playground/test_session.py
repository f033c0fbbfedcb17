"""A training run: progress arrives complete, it obeys within a step, its end leaves good weights."""

import os
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot
from training_runs import MakeTrainer, process_of, run

import cnn_core as cnn
from playground import session as session_module
from playground.data import Data
from playground.run import Outcome, Snapshot
from playground.session import Session


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


def test_a_busy_window_lets_new_networks_wait_though_not_for_long(
    owner: QObject, make_trainer: MakeTrainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SimpleNamespace(now=100.0, busy=0.0)
    times = SimpleNamespace(monotonic=lambda: clock.now, thread_time=lambda: clock.busy)
    monkeypatch.setattr(session_module, "time", times)
    session, over = Session(owner), threading.Event()
    session._thread = threading.Thread(target=over.wait)
    session._thread.start()
    shown: list[Snapshot] = []
    session.snapshot_taken.connect(shown.append)
    snapshot = Snapshot(make_trainer().network, 1)

    def shows(seconds: float, busy: float) -> bool:
        """Whether a network is shown so many seconds after the last look, some of which the window worked."""
        clock.now, clock.busy = clock.now + seconds, clock.busy + busy
        session._mailbox.post([], snapshot)
        session._poll()
        return bool(shown) and bool(shown.pop())

    assert shows(0, 0)
    assert not shows(0.2, 0.02)
    assert shows(0.21, 0)
    assert not shows(0.9, 0.9)
    assert shows(0.11, 0)
    over.set()
    session._thread.join()
    session._thread = None


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
    assert outcome.training.began == step
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
