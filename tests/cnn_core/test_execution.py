"""The same bits for any number of processes and threads, and the numbers of one layer after the other."""

import threading
import tracemalloc

import numpy as np
import plain_network
import pytest
from hypothesis import given
from hypothesis import strategies as st
from some_architectures import NETWORKS
from some_team import gather

from cnn_core import (
    Architecture,
    Augmentation,
    BatchNorm,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePooling2D,
    MaxPool2D,
    ReLU,
    presets,
)
from cnn_core.classifier import Classifier
from cnn_core.execution import WORTH_THREADS, Executor, blocks
from cnn_core.plan import plan, shards

BATCHES = (1, 2, 3, 7, 33, 130)  # the last one of several shards a process


def architectures():
    yield from ((name, presets.load(name)) for name in presets.names())
    yield from ((name, Architecture(*parts)) for name, parts in NETWORKS.items())


def with_dropout():
    return Architecture(
        (10, 10, 1),
        (
            *(Dropout(rate=0.1), Conv2D(filters=4), ReLU(), Dropout(rate=0.3), MaxPool2D()),
            *(Flatten(), Dropout(rate=0.5), Dense(units=5)),
        ),
    )


def batch_result(network, images, labels, threads, **arguments):
    with Executor(network.architecture, threads) as executor:
        return result_of(executor, network, images, labels, **arguments)


def result_of(executor, network, images, labels, **arguments):
    result = executor.loss_and_gradients(network.parameters, network.buffers, images, labels, **arguments)
    return result.loss, result.correct, result.gradients, result.buffers


def same_bits(one, other):
    """Assert that two results of `batch_result` are equal to the bit."""
    assert one[:2] == other[:2]
    for mine, theirs in zip(one[2:], other[2:], strict=True):
        assert set(mine) == set(theirs)
        for name in mine:
            np.testing.assert_array_equal(mine[name], theirs[name], err_msg=name)


def needs_more(architecture, count):
    """Whether batch normalisation of a vector needs more images."""
    return count == 1 and any(isinstance(layer, BatchNorm) for layer in architecture.layers)


@pytest.fixture(params=[a for _, a in architectures()], ids=[name for name, _ in architectures()])
def network(request):
    return plain_network.random_network(request.param, seed=1)


@pytest.mark.parametrize("processes", [2, 3])
def test_same_bits_for_any_number_of_processes(network, processes):
    with Executor(network.architecture, 1) as alone, Executor(network.architecture, processes) as together:
        gather(together)
        for count in BATCHES:
            if needs_more(network.architecture, count):
                continue
            data = plain_network.images_and_labels(network.architecture, count)
            same_bits(result_of(alone, network, *data), result_of(together, network, *data))
            values = {**network.parameters, **network.buffers}
            np.testing.assert_array_equal(alone.logits(values, data[0]), together.logits(values, data[0]))
        assert together.processes == processes


@pytest.mark.parametrize("count", BATCHES)
def test_same_scores_to_the_bit_for_any_number_of_threads(network, count):
    images, _ = plain_network.images_and_labels(network.architecture, count)
    for threads in (2, 3):
        np.testing.assert_array_equal(network.logits(images, 1), network.logits(images, threads))


@pytest.mark.parametrize("count", [1, 2, 133, 600])
def test_images_are_classified_in_the_same_parts_by_any_number_of_threads(count, monkeypatch):
    network = plain_network.random_network(presets.load("tiny"))
    images, _ = plain_network.images_and_labels(network.architecture, count)
    scores, parts = Classifier.scores, []

    def noted(self, values, images, rows):
        parts.extend((len(images), part.start, part.stop) for part in rows)
        return scores(self, values, images, rows)

    monkeypatch.setattr(Classifier, "scores", noted)
    found = []
    for threads in (1, 2, 5):
        parts.clear()
        network.logits(images, threads)
        found.append(sorted(parts))
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("count", [3, 33])
def test_loss_gradients_and_buffers_equal_those_of_one_layer_after_the_other(network, count):
    images, labels = plain_network.images_and_labels(network.architecture, count)
    loss, gradients, buffers = plain_network.loss_and_gradients(network, images, labels, 0.1)
    found = batch_result(network, images, labels, 2, label_smoothing=0.1)
    assert found[0] == pytest.approx(loss, rel=2e-5, abs=1e-6)
    for mine, expected in ((found[2], gradients), (found[3], buffers)):
        assert set(mine) == set(expected)
        for name, value in expected.items():
            assert mine[name].dtype == np.float32
            # float32, and batch normalisation of three images makes small differences large
            scale = max(np.abs(value).max(), 1e-2)
            np.testing.assert_allclose(mine[name], value, rtol=0, atol=2e-3 * scale, err_msg=name)


