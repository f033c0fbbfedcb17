"""How far an answer can be trusted: honest probabilities, and what is unlike anything learned.

Temperature: scores are divided by one number before the softmax, chosen on images held out, so that of the
answers given with 90 % nine in ten are right (Guo et al. 2017). Familiarity: where the activations of the
last hidden layer lie for the images of each class is kept as a mean and a spread; an image far from all
classes, counted in units of their spread (Mahalanobis), is unlike what was learned (Lee et al. 2018).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from cnn_core import functional as F
from cnn_core.architecture import Architecture
from cnn_core.functional.geometry import Array
from cnn_core.layers import GELU, Dense, Dropout, Flatten, LeakyReLU, ReLU, Sigmoid, Tanh
from cnn_core.network import Network

if TYPE_CHECKING:
    from cnn_core.datasets import Dataset

BINS = 15
FALSE_ALARMS = 0.02  # share of real images that may be called unlike what was learned
DIRECTIONS = 48  # in which the hidden activations vary most, kept to measure distances along
_WIDEST = 512  # activations of a hidden layer; wider ones would make the file large
_MOST_IMAGES = 20_000  # of the training data, to learn what is familiar from
_RIDGE = 0.01  # of the mean variance, added to each so that no direction counts without bounds
_COLDEST, _HOTTEST = 0.05, 20.0
_ARRAYS = ("center", "directions", "means", "whitening")
_ACTIVATIONS = (ReLU, LeakyReLU, GELU, Sigmoid, Tanh, Dropout)


def fit_temperature(logits: Array, labels: Array) -> float:
    """Return the temperature, 0.05..20, with the least cross-entropy of logits (N, K) and labels (N,).

    The cross-entropy falls and then rises with the temperature, so halving intervals finds its least value.
    """
    rows = np.arange(len(labels))

    def loss(log_temperature: float) -> float:
        return -float(F.log_softmax(logits / np.exp(log_temperature))[rows, labels].mean())

    low, high = float(np.log(_COLDEST)), float(np.log(_HOTTEST))
    while high - low > 1e-3:
        third = (high - low) / 3
        if loss(low + third) < loss(high - third):
            high -= third
        else:
            low += third
    return float(np.exp((low + high) / 2))


def calibration_error(probabilities: Array, labels: Array, bins: int = BINS) -> float:
    """Return the expected calibration error, 0..1, of probabilities (N, K) and labels (N,).

    Answers are put into equally wide bins by the probability of the class answered; it is the mean, over all
    answers, of how far their bin's share of right ones is from its mean probability.
    """
    sure = probabilities.max(axis=1).astype(np.float64)
    right = probabilities.argmax(axis=1) == labels
    bin_of = np.clip(np.ceil(sure * bins).astype(int) - 1, 0, bins - 1)
    gaps = np.bincount(bin_of, weights=right - sure, minlength=bins)
    return float(np.abs(gaps).sum() / len(labels))


def hidden_layer(architecture: Architecture) -> int | None:
    """Return the layer before the last Dense one, its activation function aside; None: there is no such."""
    dense = [index for index, layer in enumerate(architecture.layers) if isinstance(layer, Dense)]
    index = dense[-1] - 1 if dense else -1
    while index >= 0 and isinstance(architecture.layers[index], _ACTIVATIONS):
        index -= 1
    return index if index >= 0 else None


@dataclass(frozen=True, eq=False, kw_only=True)
class Familiarity:
    """Where the activations of the hidden layer lie for each of K classes.

    A place has D coordinates: along each of the directions (F, D - 1), from the center (F,), and how far off
    all of them. means (K, D); whitening (K, D, D) turns an offset from a class's mean into units of its
    spread. Beyond `limit` an image is unlike what was learned.
    """

    center: Array
    directions: Array
    means: Array
    whitening: Array
    limit: float = float("inf")

    def distances(self, hidden: Array) -> Array:
        """Return how far (N, F) activations are from the nearest class, (N,)."""
        offsets = _places(hidden - self.center, self.directions)[:, None] - self.means  # (N, K, D)
        scaled = np.einsum("kij,nkj->nki", self.whitening, offsets)
        nearest: Array = np.sqrt((scaled**2).sum(axis=2).min(axis=1))
        return nearest


def fit_familiarity(
    hidden: Array, labels: Array, classes: int, directions: int = DIRECTIONS
) -> Familiarity | None:
    """Return what (N, F) activations are usual for each class; None where a class has too few images."""
    directions = min(directions, hidden.shape[1])
    if np.bincount(labels, minlength=classes).min() < 2 * directions:
        return None
    center = hidden.mean(axis=0)
    _, axes = np.linalg.eigh(np.cov(hidden.T).reshape(hidden.shape[1], -1))
    axes = axes[:, -directions:]
    places = _places(hidden - center, axes)
    means = np.stack([places[labels == k].mean(axis=0) for k in range(classes)])
    whitening = np.stack([_whitening(places[labels == k]) for k in range(classes)])
    return Familiarity(center=center, directions=axes, means=means, whitening=whitening)


def _places(offsets: Array, directions: Array) -> Array:
    """Return (N, D) coordinates of (N, F) offsets: along the directions, and the length of what is left."""
    along = offsets @ directions
    left = np.linalg.norm(offsets - along @ directions.T, axis=1)
    return np.concatenate([along, left[:, None]], axis=1)


def _whitening(values: Array) -> Array:
    """Return the (D, D) triangular matrix that makes the covariance of (N, D) values the identity."""
    size = values.shape[1]
    covariance = np.cov(values.T).reshape(size, size)
    covariance += (_RIDGE * np.trace(covariance) / size + 1e-12) * np.eye(size)
    return np.linalg.inv(np.linalg.cholesky(covariance))


@dataclass(frozen=True, eq=False, kw_only=True)
class Calibration:
    """What is known of one network's answers; of no use once its weights have changed.

    `layer` is the hidden layer that `familiarity` is about.
    """

    temperature: float = 1.0
    layer: int | None = None
    familiarity: Familiarity | None = None

    def probabilities(self, logits: Array) -> Array:
        """Return the calibrated probabilities of scores (N, K)."""
        return F.softmax(logits / np.float32(self.temperature))

    def is_familiar(self, hidden: Array) -> bool | None:
        """Tell whether one image's activations of the hidden layer, of any shape, are like what was learned.

        None: this is not known.
        """
        if self.familiarity is None:
            return None
        return bool(self.familiarity.distances(hidden.reshape(1, -1))[0] <= self.familiarity.limit)

    def to_json(self) -> dict[str, Any]:
        """Return plain values for a checkpoint's metadata, numbers to five digits."""
        values: dict[str, Any] = {"temperature": self.temperature}
        if self.familiarity is not None:
            known = self.familiarity
            arrays = {name: _listed(getattr(known, name)) for name in _ARRAYS}
            values["familiarity"] = {
                "limit": known.limit,
                "directions_kept": known.directions.shape[1],
                **arrays,
            }
        return values

    @staticmethod
    def from_json(values: Mapping[str, Any], architecture: Architecture) -> Calibration | None:
        """Return the calibration in a checkpoint's metadata; None where there is none that can be used."""
        temperature = values.get("temperature")
        if not isinstance(temperature, int | float) or not _COLDEST / 2 <= temperature <= _HOTTEST * 2:
            return None
        layer = hidden_layer(architecture)
        known = _read_familiarity(values.get("familiarity"), architecture, layer)
        return Calibration(temperature=float(temperature), layer=layer, familiarity=known)


