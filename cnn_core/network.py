"""Network: an architecture with its numbers."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cnn_core import functional as F
from cnn_core.architecture import Architecture
from cnn_core.errors import ArchitectureError, DatasetError
from cnn_core.execution import Executor
from cnn_core.functional.geometry import Array
from cnn_core.layers import Context
from cnn_core.memory import aligned
from cnn_core.metrics import Evaluation, evaluation
from cnn_core.shard import by_layer, scaled
from cnn_core.threads import single_threaded_blas

if TYPE_CHECKING:
    from cnn_core.datasets import Dataset


@dataclass(eq=False)
class Network:
    """An architecture, its parameters and its buffers (running statistics), named "<layer index>.<name>".

    Each array that is made here begins with a line of the processor's cache: small products of filters that
    do not take longer.

    Methods take images (N, H, W, C) as uint8, scaled by 1/255, or as float32, taken as they are;
    whole numbers of any other type raise DatasetError.
    """

    architecture: Architecture
    parameters: dict[str, Array]
    buffers: dict[str, Array]

    @staticmethod
    def initialize(architecture: Architecture, seed: int = 0) -> Network:
        """Return a network with random parameters, the same for the same seed; each layer's depend on no
        other's."""
        if architecture.error:
            raise ArchitectureError(architecture.error)
        network = Network(architecture, {}, {})
        for report in architecture.check():
            generator = np.random.default_rng((seed, report.index))
            parameters, buffers = report.layer.init(report.input_shape or (), generator)
            network.parameters.update({f"{report.index}.{k}": aligned(v) for k, v in parameters.items()})
            network.buffers.update({f"{report.index}.{k}": aligned(v) for k, v in buffers.items()})
        return network

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take the numbers from another process, in memory as it should be."""
        self.__dict__.update(Network(**state).copy().__dict__)

    def copy(self) -> Network:
        """Return a network with copies of all numbers."""
        return Network(
            self.architecture,
            {k: aligned(v) for k, v in self.parameters.items()},
            {k: aligned(v) for k, v in self.buffers.items()},
        )

    def adapted_to(self, architecture: Architecture, seed: int = 0) -> Network:
        """Return a network of another architecture that keeps the numbers of the layers both have.

        Layers are matched in their order, the longest common sequence of equal layers whose parameters have
        equal shapes, those with parameters before those without; all others start anew.
        """
        network = Network.initialize(architecture, seed)
        for old, new in _kept_layers(self.architecture, architecture):
            for mine, theirs in ((self.parameters, network.parameters), (self.buffers, network.buffers)):
                for name in [n for n in theirs if n.startswith(f"{new}.")]:
                    np.copyto(theirs[name], mine[f"{old}.{name.partition('.')[2]}"])
        return network

    # Inference

    def logits(self, images: Array, threads: int | None = None) -> Array:
        """Return the scores (N, classes) before the final Softmax."""
        images = self._checked(images)
        with Executor(self.architecture, threads) as executor:
            return executor.logits({**self.parameters, **self.buffers}, images)

    def predict(self, images: Array, threads: int | None = None) -> Array:
        """Return the probabilities (N, classes)."""
        return F.softmax(self.logits(images, threads))

    def activations(self, images: Array) -> list[Array]:
        """Return the output of every layer, (N, *output shape), in inference mode."""
        x = scaled(self._checked(images))
        outputs, values = [], by_layer({**self.parameters, **self.buffers})
        context = Context()
        with single_threaded_blas():
            for index, layer in enumerate(self.architecture.layers):
                x, _ = layer.forward(x, values.get(index, {}), context)
                outputs.append(x)
        return outputs

    def evaluate(self, dataset: Dataset, threads: int | None = None) -> Evaluation:
        """Return loss, accuracy and confusion on a data set."""
        self.check_dataset(dataset)
        return evaluation(self.logits(dataset.images, threads), dataset.labels)

    # Training

    def loss_and_gradients(
        self,
        images: Array,
        labels: Array,
        *,
        label_smoothing: float = 0.0,
        seed: int = 0,
        threads: int | None = None,
    ) -> tuple[float, dict[str, Array]]:
        """Return (mean cross-entropy, its gradient by each parameter) in training mode; the network is not
        changed.

        labels (N,) are class numbers. `seed` decides what dropout drops.
        """
        images = self._checked(images)
        labels = np.asarray(labels)
        fits = labels.shape == (len(images),) and np.issubdtype(labels.dtype, np.integer)
        if not fits or labels.min() < 0 or labels.max() >= self.architecture.classes:
            values = f" from {labels.min()} to {labels.max()}" if labels.size else ""
            raise DatasetError(
                f"labels must be {len(images):,} class numbers from 0 to {self.architecture.classes - 1}; "
                f"these are {labels.dtype} of shape {labels.shape}{values}"
            )
        labels = labels.astype(np.int64)
        with Executor(self.architecture, threads) as executor:
            result = executor.loss_and_gradients(
                self.parameters, self.buffers, images, labels, seed=(seed,), label_smoothing=label_smoothing
            )
        return result.loss, result.gradients

    def check_dataset(self, dataset: Dataset) -> None:
        """Raise DatasetError where the data set's images or classes do not fit the network."""
        if dataset.image_shape != self.architecture.input_shape:
            mine, theirs = (
                "x".join(map(str, s)) for s in (self.architecture.input_shape, dataset.image_shape)
            )
            raise DatasetError(
                f"the images are {theirs}, the network takes {mine}; "
                "choose another data set or another input shape"
            )
        if len(dataset.class_names) > self.architecture.classes:
            raise DatasetError(
                f"the data set has {len(dataset.class_names)} classes, the network gives "
                f"{self.architecture.classes} scores; give its last Dense layer one unit a class"
            )

    def _checked(self, images: Array) -> Array:
        images = np.asarray(images)
        if images.ndim != 4 or images.shape[1:] != self.architecture.input_shape or len(images) == 0:
            height, width, channels = self.architecture.input_shape
            raise DatasetError(
                f"images have shape {images.shape}; "
                f"the network takes (N, {height}, {width}, {channels}), one or more"
            )
        if images.dtype != np.uint8 and images.dtype.kind != "f":
            raise DatasetError(f"images are {images.dtype}; use uint8 from 0 to 255, or float32 from 0 to 1")
        return images if images.dtype in (np.uint8, np.float32, np.float64) else images.astype(np.float32)

    # Files

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a .cnn file of the network alone."""
        from cnn_core import checkpoint

        checkpoint.save(Path(path), checkpoint.Checkpoint(network=self))

    @staticmethod
    def load(path: str | os.PathLike[str]) -> Network:
        """Return the network in a .cnn file; raise CheckpointError where there is none."""
        from cnn_core import checkpoint

        return checkpoint.load(Path(path)).network


def _kept_layers(old: Architecture, new: Architecture) -> list[tuple[int, int]]:
    """Return the (old, new) indices of the longest common sequence of layers that fit each other."""

    def described(architecture: Architecture) -> list[object]:
        return [
            (
                r.layer,
                tuple(r.layer.parameter_shapes(r.input_shape).items())
                if r.output_shape and r.input_shape
                else r,
            )
            for r in architecture.check()
        ]

    a, b = described(old), described(new)
    # One layer with numbers to lose is worth more than all without.
    worth = [1 + len(a) * bool(report.parameters) for report in old.check()]
    length = np.zeros((len(a) + 1, len(b) + 1), int)
    for i in reversed(range(len(a))):
        for j in reversed(range(len(b))):
            length[i, j] = (
                length[i + 1, j + 1] + worth[i] if a[i] == b[j] else max(length[i + 1, j], length[i, j + 1])
            )
    pairs, i, j = [], 0, 0
    while i < len(a) and j < len(b):
        if a[i] == b[j]:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif length[i + 1, j] >= length[i, j + 1]:
            i += 1
        else:
            j += 1
    return pairs
