"""The latest network on the latest picture: input, every layer's answer, prediction."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

import cnn_core as cnn
from cnn_core.architecture import MOST_LAYERS
from playground.drawing import Drawing, rasterize
from playground.picture import Picture

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Reading:
    """One look into the network.

    `seen` (H, W, C) is what it was given, `activations` one array (1, ...) per layer that could be computed
    (those before the first error), `probabilities` (classes,) or None for an empty picture or a network with
    an error, `step` the training step of the weights.
    """

    seen: Array
    activations: list[Array] = field(default_factory=list)
    probabilities: Array | None = None
    step: int = 0


class Probe(QObject):
    """Runs once per turn of the event loop at most, however many pen moves and snapshots came in between."""

    updated = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._architecture: cnn.Architecture | None = None
        self._network: cnn.Network | None = None
        self._step = 0
        self._picture: Drawing | Picture = Drawing()
        self._seen: Array | None = None  # of the picture, until it or the input's shape changes
        self.reading: Reading | None = None
        self._due = QTimer(self)
        self._due.setSingleShot(True)
        self._due.timeout.connect(self.run)

    @property
    def network(self) -> cnn.Network | None:
        """The network in use; while the architecture has an error, its part before the failing layer."""
        return self._network

    def set_network(self, architecture: cnn.Architecture, network: cnn.Network, step: int) -> None:
        """Use `network` from now on; of a failing `architecture` the part that still works."""
        self._architecture = architecture
        self._network = (
            network if architecture == network.architecture else _working_part(architecture, network)
        )
        self._step = step
        self._due.start()

    def set_picture(self, picture: Drawing | Picture) -> None:
        """Look at another drawing or image from now on."""
        self._picture = picture
        self._seen = None
        self._due.start()

    def run(self) -> None:
        """Compute now and say so; called by itself when something changed."""
        if self._architecture is None:
            return
        self._due.stop()
        if self._seen is None or self._seen.shape != self._architecture.input_shape:
            self._seen = as_input(self._picture, self._architecture.input_shape)
        self.reading = self._read(self._seen)
        self.updated.emit(self.reading)

    def _read(self, seen: Array) -> Reading:
        if self._network is None or self._architecture is None:
            return Reading(seen, step=self._step)
        activations = self._network.activations(seen[None])
        if self._network.architecture != self._architecture:
            return Reading(seen, activations[: _failing(self._architecture)], None, self._step)
        probabilities = self._probabilities(seen, activations) if seen.any() else None
        return Reading(seen, activations, probabilities, self._step)

    def _probabilities(self, seen: Array, activations: list[Array]) -> Array:
        assert self._network is not None
        if isinstance(self._network.architecture.layers[-1], cnn.Softmax):
            probabilities: Array = activations[-1][0]
        else:
            probabilities = self._network.predict(seen[None])[0]
        return probabilities


def as_input(picture: Drawing | Picture, input_shape: tuple[int, int, int]) -> Array:
    """The (H, W, C) float32 image in 0..1 a network with this input gets to see of a picture."""
    if isinstance(picture, Picture):
        return cnn.preprocessing.fit_to(picture.pixels.astype(np.float32) / np.float32(255), input_shape)
    return cnn.preprocessing.fit_to(cnn.preprocessing.normalize_drawing(rasterize(picture)), input_shape)


def _working_part(architecture: cnn.Architecture, network: cnn.Network) -> cnn.Network | None:
    """The layers before the first failing one, with the weights `network` has for them; None if none works.

    A network has to end in one row of numbers, so Flatten may stand behind the layers that are asked for.
    """
    layers = architecture.layers[: min(_failing(architecture), MOST_LAYERS - 1)]
    part = cnn.Architecture(architecture.input_shape, (*layers, cnn.Flatten()))
    if not layers or part.error is not None:
        return None
    return network.adapted_to(part, seed=0)


def _failing(architecture: cnn.Architecture) -> int:
    """How many layers can be computed: those before the first that has no output."""
    reports = architecture.check()
    return next((report.index for report in reports if report.output_shape is None), len(reports))
