"""A network run the simple way: layer after layer, the whole batch at once, in float64.

No plan, no chunks, no threads. Also images and labels to run networks on.
"""

import numpy as np

from cnn_core import BatchNorm, Network, Softmax
from cnn_core import functional as F
from cnn_core.layers import Context


def images_and_labels(architecture, count, seed=0):
    """Return uint8 images with large empty parts, like drawings, and labels."""
    generator = np.random.default_rng((seed, count))
    images = generator.integers(0, 256, (count, *architecture.input_shape), dtype=np.uint8)
    images[generator.random(images.shape) < 0.5] = 0
    return images, generator.integers(0, architecture.classes, count)


def random_network(architecture, seed=0):
    """Return a network whose biases, scales and running statistics are random too."""
    network, generator = Network.initialize(architecture, seed), np.random.default_rng(seed)
    for name, value in (*network.parameters.items(), *network.buffers.items()):
        if name.endswith("weight"):
            continue
        noise = generator.standard_normal(value.shape).astype(np.float32) * np.float32(0.2)
        value[...] = 1 + np.abs(noise) if name.endswith(("gamma", "running_var")) else noise
        if name.endswith("gamma"):
            value[::2] *= -1
    return network


def loss_and_gradients(network, images, labels, label_smoothing=0.0):
    """Return (loss, gradients, buffers after) in training mode."""
    context = Context(training=True)
    x, caches = images / 255 if images.dtype == np.uint8 else images.astype(np.float64), {}
    layers, buffers, gradients = _layers(network), {}, {}
    values = [_values(network, i) for i in range(len(network.architecture.layers))]
    for i, layer in layers:
        if isinstance(layer, BatchNorm):
            moments, kept = layer.moments(x, values[i], context)
            batch = layer.merge([moments])
            x, caches[i] = layer.normalize(kept, batch, values[i], context)
            buffers |= {f"{i}.{k}": v for k, v in layer.updated_buffers(batch, values[i]).items()}
        else:
            x, caches[i] = layer.forward(x, values[i], context)
    losses, dx = F.cross_entropy(x, labels, label_smoothing)
    dx = dx / len(images)
    for i, layer in reversed(layers):
        if isinstance(layer, BatchNorm):
            mine = layer.sums(dx, caches[i], values[i], context)
            dx, _ = layer.backward_with_sums(dx, caches[i], values[i], mine, context)
        else:
            dx, mine = layer.backward(dx, caches[i], values[i], context)
        gradients |= {f"{i}.{k}": g for k, g in mine.items()}
    return losses.mean(), gradients, buffers


def logits(network, images):
    x = images / 255 if images.dtype == np.uint8 else images.astype(np.float64)
    for i, layer in _layers(network):
        x, _ = layer.forward(x, _values(network, i), Context())
    return x


def _layers(network):
    layers = list(enumerate(network.architecture.layers))
    return layers[:-1] if isinstance(layers[-1][1], Softmax) and len(layers) > 1 else layers


def _values(network, index):
    values = {**network.parameters, **network.buffers}
    return {
        name.partition(".")[2]: value.astype(np.float64)
        for name, value in values.items()
        if name.partition(".")[0] == str(index)
    }