def test_gradients_of_a_dense_layer_are_those_of_all_chunks_of_a_shard():
    layers = (Conv2D(filters=16, padding="same"), GlobalAveragePooling2D(), Dense(units=3))
    network = plain_network.random_network(Architecture((96, 96, 1), layers))
    (segment,) = plan(network.architecture, training=True)
    assert all(part.stop - part.start > segment.images for part in shards([segment], 64))
    images, labels = plain_network.images_and_labels(network.architecture, 64)
    _, expected, _ = plain_network.loss_and_gradients(network, images, labels, 0.0)
    _, _, found, _ = batch_result(network, images, labels, 1)
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=0, atol=2e-3 * np.abs(value).max(), err_msg=name)


@pytest.mark.parametrize("count", [1, 5])
def test_logits_equal_those_of_one_layer_after_the_other(network, count):
    images, _ = plain_network.images_and_labels(network.architecture, count)
    expected = plain_network.logits(network, images)
    np.testing.assert_allclose(network.logits(images), expected, rtol=1e-4, atol=1e-4)


def test_many_images_are_classified_in_parts():
    network = plain_network.random_network(presets.load("tiny"))
    images, _ = plain_network.images_and_labels(network.architecture, 600)
    expected = plain_network.logits(network, images)
    np.testing.assert_allclose(network.logits(images), expected, rtol=1e-4, atol=1e-4)


def test_an_executor_used_again_gives_the_bits_of_a_new_one(network):
    batches = [plain_network.images_and_labels(network.architecture, n, seed=n) for n in (33, 7, 64, 2, 33)]
    with Executor(network.architecture, 2) as executor:
        for images, labels in batches:
            again = executor.loss_and_gradients(network.parameters, network.buffers, images, labels)
            logits = executor.logits({**network.parameters, **network.buffers}, images)
            same_bits(
                (again.loss, again.correct, again.gradients, again.buffers),
                batch_result(network, images, labels, 1),
            )
            np.testing.assert_array_equal(logits, network.logits(images, 1))


def test_images_and_parameters_are_left_alone(network):
    images, labels = plain_network.images_and_labels(network.architecture, 9)
    values = {**network.parameters, **network.buffers}
    before = {name: value.copy() for name, value in values.items()}
    for kind in (np.uint8, np.float32):
        given = (images / 255).astype(kind) if kind == np.float32 else images.copy()
        copy = given.copy()
        batch_result(network, given, labels, 2)
        network.predict(given)
        network.activations(given)
        np.testing.assert_array_equal(given, copy)
    for name, value in before.items():
        np.testing.assert_array_equal(values[name], value)


def test_dropout_drops_the_same_for_any_number_of_processes_and_other_for_another_seed():
    network = plain_network.random_network(with_dropout())
    images, labels = plain_network.images_and_labels(network.architecture, 33)
    alone = batch_result(network, images, labels, 1, seed=(4, 5))
    with Executor(network.architecture, 2) as executor:
        gather(executor)
        same_bits(alone, result_of(executor, network, images, labels, seed=(4, 5)))
    assert alone[0] != batch_result(network, images, labels, 1, seed=(4, 6))[0]


