"""Whatever layers follow each other: what is run gives the numbers of one layer after the other."""

import numpy as np
import plain_network
from hypothesis import given, settings
from hypothesis import strategies as st
from some_architectures import any_architecture

from cnn_core import BatchNorm, MaxPool2D, presets
from cnn_core.execution import Executor
from cnn_core.layers.normalized_convolution import NormalizedConv2D
from cnn_core.layers.pooled_normalization import PooledBatchNorm
from cnn_core.plan import ENOUGH_IMAGES, plan


def run(network, images, labels, threads):
    with Executor(network.architecture, threads) as executor:
        return executor.loss_and_gradients(network.parameters, network.buffers, images, labels)


@settings(max_examples=120, deadline=None, derandomize=True)
@given(any_architecture(), st.integers(2, 9))
def test_any_network_gives_the_numbers_of_one_layer_after_the_other(architecture, count):
    network = plain_network.random_network(architecture, 5)
    images, labels = plain_network.images_and_labels(architecture, count)
    _, gradients, _ = plain_network.loss_and_gradients(network, images, labels)
    found, alone = (run(network, images, labels, threads).gradients for threads in (2, 1))
    assert set(gradients) == set(found) == set(network.parameters)
    for name, gradient in found.items():
        np.testing.assert_array_equal(gradient, alone[name], err_msg=name)
    expected = plain_network.logits(network, images)
    np.testing.assert_allclose(network.logits(images), expected, rtol=1e-3, atol=1e-3)
    if any(isinstance(layer, (BatchNorm, MaxPool2D)) for layer in architecture.layers):
        return  # rounding may pick another of two near-equal maxima, or a tiny variance may enlarge it
    for name, value in gradients.items():
        scale = max(np.abs(value).max(), 1e-2)
        np.testing.assert_allclose(found[name], value, rtol=0, atol=2e-3 * scale, err_msg=name)


def test_batch_normalisation_takes_the_pooling_after_it_along_in_training_alone():
    architecture = presets.load("sample-batchnorm")

    def places(training):
        steps = [
            s for segment in plan(architecture, training) for s in (*segment.steps, segment.departure) if s
        ]
        return {s.index: type(s.layer) for s in steps}

    trained, answering = places(True), places(False)
    assert (trained[1], trained[5]) == (NormalizedConv2D, PooledBatchNorm)
    assert trained[10] is BatchNorm
    assert MaxPool2D not in trained.values()
    assert PooledBatchNorm not in answering.values()


def test_large_weights_begin_a_segment_only_where_few_images_would_come_to_them_together():
    few = plan(presets.load("vgg"), False)
    assert len(few) > 1
    assert few[0].images < ENOUGH_IMAGES <= few[1].images
    for training in (False, True):
        (whole,) = plan(presets.load("sample"), training)
        assert whole.images >= ENOUGH_IMAGES
