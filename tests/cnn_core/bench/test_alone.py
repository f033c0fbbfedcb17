"""What layers are seen to do: the arithmetic stays the engine's, the calls are those it makes."""

from math import prod

import numpy as np
import pytest

from cnn_core.architecture import Architecture
from cnn_core.bench.alone import COPY, PRODUCT, Alone, Call, Recorder
from cnn_core.bench.networks import NETWORKS
from cnn_core.bench.observed import Clock, Runner, observed
from cnn_core.bench.profile import layer_costs
from cnn_core.layers import Conv2D, Dense, Flatten, ReLU
from cnn_core.network import Network
from cnn_core.plan import plan
from cnn_core.shard import by_layer

SMALL = Architecture((6, 6, 2), (Conv2D(filters=5), ReLU(), Flatten(), Dense(units=3)))


def losses(architecture, segments):
    generator = np.random.default_rng(0)
    network = Network.initialize(architecture)
    images = generator.random((6, *architecture.input_shape), dtype=np.float32)
    labels = generator.integers(0, architecture.classes, 6)
    runner = Runner(by_layer({**network.parameters, **network.buffers}), images, labels)
    return runner.train(segments)


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_compute_the_same_while_they_are_observed(name):
    architecture = NETWORKS[name]()
    segments = plan(architecture, True)
    expected, gradients = losses(architecture, segments)
    for observer in (Clock(), Recorder()):
        found, observed_gradients = losses(architecture, observed(segments, observer))
        np.testing.assert_array_equal(found, expected)
        for key, gradient in gradients.items():
            np.testing.assert_array_equal(observed_gradients[key], gradient)


def test_all_products_of_a_network_are_seen():
    """What the recorder saw adds up to the multiply-adds that the architecture reports, and those of a bias
    that is one more number of each window."""
    dense, convolution = 4 * 4 * 5 * 3, 4 * 4 * (9 * 2 + 1) * 5
    [found] = layer_costs([(SMALL, 6)], training=False, seconds=0)
    assert sum(cost.operations for cost in found) == 2 * (dense + convolution)
    [found] = layer_costs([(SMALL, 6)], training=True, seconds=0)
    costs = {(cost.index, cost.way): cost for cost in found}
    assert costs[0, "backward"].operations == 2 * convolution  # nobody asks for the gradient by the images
    assert costs[3, "backward"].operations == 2 * 2 * dense
    assert costs[1, "forward"].operations == 0


def test_copies_of_windows_are_seen():
    recorder = Recorder()
    losses(SMALL, observed(plan(SMALL, True), recorder))
    copied = {prod(call.target[0]) for call in recorder.calls[0, "forward"] if call.kind == COPY}
    assert 3 * (4 * 4) * (3 * 3 * 2) in copied  # half of the batch: images, positions, numbers in a window


def test_a_call_runs_alone_with_any_strides():
    transposed = ((4, 3), (4, 16), "<f4")
    product = Call(PRODUCT, ((4, 5), (20, 4), "<f4"), (transposed, ((3, 5), (20, 4), "<f4")))
    turned = Call(COPY, ((3, 3), (12, 4), "<f4"), (((3, 3), (-12, -4), "<f4"),))
    alone = Alone({product, turned})
    assert product.operations == 2 * 4 * 3 * 5
    assert turned.operations == 0
    assert alone.seconds(product) >= 0 and alone.seconds(turned) >= 0
