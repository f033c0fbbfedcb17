"""The trainer: what it reports, how it stops and goes on, and the same bits in any way of doing so."""

import re
import threading
from dataclasses import replace

import numpy as np
import pytest
from some_training import ARCHITECTURE, assert_same_bits, bits, dataset, trained, trainer

from cnn_core import (
    SGD,
    Adam,
    AdamW,
    Architecture,
    Augmentation,
    BatchNorm,
    Constant,
    Cosine,
    Dataset,
    DatasetError,
    Dense,
    DivergenceError,
    Flatten,
    Network,
    OneCycle,
    ReLU,
    RMSprop,
    Softmax,
    Trainer,
    TrainingSettings,
    checkpoint,
    team,
)

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


@pytest.mark.parametrize("optimizer", [Adam(), AdamW(weight_decay=0.3)], ids=lambda o: o.name)
def test_ten_steps_are_those_of_a_plain_loop_that_counts_from_one(optimizer):
    data = dataset(16)  # one batch, so that each step is on all images
    network = Network.initialize(Architecture((8, 8, 1), (Flatten(), Dense(units=3))), seed=4)
    one = trainer(network, train=data, optimizer=optimizer)
    for _ in one.run(steps=10):
        pass
    slots = optimizer.slots(network.parameters)
    for t in range(1, 11):
        _, gradients = network.loss_and_gradients(data.images, data.labels)
        for name, p in network.parameters.items():
            own = {slot: values[name] for slot, values in slots.items()}
            optimizer.update(p, gradients[name], own, t, optimizer.learning_rate, np.empty_like(p))
    for name, p in network.parameters.items():
        np.testing.assert_allclose(one.network.parameters[name], p, rtol=1e-4, atol=1e-6)


# The same bits


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


@pytest.mark.parametrize("optimizer", [Adam(), AdamW()], ids=lambda o: o.name)
def test_an_optimizer_whose_memory_begins_late_moves_as_at_the_first_step(optimizer):
    plain = Network.initialize(
        Architecture((8, 8, 1), (Flatten(), Dense(units=3)))
    )  # nothing is drawn for it
    settings = {"train": dataset(50), "batch_size": 50, "optimizer": optimizer}
    state = trainer(plain, **settings).state()
    late = Trainer.resume(plain, replace(state, step=5000, began=5000), **settings)
    assert [p.step for p in late.run(steps=5)][-1] == 5005
    assert late.state().began == 5000
    early = trained(5, network=plain, **settings)
    for name, values in early.network.parameters.items():
        np.testing.assert_allclose(late.network.parameters[name], values, rtol=1e-3, atol=1e-5)


def test_a_learning_rate_set_while_running_holds_from_the_next_step_and_is_in_the_state():
    one, rates = trainer(), []
    for progress in one.run(steps=3):
        rates.append(progress.learning_rate)
        one.learning_rate = 0.01
    assert rates == [0.05, 0.01, 0.01]
    again = Trainer.resume(one.network, one.state(), train=dataset(50), batch_size=16, seed=3)
    assert again.learning_rate == 0.01
    assert next(again.run(steps=1)).learning_rate == 0.01


# What cannot be


@pytest.mark.parametrize(
    ("hidden", "optimizer"),
    [
        (6, SGD(learning_rate=100.0)),
        (6, SGD(learning_rate=100.0, momentum=0.99)),
        (0, SGD(learning_rate=100.0, weight_decay=10.0)),
        (0, AdamW(learning_rate=100.0, weight_decay=10.0)),
    ],
)
def test_divergence_is_an_error_that_keeps_the_last_good_network(hidden, optimizer, tmp_path):
    deep = Network.initialize(
        Architecture((8, 8, 1), (Flatten(), *(Dense(units=20) for _ in range(hidden)), Dense(units=3)))
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
    settings = TrainingSettings(optimizer=optimizer)
    kept = checkpoint.Checkpoint(network=one.network, settings=settings, training=one.state())
    checkpoint.save(tmp_path / "kept.cnn", kept)
    assert_same_bits(checkpoint.load(tmp_path / "kept.cnn").network, good)


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


@pytest.mark.parametrize(
    ("name", "value", "use"),
    [
        *(("batch_size", value, "a whole number from 1 to 8,192") for value in (0, -1, 8193, 2.5, True)),
        *(("clip_norm", value, "a number from 1e-06 to 1e+06") for value in (-1.0, 0, float("nan"))),
        *(("label_smoothing", value, "a number from 0 to 0.9") for value in (-1, 3.0)),
        *(("seed", value, "a whole number from 0 to 4,294,967,295") for value in (-1, 1.5)),
    ],
)
def test_a_number_that_cannot_be_is_refused_as_by_the_settings(name, value, use):
    for make in (trainer, TrainingSettings):
        with pytest.raises(ValueError, match=re.escape(f"{name} is {value}; use {use}")):
            make(**{name: value})


def test_an_empty_validation_set_is_refused_before_anything_runs():
    with pytest.raises(DatasetError, match="no images to validate on"):
        trainer(validation=dataset(5).subset([]))


def test_one_image_left_over_is_refused_where_it_would_have_no_variance():
    layers = (Flatten(), Dense(units=4), BatchNorm(), ReLU(), Dense(units=3), Softmax())
    network = Network.initialize(Architecture((8, 8, 1), layers))
    with pytest.raises(DatasetError, match=r"layer 2 \(BatchNorm\).*33 images.*use a batch size of 17"):
        trainer(network, train=dataset(33), batch_size=16)
    assert len(list(trainer(network, train=dataset(33), batch_size=17).run(epochs=1))) == 2


@pytest.mark.parametrize(
    ("images", "batch_size", "advice"),
    [(13, 1, "a batch size of 5"), (61, 2, "a batch size of 7"), (1, 8, "more images")],
)
def test_a_batch_size_that_leaves_no_image_alone_is_found(images, batch_size, advice):
    layers = (Flatten(), Dense(units=4), BatchNorm(), Dense(units=3))
    network = Network.initialize(Architecture((8, 8, 1), layers))
    with pytest.raises(DatasetError, match=f"use {advice}$"):
        trainer(network, train=dataset(images), batch_size=batch_size)


def test_no_epochs_are_no_steps():
    assert list(trainer().run(epochs=0)) == []


AUGMENTATION = Augmentation(rotation=10, shift=1, noise=0.1)


def test_a_run_that_others_join_gives_the_same_bits_as_one_that_stays_alone(monkeypatch):
    monkeypatch.setattr(team, "ALONE_AT_FIRST", 0.0)
    arguments = {"train": dataset(150), "batch_size": 70, "augmentation": AUGMENTATION}
    together = trainer(threads=3, **arguments)
    steps = together.run(epochs=100_000)
    while next(steps).processes == 1:
        pass
    for _ in range(4):
        next(steps)
    steps.close()
    assert_same_bits(together.network, trained(together.step, threads=1, **arguments).network)


def test_augmentation_changes_what_is_learned_and_not_the_data():
    data = dataset(50)
    before = data.images.copy()
    changed = bits(trained(4, train=data, augmentation=AUGMENTATION).network)
    plain = bits(trained(4, train=data).network)
    assert any((changed[name] != plain[name]).any() for name in plain)
    np.testing.assert_array_equal(data.images, before)