def test_two_networks_in_two_threads_give_the_same_as_alone():
    networks = [plain_network.random_network(presets.load(n), 2) for n in ("sample-batchnorm", "lenet5")]
    data = [plain_network.images_and_labels(n.architecture, 33) for n in networks]
    alone = [batch_result(n, *d, 2) for n, d in zip(networks, data, strict=True)]
    together: list = [None, None]
    begin = threading.Barrier(2)

    def run(i):
        begin.wait()
        together[i] = [batch_result(networks[i], *data[i], 2) for _ in range(5)]

    threads = [threading.Thread(target=run, args=(i,)) for i in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for expected, found in zip(alone, together, strict=True):
        for each in found:
            same_bits(expected, each)


@pytest.mark.parametrize("name", ["sample-batchnorm", "lenet5"])
def test_memory_does_not_grow_from_step_to_step(name):
    network = plain_network.random_network(presets.load(name))
    batches = [plain_network.images_and_labels(network.architecture, n) for n in (48, 17)]
    with Executor(network.architecture, 2) as executor:
        gather(executor)

        def steps(count):
            for _ in range(count):
                for images, labels in batches:
                    executor.loss_and_gradients(network.parameters, network.buffers, images, labels)
                    executor.logits({**network.parameters, **network.buffers}, images)

        steps(4)  # both threads have met all their tasks
        tracemalloc.start()
        try:
            steps(2)
            before = tracemalloc.get_traced_memory()[0]
            steps(10)
            grown = tracemalloc.get_traced_memory()[0] - before
        finally:
            tracemalloc.stop()
    assert grown < 200_000  # bytes; one chunk's activations are more


def test_threads_end_with_the_executor():
    before = set(threading.enumerate())
    network = plain_network.random_network(presets.load("tiny"))
    images, labels = plain_network.images_and_labels(network.architecture, 33)
    with Executor(network.architecture, 3) as executor:
        executor.loss_and_gradients(network.parameters, network.buffers, images, labels)
        assert len(set(threading.enumerate()) - before) <= 2
    assert set(threading.enumerate()) == before


def test_an_error_in_a_task_arrives_and_the_threads_end():
    before = set(threading.enumerate())
    network = plain_network.random_network(presets.load("tiny"))
    images, labels = plain_network.images_and_labels(network.architecture, 33)
    del network.parameters["0.weight"]
    with pytest.raises(KeyError), Executor(network.architecture, 3) as executor:
        executor.loss_and_gradients(network.parameters, network.buffers, images, labels)
    assert set(threading.enumerate()) == before


def test_batch_norm_of_one_vector_says_what_it_needs():
    network = plain_network.random_network(presets.load("sample-batchnorm"))
    images, labels = plain_network.images_and_labels(network.architecture, 1)
    with pytest.raises(ValueError, match=r"BatchNorm needs at least two values .* batch size of 2 or more"):
        batch_result(network, images, labels, 2)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("groups", [1, 4])
def test_batch_norm_folded_into_the_weights_before_it_gives_the_same_scores(bias, groups):
    architecture = Architecture(
        (9, 9, 4),
        (
            *(Conv2D(filters=8, groups=groups, bias=bias), BatchNorm(), ReLU(), MaxPool2D()),
            *(BatchNorm(), Flatten(), Dense(units=6, bias=bias), BatchNorm()),
        ),
    )
    network = plain_network.random_network(architecture, 3)
    images = np.random.default_rng(4).random((5, 9, 9, 4), dtype=np.float32)
    before = {name: value.copy() for name, value in network.parameters.items()}
    np.testing.assert_allclose(
        network.logits(images), plain_network.logits(network, images), rtol=1e-4, atol=1e-4
    )
    assert all(np.array_equal(value, before[name]) for name, value in network.parameters.items())


@given(st.lists(st.integers(0, 20), max_size=6), st.integers(1, 15))
def test_blocks_hold_every_number_once_and_no_block_too_many(sizes, most):
    cut = blocks({str(i): size for i, size in enumerate(sizes)}, most)
    numbers = [(name, k) for name, block in cut for k in range(block.start, block.stop)]
    assert numbers == [(str(i), k) for i, size in enumerate(sizes) for k in range(size)]
    assert all(block.stop - block.start <= most for _, block in cut)


def test_no_two_blocks_of_a_batch_are_changed_by_the_same_random_numbers(monkeypatch):
    """The last shard may have fewer blocks than the others."""
    drawn = []

    def apply(self, images, random):
        drawn.append((len(images), random.random()))
        return images

    monkeypatch.setattr(Augmentation, "apply", apply)
    network = plain_network.random_network(presets.load("tiny"))
    for count in (*range(1, 70), 100, 127, 128, 129, 130):
        drawn.clear()
        batch_result(
            network,
            *plain_network.images_and_labels(network.architecture, count),
            1,
            augmentation=Augmentation(rotation=1),
        )
        assert sum(images for images, _ in drawn) == count
        assert len({number for _, number in drawn}) == len(drawn), count


def test_many_small_arrays_are_worked_on_by_this_thread():
    workers = set()
    with Executor(presets.load("tiny"), 2) as executor:
        executor.each_block(
            {str(i): np.zeros(10, np.float32) for i in range(100)},
            lambda name, block: workers.add(threading.current_thread()),
        )
    assert workers == {threading.current_thread()}


@pytest.mark.parametrize("size", [1000, WORTH_THREADS + 10])
def test_every_block_of_every_array_is_worked_on_once(size):
    """Few numbers by this thread, many by several."""
    arrays = {"a": np.zeros((size // 10, 10), np.float32), "b": np.zeros(3, np.float32)}
    workers, together = set(), threading.Barrier(1 if size == 1000 else 2)

    def work(name, block):
        if threading.current_thread() not in workers:
            workers.add(threading.current_thread())
            together.wait(timeout=60)
        arrays[name].reshape(-1)[block] += 1

    with Executor(presets.load("tiny"), 2) as executor:
        executor.each_block(arrays, work)
    assert all((array == 1).all() for array in arrays.values())
    assert len(workers) == (1 if size == 1000 else 2)
