"""The ready architectures: what they are, and their whole networks against PyTorch."""

import numpy as np
import plain_network
import pytest

from cnn_core import AvgPool2D, BatchNorm, Conv2D, Dense, Flatten, MaxPool2D, Network, Softmax, presets
from cnn_core import functional as F
from cnn_core.execution import Executor

PARAMETERS = {
    "sample": 225_034,
    "sample-batchnorm": 225_258,
    "lenet5": 61_706,
    "tiny": 3_098,
    "vgg": 591_274,
}


@pytest.mark.parametrize("name", presets.names())
def test_every_preset_works_and_gives_ten_probabilities(name):
    architecture = presets.load(name)
    assert architecture.error is None
    assert architecture.classes == 10
    assert isinstance(architecture.layers[-1], Softmax)


@pytest.mark.parametrize("name", presets.names())
def test_parameters_are_as_many_as_counted_by_hand(name):
    architecture = presets.load(name)
    assert sum(r.parameters for r in architecture.check()) == PARAMETERS[name]
    network = Network.initialize(architecture)
    assert sum(p.size for p in network.parameters.values()) == PARAMETERS[name]


def test_an_unknown_preset_is_answered_with_the_known_ones():
    with pytest.raises(ValueError, match="no preset is called 'alexnet'; use one of sample, "):
        presets.load("alexnet")


def test_the_sample_network_is_the_one_of_the_mission():
    shapes = [r.output_shape for r in presets.load("sample").check()]
    assert shapes == [
        *[(26, 26, 32)] * 2,
        (13, 13, 32),
        *[(11, 11, 64)] * 2,
        (5, 5, 64),
        *[(1600,), (128,), (128,), (10,), (10,)],
    ]


# The same network in PyTorch


def torch_module(torch, architecture):
    nn, modules = torch.nn, []
    for report in architecture.check():
        layer, channels = report.layer, report.input_shape[-1]
        if isinstance(layer, Conv2D):
            settings = {"padding": 0 if layer.padding == "valid" else layer.padding, "bias": layer.bias}
            modules.append(nn.Conv2d(channels, layer.filters, layer.kernel_size, layer.stride, **settings))
        elif isinstance(layer, BatchNorm):
            kind = nn.BatchNorm2d if len(report.input_shape) == 3 else nn.BatchNorm1d
            modules.append(kind(channels, eps=layer.epsilon, momentum=layer.momentum))
        elif isinstance(layer, Dense):
            modules.append(nn.Linear(channels, layer.units, bias=layer.bias))
        elif isinstance(layer, MaxPool2D):
            modules.append(nn.MaxPool2d(layer.pool_size))
        elif isinstance(layer, AvgPool2D):
            modules.append(nn.AvgPool2d(layer.pool_size))
        elif isinstance(layer, Flatten):
            modules.append(ChannelsLastFlatten(torch))
        elif not isinstance(layer, Softmax):
            modules.append({"ReLU": nn.ReLU, "Tanh": nn.Tanh}[layer.name]())
    return nn.Sequential(*modules)


def ChannelsLastFlatten(torch):
    class Module(torch.nn.Module):
        def forward(self, x):
            return x.permute(0, 2, 3, 1).flatten(1)

    return Module()


TORCH_NAMES = {"gamma": "weight", "beta": "bias"}


def to_torch(name, value):
    if value.ndim == 4:
        return value.transpose(3, 2, 0, 1)
    return value.T if value.ndim == 2 else value


def from_torch(value):
    value = value.detach().numpy()
    if value.ndim == 4:
        return value.transpose(2, 3, 1, 0)
    return value.T if value.ndim == 2 else value


def load_into(torch, module, network):
    state = {}
    for name, value in (*network.parameters.items(), *network.buffers.items()):
        index, _, short = name.partition(".")
        state[f"{index}.{TORCH_NAMES.get(short, short)}"] = torch.tensor(to_torch(short, value).copy())
    module.load_state_dict(state, strict=False)


@pytest.fixture(params=presets.names())
def twins(request, torch):
    """A preset's network with random numbers, and the same in PyTorch."""
    network = plain_network.random_network(presets.load(request.param), seed=3)
    module = torch_module(torch, network.architecture)
    load_into(torch, module, network)
    return network, module


def as_input(torch, images):
    return torch.tensor((images / np.float32(255)).transpose(0, 3, 1, 2))


def test_logits_and_probabilities_equal_pytorch(twins, torch):
    network, module = twins
    images, _ = plain_network.images_and_labels(network.architecture, 9)
    with torch.no_grad():
        expected = module.eval()(as_input(torch, images)).numpy()
    np.testing.assert_allclose(network.logits(images), expected, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(network.predict(images), F.softmax(expected), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("count", "smoothing"), [(7, 0.0), (33, 0.0), (33, 0.1)])
def test_loss_gradients_and_buffers_equal_pytorch(twins, torch, count, smoothing):
    network, module = twins
    images, labels = plain_network.images_and_labels(network.architecture, count)
    theirs = torch.nn.functional.cross_entropy(
        module.train()(as_input(torch, images)), torch.tensor(labels), label_smoothing=smoothing
    )
    theirs.backward()
    with Executor(network.architecture) as executor:
        result = executor.loss_and_gradients(
            network.parameters, network.buffers, images, labels, label_smoothing=smoothing
        )
    assert result.loss == pytest.approx(theirs.item(), rel=1e-5)
    grads, buffers = dict(module.named_parameters()), dict(module.named_buffers())
    for name, gradient in result.gradients.items():
        index, _, short = name.partition(".")
        expected = from_torch(grads[f"{index}.{TORCH_NAMES.get(short, short)}"].grad)
        scale = max(np.abs(expected).max(), 1e-3)  # float32 sums of thousands of terms
        np.testing.assert_allclose(gradient, expected, atol=3e-4 * scale, rtol=0, err_msg=name)
    assert set(result.gradients) == set(network.parameters)
    assert set(result.buffers) == set(network.buffers)
    for name, value in result.buffers.items():
        np.testing.assert_allclose(value, buffers[name].numpy(), rtol=1e-4, atol=1e-5, err_msg=name)
