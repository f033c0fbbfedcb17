"""The trainer: what it reports, how it stops and goes on, and the same bits in any way of doing so."""

import json
import threading
from dataclasses import dataclass

import numpy as np
import pytest

from cnn_core import (
    SGD,
    Adam,
    AdamW,
    Architecture,
    BatchNorm,
    Constant,
    Conv2D,
    Cosine,
    Dataset,
    DatasetError,
    Dense,
    DivergenceError,
    Dropout,
    Flatten,
    Layer,
    MaxPool2D,
    Network,
    OneCycle,
    ReLU,
    RMSprop,
    Softmax,
    Trainer,
    TrainingSettings,
)

ARCHITECTURE = Architecture(
    (8, 8, 1),
    (
        *(Conv2D(filters=4, bias=False), BatchNorm(), ReLU(), MaxPool2D(), Dropout(rate=0.2)),
        *(Flatten(), Dense(units=3), Softmax()),
    ),
)


def dataset(count, seed=0, classes=3):
    """Return images whose brightest column tells the class."""
    g = np.random.default_rng(seed)
    labels = g.integers(0, classes, count)
    images = g.integers(0, 120, (count, 8, 8, 1), dtype=np.uint8)
    images[np.arange(count), :, labels * 2 + 1] = 250
    return Dataset(images, labels, tuple("abc"[:classes]))


def trainer(network=None, **arguments):
    network = network or Network.initialize(ARCHITECTURE, seed=4)
    return Trainer(network, **{"train": dataset(50), "batch_size": 16, "seed": 3, **arguments})


def bits(network):
    values = {**network.parameters, **network.buffers}
    return {name: value.copy() for name, value in values.items()}


def assert_same_bits(one, other):
    one, other = (bits(n) if isinstance(n, Network) else n for n in (one, other))
    assert set(one) == set(other)
    for name, value in one.items():
        np.testing.assert_array_equal(value, other[name], err_msg=name)


# What is reported


