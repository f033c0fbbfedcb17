"""Networks: initial numbers, inference, what an edit keeps, and errors on wrong images and labels."""

import numpy as np
import plain_network
import pytest

from cnn_core import (
    Architecture,
    ArchitectureError,
    BatchNorm,
    Conv2D,
    Dataset,
    DatasetError,
    Dense,
    Dropout,
    Flatten,
    MaxPool2D,
    Network,
    ReLU,
    Softmax,
    Tanh,
    presets,
)
from cnn_core.layers import Context

ARCHITECTURE = Architecture(
    (10, 9, 2),
    (
        *(Conv2D(filters=3), BatchNorm(), ReLU(), MaxPool2D(), Dropout(rate=0.3)),
        *(Flatten(), Dense(units=4), Softmax()),
    ),
)


@pytest.fixture
def network():
    return plain_network.random_network(ARCHITECTURE, seed=6)


@pytest.fixture
def images():
    return plain_network.images_and_labels(ARCHITECTURE, 7)[0]


def same(one, other):
    """Whether two mappings hold equal arrays."""
    return set(one) == set(other) and all((one[k] == other[k]).all() for k in one)


# Initial numbers


def test_the_same_seed_gives_the_same_numbers_and_another_others():
    one, two, three = (Network.initialize(ARCHITECTURE, seed) for seed in (1, 1, 2))
    assert same(one.parameters, two.parameters)
    assert not same(one.parameters, three.parameters)
    assert {v.dtype for v in (*one.parameters.values(), *one.buffers.values())} == {np.dtype(np.float32)}


def test_names_are_layer_index_and_parameter():
    network = Network.initialize(ARCHITECTURE)
    assert set(network.parameters) == {"0.weight", "0.bias", "1.gamma", "1.beta", "6.weight", "6.bias"}
    assert set(network.buffers) == {"1.running_mean", "1.running_var"}


def test_a_layers_numbers_depend_on_no_other_layer():
    other = ARCHITECTURE.replaced(0, Conv2D(filters=3, padding="same")).replaced(3, MaxPool2D(padding=1))
    one, two = Network.initialize(ARCHITECTURE), Network.initialize(other)
    np.testing.assert_array_equal(one.parameters["0.weight"], two.parameters["0.weight"])
    assert not np.array_equal(
        one.parameters["6.weight"][: 3 * 4], Network.initialize(ARCHITECTURE, 1).parameters["6.weight"][:12]
    )


def test_an_architecture_with_an_error_makes_no_network():
    with pytest.raises(ArchitectureError, match=r"layer 5 \(Dense\): needs a vector"):
        Network.initialize(ARCHITECTURE.removed(5))


# Inference


def test_probabilities_are_the_softmax_of_the_logits(network, images):
    probabilities = network.predict(images)
    assert probabilities.shape == (7, 4)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    without = Network(ARCHITECTURE.removed(7), network.parameters, network.buffers)
    np.testing.assert_array_equal(without.predict(images), probabilities)
    np.testing.assert_array_equal(without.logits(images), network.logits(images))


