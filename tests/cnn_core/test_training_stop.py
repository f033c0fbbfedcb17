"""A run that is stopped ends within its batch, leaves no thread, and can go on."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from some_training import ARCHITECTURE, assert_same_bits, bits, dataset, trained, trainer

from cnn_core import Layer, Network


class Gate:
    """Lets a test act while a batch is half done."""

    entered, open = threading.Event(), threading.Event()
    seen: list[int]
    stop: Callable[[], None]


@dataclass(frozen=True, kw_only=True)
class Waiting(Layer):
    def forward(self, x, parameters, context):
        if context.training:
            Gate.entered.set()
            assert Gate.open.wait(30)
        return x, None

    def backward(self, dy, cache, parameters, context):
        return dy, {}


@pytest.mark.parametrize("threads", [1, 2])
def test_stopping_within_a_batch_ends_the_run_and_the_batch_does_not_count(threads):
    Gate.entered.clear()
    Gate.open.set()
    one = trainer(Network.initialize(ARCHITECTURE.inserted(1, Waiting()), seed=4), threads=threads)
    for _ in one.run(steps=2):
        pass
    before, seen = bits(one.network), []
    Gate.entered.clear()
    Gate.open.clear()
    thread = threading.Thread(target=lambda: seen.extend(one.run(epochs=5)))
    thread.start()
    assert Gate.entered.wait(30)
    one.stop()
    Gate.open.set()
    thread.join(30)
    assert not thread.is_alive()
    assert seen == []
    assert one.step == 2
    assert_same_bits(one.network, before)


def test_a_stopped_run_can_go_on_with_the_same_bits():
    one = trainer()
    for progress in one.run(epochs=3):
        if progress.step == 3:
            one.stop()
    assert one.step == 3
    for _ in one.run(steps=6):
        pass
    assert_same_bits(one.network, trained().network)


@pytest.mark.parametrize("end", ["exhausted", "closed", "broken off", "stopped"])
def test_no_thread_is_left_when_a_run_has_ended(end):
    before = set(threading.enumerate())
    one = trainer(threads=3, validation=dataset(40))
    run = one.run(epochs=1)
    for progress in run:
        if progress.step == 2 and end == "closed":
            run.close()
        if progress.step == 2 and end == "broken off":
            break
        if progress.step == 2 and end == "stopped":
            one.stop()
    del run
    assert set(threading.enumerate()) == before


def test_a_stop_asked_for_before_the_first_step_counts():
    one = trainer()
    run = one.run(steps=3)
    one.stop()
    assert list(run) == []
    assert one.step == 0


@dataclass(frozen=True, kw_only=True)
class Stopping(Layer):
    """Asks for a stop when images are classified."""

    def forward(self, x, parameters, context):
        if not context.training:
            Gate.seen.append(len(x))
            Gate.stop()
        return x, None

    def backward(self, dy, cache, parameters, context):
        return dy, {}


def test_a_stop_within_an_evaluation_keeps_the_step_and_leaves_the_evaluation_out():
    network = Network.initialize(ARCHITECTURE.inserted(1, Stopping()), seed=4)
    one = trainer(network, validation=dataset(2000), threads=1)
    Gate.seen, Gate.stop = [], one.stop
    points = list(one.run(epochs=3))
    assert [p.step for p in points] == [1, 2, 3, 4]
    assert points[-1].validation is None
    assert 0 < sum(Gate.seen) < 600
    Gate.stop = lambda: None
    assert next(p.validation for p in one.run() if p.validation).count == 2000
