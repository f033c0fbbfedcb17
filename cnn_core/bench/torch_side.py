"""PyTorch's side: the same network, trained and run in its usual way."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from cnn_core.architecture import Architecture, LayerReport
from cnn_core.bench.measuring import Rate, Work, rate_of
from cnn_core.layers import (
    AvgPool2D,
    BatchNorm,
    Conv2D,
    Dense,
    Flatten,
    GlobalAveragePooling2D,
    MaxPool2D,
    ReLU,
    Softmax,
    Tanh,
)

LAYOUTS = {"contiguous": torch.contiguous_format, "channels-last": torch.channels_last}


@contextmanager
def training(architecture: Architecture, batch: int, threads: int, layout: str) -> Iterator[Rate]:
    """Give the rate of whole training steps on one batch that stays in place, ready in PyTorch's own type."""
    module, images = _prepared(architecture, batch, layout)
    labels = torch.randint(0, architecture.classes, (batch,))
    optimizer = torch.optim.SGD(module.parameters(), lr=0.001, momentum=0.9)
    loss_of = torch.nn.CrossEntropyLoss()

    def step() -> None:
        optimizer.zero_grad(set_to_none=True)
        loss_of(module(images), labels).backward()
        optimizer.step()

    yield _rate(step, batch, threads)


@contextmanager
def inference(architecture: Architecture, batch: int, threads: int, layout: str) -> Iterator[Rate]:
    """Give the rate of classifying batches."""
    module, images = _prepared(architecture, batch, layout)
    module.eval()
    with torch.inference_mode():
        yield _rate(lambda: module(images), batch, threads)


@contextmanager
def single_image(architecture: Architecture, batch: int, threads: int, layout: str) -> Iterator[Rate]:
    """Give the rate of running one image, for the output alone."""
    with inference(architecture, 1, threads, layout) as rate:
        yield rate


def _rate(step: Work, batch: int, threads: int) -> Rate:
    def rate(seconds: float) -> float:
        torch.set_num_threads(threads)  # the whole process's, and another measurement may have set its own
        step()
        return rate_of(step, batch, seconds)

    return rate


def _prepared(architecture: Architecture, batch: int, layout: str) -> tuple[Any, Any]:
    modules = [_module(report) for report in architecture.check()]
    module = torch.nn.Sequential(*(m for m in modules if m is not None)).to(memory_format=LAYOUTS[layout])
    height, width, channels = architecture.input_shape
    images = torch.rand(batch, channels, height, width).contiguous(memory_format=LAYOUTS[layout])
    return module, images


def _module(report: LayerReport) -> Any:
    layer, channels = report.layer, (report.input_shape or (0,))[-1]
    match layer:
        case Conv2D():
            padding = 0 if layer.padding == "valid" else layer.padding
            return torch.nn.Conv2d(
                channels,
                layer.filters,
                layer.kernel_size,
                layer.stride,
                padding,
                layer.dilation,
                layer.groups,
                bias=layer.bias,
            )
        case MaxPool2D():
            return torch.nn.MaxPool2d(layer.pool_size, layer.stride)
        case AvgPool2D():
            return torch.nn.AvgPool2d(layer.pool_size, layer.stride)
        case GlobalAveragePooling2D():
            return torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten())
        case BatchNorm():
            image = len(report.input_shape or ()) == 3
            return (torch.nn.BatchNorm2d if image else torch.nn.BatchNorm1d)(channels)
        case Dense():
            return torch.nn.Linear(channels, layer.units, bias=layer.bias)
        case Flatten():
            return torch.nn.Flatten()
        case ReLU():
            return torch.nn.ReLU(inplace=True)
        case Tanh():
            return torch.nn.Tanh()
        case Softmax():
            return None  # PyTorch's loss takes logits
    raise ValueError(f"no PyTorch module for {layer.name}")