def test_activations_are_one_array_a_layer_ending_in_the_probabilities(network, images):
    found = network.activations(images)
    assert [a.shape[1:] for a in found] == [r.output_shape for r in ARCHITECTURE.check()]
    np.testing.assert_allclose(found[-1], network.predict(images), rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(found[4], found[3])  # dropout drops nothing here
    np.testing.assert_allclose(found[2], np.maximum(found[1], 0))


@pytest.mark.parametrize("name", presets.names())
def test_no_activation_is_written_over_by_a_later_layer(name):
    network = plain_network.random_network(presets.load(name), 2)
    images, _ = plain_network.images_and_labels(network.architecture, 2)
    x = images / np.float32(255)
    found = network.activations(images)
    for i, layer in enumerate(network.architecture.layers):
        values = {**network.parameters, **network.buffers}
        mine = {k.partition(".")[2]: v for k, v in values.items() if k.partition(".")[0] == str(i)}
        x, _ = layer.forward(x, mine, Context())
        np.testing.assert_allclose(found[i], x, rtol=1e-5, atol=1e-5)
        x = x.copy()


def test_uint8_images_count_as_values_from_0_to_1(network, images):
    scaled = images.astype(np.float32) / 255
    np.testing.assert_allclose(network.predict(scaled), network.predict(images), rtol=1e-4, atol=1e-6)
    doubles = network.predict(scaled.astype(np.float64))
    np.testing.assert_allclose(doubles, network.predict(images), rtol=1e-4, atol=1e-6)


def test_images_of_any_memory_order_give_the_same(network, images):
    other = np.ascontiguousarray(images.transpose(3, 0, 1, 2)).transpose(1, 2, 3, 0)
    np.testing.assert_array_equal(network.predict(other), network.predict(images))
    np.testing.assert_array_equal(network.predict(images[::-1]), network.predict(images[::-1].copy()))
    labels = np.zeros(len(images), int)
    one, two = (network.loss_and_gradients(each, labels) for each in (other, images))
    assert one[0] == two[0]
    assert same(one[1], two[1])


def test_read_only_images_work(network, images):
    images.flags.writeable = False
    network.predict(images)
    network.activations(images)
    network.loss_and_gradients(images, np.zeros(7, int))
    floats = images / np.float32(255)
    floats.flags.writeable = False
    network.predict(floats)
    network.activations(floats)
    network.loss_and_gradients(floats, np.zeros(7, int))


def test_evaluation_agrees_with_prediction(network):
    images, labels = plain_network.images_and_labels(ARCHITECTURE, 300)
    found = network.evaluate(Dataset(images, labels, ("a", "b", "c", "d")))
    probabilities = network.predict(images)
    assert found.count == 300
    assert found.accuracy == (probabilities.argmax(axis=1) == labels).mean()
    assert found.loss == pytest.approx(-np.log(probabilities[np.arange(300), labels]).mean(), rel=1e-4)


# Gradients


def test_loss_and_gradients_leave_the_network_alone(network, images):
    before = network.copy()
    network.loss_and_gradients(images, np.zeros(7, int))
    assert same(before.parameters, network.parameters)
    assert same(before.buffers, network.buffers)


def test_gradients_belong_to_the_caller(network, images):
    _, first = network.loss_and_gradients(images, np.zeros(7, int))
    kept = {k: g.copy() for k, g in first.items()}
    network.loss_and_gradients(images[::-1], np.ones(7, int))
    assert same(first, kept)


def test_a_step_against_the_gradient_lowers_the_loss(network, images):
    labels = np.arange(7) % 4
    loss, gradients = network.loss_and_gradients(images, labels, seed=3)
    for name, gradient in gradients.items():
        network.parameters[name] -= np.float32(0.01) * gradient
    assert network.loss_and_gradients(images, labels, seed=3)[0] < loss


# Copies and edits


def test_a_copy_shares_no_memory(network):
    copy = network.copy()
    copy.parameters["0.weight"][...] = 0
    copy.buffers["1.running_mean"][...] = 9
    assert network.parameters["0.weight"].any()
    assert not (network.buffers["1.running_mean"] == 9).all()


def kept(network, architecture):
    """Return which numbers of the adapted network are those of `network`, as new name -> old name."""
    adapted = network.adapted_to(architecture, seed=99)
    mine = {**network.parameters, **network.buffers}
    found = {}
    for name, value in {**adapted.parameters, **adapted.buffers}.items():
        for old, theirs in mine.items():
            if old.partition(".")[2] == name.partition(".")[2] and np.array_equal(theirs, value):
                assert not np.shares_memory(theirs, value)
                found[name] = old
    return found


EVERYTHING = {*Network.initialize(ARCHITECTURE).parameters, *Network.initialize(ARCHITECTURE).buffers}


def test_the_same_architecture_keeps_everything(network):
    assert kept(network, ARCHITECTURE) == {name: name for name in EVERYTHING}


def test_layers_without_numbers_come_and_go_and_everything_is_kept(network):
    edited = ARCHITECTURE.removed(4).replaced(2, Tanh()).inserted(0, Dropout())
    new = {"0": "1", "1": "2", "6": "6"}
    assert kept(network, edited) == {
        f"{new[n.partition('.')[0]]}.{n.partition('.')[2]}": n for n in EVERYTHING
    }


def test_a_changed_layer_and_those_whose_shape_it_changes_start_anew(network):
    # Three filters became five: the batch normalisation and the dense layer have other shapes too.
    assert kept(network, ARCHITECTURE.replaced(0, Conv2D(filters=5))) == {}
    wider = kept(network, ARCHITECTURE.replaced(6, Dense(units=8)))
    assert set(wider) == {n for n in EVERYTHING if not n.startswith("6.")}


def test_what_is_new_starts_as_a_new_network_does(network):
    edited = ARCHITECTURE.replaced(6, Dense(units=8))
    fresh = Network.initialize(edited, seed=5)
    adapted = network.adapted_to(edited, seed=5)
    np.testing.assert_array_equal(adapted.parameters["6.weight"], fresh.parameters["6.weight"])


def test_another_number_of_input_channels_starts_the_first_layer_anew(network):
    edited = Architecture((10, 9, 1), ARCHITECTURE.layers)
    assert set(kept(network, edited)) >= {"1.gamma", "6.weight"}
    assert "0.weight" not in kept(network, edited)


def test_layers_with_numbers_are_kept_before_layers_without():
    old = Architecture(
        (8, 8, 1), (Conv2D(filters=4, padding="same"), ReLU(), MaxPool2D(), Flatten(), Dense(units=3))
    )
    network = plain_network.random_network(old)
    assert "2.weight" in kept(network, old.moved(0, 2))


# Errors


@pytest.mark.parametrize(
    "shape", [(10, 9, 2), (0, 10, 9, 2), (3, 9, 10, 2), (3, 10, 9, 1), (3, 10, 9), (), (1, 3, 10, 9, 2)]
)
def test_images_of_another_shape_are_refused(network, shape):
    for method in (network.predict, network.activations, network.logits):
        with pytest.raises(DatasetError, match=r"images have shape .*; the network takes \(N, 10, 9, 2\)"):
            method(np.zeros(shape, np.uint8))


@pytest.mark.parametrize("kind", ["int64", "uint16", "int8", "bool", "complex64", "object"])
def test_images_that_are_neither_bytes_nor_fractions_are_refused(kind, network, images):
    labels = np.zeros(len(images), int)
    for method in (network.predict, network.activations, lambda x: network.loss_and_gradients(x, labels)):
        with pytest.raises(DatasetError, match=f"images are {kind}; use uint8 from 0 to 255, or float32"):
            method(images.astype(kind))


@pytest.mark.parametrize(
    "labels",
    [[0, 1], [0] * 8, [[0]] * 7, [0, 1, 2, 3, 4, 0, 0], [-1, 0, 0, 0, 0, 0, 0], [], 0, [0.5] * 7],
    ids=str,
)
def test_labels_that_do_not_fit_are_refused(network, images, labels):
    with pytest.raises(DatasetError, match="labels must be 7 class numbers from 0 to 3"):
        network.loss_and_gradients(images, labels)


def test_a_data_set_that_does_not_fit_is_refused(network):
    with pytest.raises(DatasetError, match="the images are 28x28x1, the network takes 10x9x2"):
        network.evaluate(Dataset(np.zeros((2, 28, 28, 1), np.uint8), np.zeros(2, int), ("a",)))
    with pytest.raises(DatasetError, match="has 5 classes, the network gives 4 scores"):
        network.evaluate(Dataset(np.zeros((2, 10, 9, 2), np.uint8), np.zeros(2, int), tuple("abcde")))