def _listed(array: Array) -> list[float]:
    return [float(f"{value:.5g}") for value in array.ravel().tolist()]


def _read_familiarity(values: Any, architecture: Architecture, layer: int | None) -> Familiarity | None:
    """Return what the values say, believing nothing in them; None where it does not fit the network."""
    if not isinstance(values, dict) or layer is None:
        return None
    width = int(np.prod(architecture.check()[layer].output_shape or ()))
    count, limit = values.get("directions_kept"), values.get("limit")
    if not isinstance(count, int) or not 1 <= count <= min(width, DIRECTIONS):
        return None
    if not isinstance(limit, int | float) or not _is_number(limit):
        return None
    classes = architecture.classes
    size = count + 1
    shapes = ((width,), (width, count), (classes, size), (classes, size, size))
    arrays = {}
    for name, shape in zip(_ARRAYS, shapes, strict=True):
        listed = values.get(name)
        if not isinstance(listed, list) or len(listed) != int(np.prod(shape)):
            return None
        if not all(_is_number(value) for value in listed):
            return None
        arrays[name] = np.array(listed, np.float32).reshape(shape)
    return Familiarity(**arrays, limit=float(limit))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and abs(value) < 1e30  # also false for nan


@dataclass(frozen=True)
class Outcome:
    """A calibration and what it did to the images held out: accuracy and calibration errors, all 0..1."""

    calibration: Calibration
    accuracy: float
    error_before: float
    error_after: float


def calibrate(network: Network, train: Dataset, held_out: Sequence[Dataset]) -> Outcome:
    """Return the calibration of a network that learned from `train`, by images it did not learn from.

    The temperature is that of the first data set held out; the limit of what is familiar leaves 2 % of
    each outside, in the mean over the data sets whatever their sizes.
    """
    logits, labels = network.logits(held_out[0].images), held_out[0].labels
    temperature = fit_temperature(logits, labels)
    layer = hidden_layer(network.architecture)
    plain = Calibration(temperature=temperature, layer=layer)
    known = None if layer is None else _learned(network, layer, train, held_out)
    return Outcome(
        Calibration(temperature=temperature, layer=layer, familiarity=known),
        accuracy=float((logits.argmax(axis=1) == labels).mean()),
        error_before=calibration_error(F.softmax(logits), labels),
        error_after=calibration_error(plain.probabilities(logits), labels),
    )


def _learned(network: Network, layer: int, train: Dataset, held_out: Sequence[Dataset]) -> Familiarity | None:
    """Return what is familiar by the hidden layer; None where it is too wide, or the images too few."""
    architecture = network.architecture
    part = Architecture(architecture.input_shape, (*architecture.layers[: layer + 1], Flatten()))
    if part.classes > _WIDEST:
        return None
    up_to = Network(part, network.parameters, network.buffers)
    chosen = np.linspace(0, len(train) - 1, min(len(train), _MOST_IMAGES)).astype(int)
    hidden, labels = up_to.logits(train.images[chosen]), train.labels[chosen]
    known = fit_familiarity(hidden, labels, architecture.classes)
    if known is None:
        return None
    distances = [known.distances(up_to.logits(held.images)) for held in held_out]
    return replace(known, limit=_limit(distances))


def _limit(groups: Sequence[Array]) -> float:
    """Return the distance beyond which 2 % of the images lie, each group counting as much as any other."""
    distances = np.concatenate(groups)
    weights = np.concatenate([np.full(len(group), 1 / len(group)) for group in groups])
    order = np.argsort(distances)
    shares = weights[order].cumsum() / len(groups)
    return float(distances[order][np.searchsorted(shares, 1 - FALSE_ALARMS)])