def test_progress_counts_steps_and_epochs():
    found = [(p.step, p.epoch, p.steps_per_epoch) for p in trainer().run(epochs=2)]
    assert found == [(i + 1, i // 4 + 1, 4) for i in range(8)]


def test_an_epoch_holds_every_image_once_and_reports_their_loss_and_accuracy():
    plain = Network.initialize(ARCHITECTURE.removed(4).removed(1))  # without dropout and batch statistics
    data = dataset(50)
    steps = list(trainer(plain, train=data, optimizer=SGD(learning_rate=0.0)).run(epochs=1))
    images = np.array([16, 16, 16, 2])
    expected = plain.evaluate(data)
    assert np.average([p.loss for p in steps], weights=images) == pytest.approx(expected.loss, rel=1e-5)
    assert np.average([p.accuracy for p in steps], weights=images) == pytest.approx(expected.accuracy)
    assert all(p.images_per_second > 0 for p in steps)


def test_label_smoothing_is_in_the_loss():
    losses = [next(trainer(label_smoothing=e).run(steps=1)).loss for e in (0.0, 0.4)]
    assert losses[0] != losses[1]


@pytest.mark.parametrize("schedule", [Constant(), Cosine(warmup_steps=3), OneCycle()])
def test_the_learning_rate_follows_the_schedule_over_the_planned_epochs(schedule):
    rates = [p.learning_rate for p in trainer(schedule=schedule).run(epochs=3)]
    assert rates == pytest.approx([0.05 * schedule.factor(i, 12) for i in range(12)])


def test_a_plan_may_be_laid_before_stepping():
    one = trainer(schedule=Cosine())
    one.plan(epochs=3)
    rates = [next(one.run(steps=1)).learning_rate for _ in range(12)]
    assert rates == pytest.approx([0.05 * Cosine().factor(i, 12) for i in range(12)])


def test_validation_comes_at_each_epochs_end():
    validation = dataset(21, seed=9)
    one = trainer(validation=validation)
    for progress in one.run(epochs=2):
        assert (progress.validation is not None) == (progress.step % 4 == 0)
        if progress.validation is not None:
            expected = one.network.evaluate(validation)
            assert progress.validation.loss == expected.loss
            np.testing.assert_array_equal(progress.validation.confusion, expected.confusion)


def test_training_learns():
    validation = dataset(60, seed=5)
    *_, last = trainer(train=dataset(300), validation=validation).run(epochs=8)
    assert last.validation.accuracy > 0.95


# The same bits


def trained(steps=9, **arguments):
    one = trainer(**arguments)
    for _ in one.run(steps=steps):
        pass
    return one


def test_the_network_given_is_not_changed():
    network = Network.initialize(ARCHITECTURE, seed=4)
    before = bits(network)
    one = trained(network=network)
    assert_same_bits(network, before)
    assert any((one.network.parameters[k] != before[k]).any() for k in one.network.parameters)
    assert any((one.network.buffers[k] != before[k]).any() for k in one.network.buffers)


def test_the_same_seed_gives_the_same_bits_and_another_others():
    assert_same_bits(trained().network, trained().network)
    other = trained(seed=5).network
    assert any((other.parameters[k] != p).any() for k, p in trained().network.parameters.items())


@pytest.mark.parametrize("threads", [2, 3])
def test_the_number_of_threads_changes_no_bit(threads):
    assert_same_bits(trained(threads=1).network, trained(threads=threads).network)


def test_validation_changes_no_bit():
    assert_same_bits(trained().network, trained(validation=dataset(21, seed=9)).network)


def test_a_run_in_another_thread_gives_the_same_bits():
    results = []
    thread = threading.Thread(target=lambda: results.append(trained()))
    thread.start()
    thread.join()
    assert_same_bits(results[0].network, trained().network)


def test_using_the_network_between_steps_changes_no_bit():
    one, images = trainer(), dataset(5).images
    for _ in one.run(steps=9):
        one.network.predict(images)
        one.network.activations(images)
        one.network.loss_and_gradients(images, np.zeros(5, int))
        one.network.copy()
    assert_same_bits(one.network, trained().network)


def test_steps_epochs_and_the_rest_of_an_epoch_may_be_mixed():
    one = trainer()
    one.plan(epochs=3)
    counts = [sum(1 for _ in one.run(**until)) for until in ({"steps": 1}, {"steps": 2}, {}, {"epochs": 2})]
    assert counts == [1, 2, 1, 8]
    assert_same_bits(one.network, trained(steps=12).network)


def test_epochs_begun_in_the_middle_end_at_an_epochs_end():
    one = trained(steps=2)
    assert [p.step for p in one.run(epochs=2)] == list(range(3, 9))


def test_a_run_that_is_left_and_a_new_one_give_the_same_bits_as_one():
    one = trainer()
    for progress in one.run(epochs=2):
        if progress.step == 3:
            break
    for _ in one.run(steps=6):
        pass
    assert_same_bits(one.network, trained().network)


OPTIMIZERS = [
    SGD(),
    SGD(momentum=0.0),
    SGD(nesterov=True, weight_decay=0.01),
    RMSprop(momentum=0.5),
    Adam(),
    AdamW(),
]


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda o: o.name)
@pytest.mark.parametrize("at", [0, 1, 4, 6])
def test_a_run_taken_up_again_gives_the_bits_of_one_that_went_on(optimizer, at):
    settings = {"optimizer": optimizer, "schedule": Cosine(warmup_steps=2), "clip_norm": 0.5}
    whole = trainer(**settings)
    whole.plan(epochs=3)
    first = trainer(**settings)
    first.plan(epochs=3)
    for _ in first.run(steps=at):
        pass
    network, state = first.network.copy(), first.state()
    for _ in first.run(steps=2):  # what comes later must not reach into the state
        pass
    again = Trainer.resume(network, state, train=dataset(50), batch_size=16, seed=3, **settings)
    losses = [[p.loss for p in t.run(steps=n)] for t, n in ((whole, 10), (again, 10 - at))]
    assert losses[0][at:] == losses[1]
    assert_same_bits(whole.network, again.network)
    for slot, values in whole.state().slots.items():
        assert_same_bits(values, again.state().slots[slot])


def test_a_learning_rate_set_while_running_holds_from_the_next_step_and_is_in_the_state():
    one, rates = trainer(), []
    for progress in one.run(steps=3):
        rates.append(progress.learning_rate)
        one.learning_rate = 0.01
    assert rates == [0.05, 0.01, 0.01]
    again = Trainer.resume(one.network, one.state(), train=dataset(50), batch_size=16, seed=3)
    assert again.learning_rate == 0.01
    assert next(again.run(steps=1)).learning_rate == 0.01


# Stopping


class Gate:
    """Lets a test act while a batch is half done."""

    entered, open = threading.Event(), threading.Event()


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


# What cannot be


@pytest.mark.parametrize("optimizer", [SGD(learning_rate=100.0), SGD(learning_rate=100.0, momentum=0.99)])
def test_divergence_is_an_error_that_keeps_the_last_good_network(optimizer):
    deep = Network.initialize(
        Architecture((8, 8, 1), (Flatten(), *(Dense(units=20) for _ in range(6)), Dense(units=3)))
    )
    one = trainer(deep, optimizer=optimizer, batch_size=50)
    good = bits(one.network)
    before = set(threading.enumerate())
    with pytest.raises(DivergenceError, match=r"at step \d+: training has diverged; .*learning rate below"):
        for _ in one.run(steps=200):
            good = bits(one.network)
    assert_same_bits(one.network, good)
    assert all(np.isfinite(v).all() for v in good.values())
    assert all(np.isfinite(v).all() for s in one.state().slots.values() for v in s.values())
    assert set(threading.enumerate()) == before


def test_data_that_do_not_fit_are_refused_before_anything_runs():
    network = Network.initialize(ARCHITECTURE)
    large = Dataset(np.zeros((4, 9, 8, 1), np.uint8), np.zeros(4, int), ("a", "b"))
    with pytest.raises(DatasetError, match="the images are 9x8x1, the network takes 8x8x1; choose another"):
        Trainer(network, train=large)
    with pytest.raises(DatasetError, match="the images are 9x8x1"):
        Trainer(network, train=dataset(5), validation=large)
    many = Dataset(np.zeros((4, 8, 8, 1), np.uint8), np.zeros(4, int), ("a", "b", "c", "d"))
    with pytest.raises(DatasetError, match="has 4 classes, the network gives 3 scores"):
        Trainer(network, train=many)
    with pytest.raises(DatasetError, match="no images to train on"):
        Trainer(network, train=dataset(0))


def test_fewer_classes_than_scores_are_fine():
    one = trainer(train=dataset(20, classes=2), batch_size=64)
    assert len(list(one.run(epochs=1))) == 1


@pytest.mark.parametrize("batch_size", [0, -1, 8193, 2.5, True])
def test_a_batch_size_that_cannot_be_is_refused(batch_size):
    with pytest.raises(ValueError, match=r"batch_size is .*; use a number from 1 to 8192"):
        trainer(batch_size=batch_size)


# Settings


def test_settings_go_through_json():
    settings = TrainingSettings(
        optimizer=SGD(nesterov=True), schedule=OneCycle(rise=0.2), clip_norm=2.0, epochs=4, seed=7
    )
    assert TrainingSettings.from_json(json.loads(json.dumps(settings.to_json()))) == settings
    assert TrainingSettings.from_json(TrainingSettings().to_json()) == TrainingSettings()


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"batch_size": 0}, "batch_size is 0"),
        ({"epochs": 0}, "epochs is 0"),
        ({"epochs": "many"}, "epochs is 'many'"),
        ({"seed": -1}, "seed is -1"),
        ({"label_smoothing": 1.0}, "label_smoothing is 1.0"),
        ({"clip_norm": 0}, "clip_norm is 0"),
        ({"clip_norm": float("nan")}, "clip_norm is nan"),
        ({"optimizer": None}, "not training settings"),
        ({"optimizer": {"type": "SGD", "nesterov": 3}}, "nesterov is 3"),
        ({"schedule": {"type": "Cosine", "last": 2}}, "last is 2"),
        ({"schedule": []}, "not training settings"),
        ({"speed": 1}, "not training settings.*speed"),
    ],
)
def test_foreign_settings_are_refused(change, text):
    with pytest.raises(ValueError, match=text):
        TrainingSettings.from_json({**TrainingSettings().to_json(), **change})


@pytest.mark.parametrize("value", [None, [], 3, "settings", {}])
def test_what_is_no_settings_at_all_is_refused(value):
    with pytest.raises(ValueError, match="not training settings"):
        TrainingSettings.from_json(value)
