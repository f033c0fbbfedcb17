"""The latest network on the latest picture: input, every layer's answer, prediction."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

import cnn_core as cnn
from cnn_core.architecture import MOST_LAYERS
from cnn_core.calibration import Calibration
from cnn_core.preprocessing import Normalization
from playground.drawing import Drawing, Picture, rasterize, with_fitting_pen

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Reading:
    """One look into the network.

    `seen` (H, W, C) is what it was given, `activations` one array (1, ...) per layer that could be computed
    (those before the first error), `probabilities` (classes,) or None for an empty picture or a network with
    an error, `step` the training step of the weights, `drawn` the ink (H, W) that `seen` was made of, None
    for an image taken as it is; with `other_pen` it is as a finer or broader pen would have left it.
    `temperature` is what scores were divided by for the probabilities; `familiar` is False for an image
    unlike what the network learned, None where that is not known.
    """

    seen: Array
    activations: list[Array] = field(default_factory=list)
    probabilities: Array | None = None
    step: int = 0
    drawn: NDArray[np.uint8] | None = None
    other_pen: bool = False
    temperature: float = 1.0
    familiar: bool | None = None


class Probe(QObject):
    """Runs once per turn of the event loop at most, however many pen moves and snapshots came in between."""

    updated = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._architecture: cnn.Architecture | None = None
        self._network: cnn.Network | None = None
        self._step = 0
        self._calibration: Calibration | None = None
        self._picture: Drawing | Picture = Drawing()
        self._normalization = Normalization()
        self._drawn: NDArray[np.uint8] | None = None
        self._other_pen = False
        self._seen: Array | None = None  # of the picture, until it or the input's shape changes
        self.reading: Reading | None = None
        self._due = QTimer(self)
        self._due.setSingleShot(True)
        self._due.timeout.connect(self.run)

    @property
    def network(self) -> cnn.Network | None:
        """The network in use; while the architecture has an error, its part before the failing layer."""
        return self._network

    def set_network(
        self,
        architecture: cnn.Architecture,
        network: cnn.Network,
        step: int,
        calibration: Calibration | None = None,
    ) -> None:
        """Use `network` from now on; of a failing `architecture` the part that still works.

        `calibration` is about these very weights.
        """
        self._architecture = architecture
        self._network = (
            network if architecture == network.architecture else _working_part(architecture, network)
        )
        self._step = step
        self._calibration = calibration
        self._due.start()

    def set_picture(self, picture: Drawing | Picture) -> None:
        """Look at another drawing or image from now on."""
        self._picture = picture
        self._seen = None
        self._due.start()

    def set_normalization(self, normalization: Normalization) -> None:
        """Prepare drawings in these steps from now on."""
        self._normalization = normalization
        self._seen = None
        self._due.start()

    def run(self) -> None:
        """Compute now and say so; called by itself when something changed."""
        if self._architecture is None:
            return
        self._due.stop()
        if self._seen is None or self._seen.shape != self._architecture.input_shape:
            shape = self._architecture.input_shape
            picture = _with_scaled_pen(self._picture, self._normalization)
            self._other_pen, self._drawn = picture is not self._picture, ink_of(picture)
            if self._drawn is None:
                self._seen = as_input(self._picture, shape)
            else:
                self._seen = _prepared(self._drawn, shape, self._normalization)
        self.reading = replace(self._read(self._seen), drawn=self._drawn, other_pen=self._other_pen)
        self.updated.emit(self.reading)

    def _read(self, seen: Array) -> Reading:
        if self._network is None or self._architecture is None:
            return Reading(seen, step=self._step)
        activations = self._network.activations(seen[None])
        if self._network.architecture != self._architecture:
            return Reading(seen, activations[: _failing(self._architecture)], None, self._step)
        reading = Reading(seen, activations, step=self._step)
        return self._with_answer(reading, self._network) if seen.any() else reading

    def _with_answer(self, reading: Reading, network: cnn.Network) -> Reading:
        """The reading with what the network says of an image that is not empty."""
        activations, calibration = reading.activations, self._calibration
        ends_in_softmax = isinstance(network.architecture.layers[-1], cnn.Softmax)
        familiar = False if is_dots(self._picture) else None
        if calibration is None:
            found = activations[-1] if ends_in_softmax else network.predict(reading.seen[None])
            return replace(reading, probabilities=found[0], familiar=familiar)
        scores = activations[-2] if ends_in_softmax else network.logits(reading.seen[None])
        probabilities, known = calibration.answered(scores, activations)
        if familiar is None and known is not None:
            familiar = bool(known[0])
        return replace(
            reading,
            probabilities=probabilities[0],
            temperature=calibration.temperature,
            familiar=familiar,
        )


def ink_of(picture: Drawing | Picture) -> NDArray[np.uint8] | None:
    """The (H, W) ink of what is prepared as a drawing; None for an image the network gets as it is."""
    if isinstance(picture, Drawing):
        return rasterize(picture)
    return picture.pixels[:, :, 0] if picture.as_drawing else None


def is_dots(picture: Drawing | Picture) -> bool:
    """Whether nothing but dots was drawn: no stroke reaches further than its pen is wide."""
    if not isinstance(picture, Drawing):
        return False
    extents = ((stroke.bounds, stroke.width) for stroke in picture.strokes)
    return all(max(right - left, bottom - top) < width for (left, top, right, bottom), width in extents)


def as_input(
    picture: Drawing | Picture, input_shape: tuple[int, int, int], normalization: Normalization | None = None
) -> Array:
    """The (H, W, C) float32 image in 0..1 a network with this input gets to see of a picture.

    A drawing is prepared in the steps of `normalization`; None: all of them.
    """
    ink = ink_of(_with_scaled_pen(picture, normalization))
    if ink is not None:
        return _prepared(ink, input_shape, normalization)
    assert isinstance(picture, Picture)
    return cnn.preprocessing.fit_to(picture.pixels.astype(np.float32) / np.float32(255), input_shape)


def _with_scaled_pen(picture: Drawing | Picture, normalization: Normalization | None) -> Drawing | Picture:
    """The picture; of a drawing that is scaled the pen is scaled too."""
    if isinstance(picture, Drawing) and (normalization is None or normalization.scale):
        return with_fitting_pen(picture)
    return picture


def _prepared(
    ink: NDArray[np.uint8], input_shape: tuple[int, int, int], normalization: Normalization | None
) -> Array:
    return cnn.preprocessing.fit_to(cnn.preprocessing.normalize_drawing(ink, normalization), input_shape)


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
