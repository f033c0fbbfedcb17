"""What is like the images learned from: how far an image lies, in several layers at once, from every class.

Where the activations of a layer lie for the images of each class is kept as a mean and a spread; the distance
from the nearest class is counted in units of its spread (Mahalanobis; Lee et al. 2018). Early layers notice
foreign strokes and textures, the hidden layer and the scores a foreign whole, so each has its say: what its
distance exceeds the usual one by, in units of how much that varies, is added up.

Where there are also images that belong to no class, `outliers` learns from the same activations, and from the
distances, to tell them apart; what lies very far is strange all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from cnn_core.architecture import Architecture
from cnn_core.functional.geometry import Array
from cnn_core.layers import GELU, Dense, Dropout, LeakyReLU, ReLU, Sigmoid, Softmax, Tanh
from cnn_core.network import Network
from cnn_core.outliers import Outliers, fit_outliers

if TYPE_CHECKING:
    from cnn_core.datasets import Dataset

FALSE_ALARMS = 0.025  # share of real images that may be called unlike what was learned
FAR = 0.005  # of these, by the distance alone, where outliers are told in another way
DIRECTIONS = 16  # in which the activations of a layer vary most, kept to measure distances along
FOREIGN = 0.3  # share of images taken to belong to no class; what is learned of outliers takes half
LEAST_TRUST = 0.01  # less would leave the likeliest class to rounding
MOST_WATCHED = 8
WIDEST = 1024  # activations of a layer that is looked at; wider ones would make the file large
MOST_CLASSES = 50  # more could make the header of the file larger than is read
_MOST_IMAGES = 20_000  # of the training data, to learn what is familiar from
_AT_ONCE = 250  # images whose activations are in memory
_RIDGE = 0.01  # of the mean variance, added to each so that no direction counts without bounds
_ACTIVATIONS = (ReLU, LeakyReLU, GELU, Sigmoid, Tanh, Dropout)


def hidden_layer(architecture: Architecture) -> int | None:
    """Return the layer before the last Dense one, its activation function aside; None: there is no such."""
    dense = [index for index, layer in enumerate(architecture.layers) if isinstance(layer, Dense)]
    index = dense[-1] - 1 if dense else -1
    while index >= 0 and isinstance(architecture.layers[index], _ACTIVATIONS):
        index -= 1
    return index if index >= 0 else None


def watched_layers(architecture: Architecture) -> tuple[int, ...]:
    """Return the layers that are looked at: each that halves the maps, the hidden one, and the scores."""
    halving = []
    for report in architecture.check():
        before, after = report.input_shape or (), report.output_shape or ()
        if len(before) == 3 and len(after) == 3 and 2 * after[0] * after[1] <= before[0] * before[1]:
            halving.append(report.index)
    hidden, scores = hidden_layer(architecture), len(architecture.layers) - 1
    if scores > 0 and isinstance(architecture.layers[scores], Softmax):
        scores -= 1
    wanted = {*halving[: MOST_WATCHED - 2], scores} | ({hidden} if hidden is not None else set())
    return tuple(index for index in sorted(wanted) if 0 < width(architecture, index) <= WIDEST)


def width(architecture: Architecture, layer: int) -> int:
    """Return how many features a layer has: its channels, or its values where it has no maps."""
    shape = architecture.check()[layer].output_shape or (0,)
    return shape[-1]


def features(activations: Array) -> Array:
    """Return (N, F) features of a layer's activations: the mean of each map, or the values themselves."""
    middle = tuple(range(1, activations.ndim - 1))
    return activations.mean(axis=middle) if middle else activations


@dataclass(frozen=True, eq=False, kw_only=True)
class Spread:
    """Where the F features of one layer lie for each of K classes.

    A place has D coordinates: along each of the directions (F, D - 1), from the center (F,), and how far off
    all of them. means (K, D); whitening (K, D, D) turns an offset from a class's mean into units of its
    spread. Of images never learned from, the distance is `usual` in the mean and varies by `deviation`.
    """

    layer: int
    center: Array
    directions: Array
    means: Array
    whitening: Array
    usual: float = 0.0
    deviation: float = 1.0

    def distances(self, features: Array) -> Array:
        """Return how far (N, F) features are from the nearest class, (N,)."""
        offsets = _places(features - self.center, self.directions)[:, None] - self.means  # (N, K, D)
        scaled = np.einsum("kij,nkj->nki", self.whitening, offsets)
        nearest: Array = np.sqrt((scaled**2).sum(axis=2).min(axis=1))
        return nearest


@dataclass(frozen=True, eq=False)
class Judgement:
    """What is thought of N images."""

    strange: Array  # (N,) bool: unlike what was learned
    trust: Array  # (N,) probability that one belongs to a class at all; 1 where no outliers are known


@dataclass(frozen=True, eq=False, kw_only=True)
class Familiarity:
    """Where images lie in some layers of a network; beyond `limit` one is unlike what was learned.

    So is what the outliers, where there are any, are told by.
    """

    spreads: tuple[Spread, ...]
    limit: float
    outliers: Outliers | None = None

    def judged(self, activations: Sequence[Array]) -> Judgement:
        """Return what is thought of images by the activations (N, ...) of all layers.

        Trust falls steadily as images become less like what was learned, even before they are called strange.
        """
        seen = self._seen(activations)
        strange = _added(self.spreads, seen.distances) > self.limit
        if self.outliers is None:
            return Judgement(strange, np.ones(len(strange)))
        log_odds = self.outliers.log_odds(*seen.described)
        odds = log_odds + np.log(FOREIGN / (1 - FOREIGN))
        trust = np.maximum(0.5 * (1 - np.tanh(odds / 2)), LEAST_TRUST)
        return Judgement(strange | (log_odds > self.outliers.limit), trust)

    def strangeness(self, activations: Sequence[Array]) -> Array:
        """Return how strange images are, (N,), by the activations (N, ...) of all layers."""
        return _added(self.spreads, self._seen(activations).distances)

    def _seen(self, activations: Sequence[Array]) -> _Seen:
        layers = (*(each.layer for each in self.spreads), -1)
        return _Seen(self.spreads, [features(activations[layer]) for layer in layers])


def fit_spread(
    layer: int, values: Array, labels: Array, classes: int, directions: int = DIRECTIONS
) -> Spread | None:
    """Return where (N, F) features of a layer lie for each class; None where a class has too few images."""
    directions = min(directions, values.shape[1])
    if np.bincount(labels, minlength=classes).min() < 2 * directions:
        return None
    center = values.mean(axis=0)
    _, axes = np.linalg.eigh(np.cov(values.T).reshape(values.shape[1], -1))
    axes = axes[:, -directions:]
    places = _places(values - center, axes)
    means = np.stack([places[labels == k].mean(axis=0) for k in range(classes)])
    whitening = np.stack([_whitening(places[labels == k]) for k in range(classes)])
    return Spread(layer=layer, center=center, directions=axes, means=means, whitening=whitening)


def fit_familiarity(
    network: Network, train: Dataset, held_out: Sequence[Dataset], others: Array | None = None
) -> Familiarity | None:
    """Return what is familiar to a network that learned from `train`, by images it did not learn from.

    The limit leaves 2.5 % of each data set held out outside, in the mean over the data sets whatever their
    sizes. None where there are too many classes, too few images of one, or all layers are too wide. From
    `others`, images (N, H, W, C) that belong to no class, it learns what does not.
    """
    if network.architecture.classes > MOST_CLASSES:
        return None
    layers = watched_layers(network.architecture)
    chosen = np.linspace(0, len(train) - 1, min(len(train), _MOST_IMAGES)).astype(int)
    learned = _features(network, layers, train.images[chosen])
    held = [_features(network, layers, data.images) for data in held_out]
    spreads = []
    for place, layer in enumerate(layers):
        found = fit_spread(layer, learned[place], train.labels[chosen], network.architecture.classes)
        if found is None:
            return None
        spreads.append(_with_usual(found, [found.distances(each[place]) for each in held]))
    if not spreads:
        return None
    foreign = None if others is None else _Seen(spreads, _features(network, layers, others))
    return _limited(spreads, _Seen(spreads, learned), [_Seen(spreads, each) for each in held], foreign)


def _limited(spreads: list[Spread], learned: _Seen, held: list[_Seen], others: _Seen | None) -> Familiarity:
    """Return the familiarity with limits that images held out keep within."""
    strangeness = [_added(spreads, each.distances) for each in held]
    found = others and fit_outliers(learned.described, others.described, learned.classes)
    if not found:
        return Familiarity(spreads=tuple(spreads), limit=limit_of(strangeness))
    odds = [found.log_odds(*each.described) for each in held]
    outliers = replace(found, limit=limit_of(odds, FALSE_ALARMS - FAR))
    return Familiarity(spreads=tuple(spreads), limit=limit_of(strangeness, FAR), outliers=outliers)


class _Seen:
    """Images by their (N, F) features in each layer, their distances there, and the classes answered."""

    def __init__(self, spreads: Sequence[Spread], found: Sequence[Array]) -> None:
        values, output = found[:-1], found[-1]
        self.classes = output.shape[1]
        self.distances = [each.distances(own) for each, own in zip(spreads, values, strict=True)]
        self.described = _described(values, self.distances), output.argmax(axis=1)


def limit_of(groups: Sequence[Array], share: float = FALSE_ALARMS) -> float:
    """Return the strangeness beyond which a share of images lies, each group counting as much."""
    strangeness = np.concatenate(groups)
    weights = np.concatenate([np.full(len(group), 1 / len(group)) for group in groups])
    order = np.argsort(strangeness)
    shares = weights[order].cumsum() / len(groups)
    return float(strangeness[order][np.searchsorted(shares, 1 - share)])


def _features(network: Network, layers: Sequence[int], images: Array) -> list[Array]:
    """Return the (N, F) features of each of the layers and, last, the network's output (N, K), float64."""
    parts = []
    for start in range(0, len(images), _AT_ONCE):
        activations = network.activations(images[start : start + _AT_ONCE])
        parts.append([features(activations[layer]).astype(np.float64) for layer in (*layers, -1)])
    return [np.concatenate(each) for each in zip(*parts, strict=True)]


def _described(values: Sequence[Array], distances: Sequence[Array]) -> Array:
    """Return all that outliers are told by: the (N, F) features of each layer, and their distances (N,)."""
    return np.concatenate([*values, np.log1p(np.stack(distances, axis=1))], axis=1)


def _with_usual(spread: Spread, groups: Sequence[Array]) -> Spread:
    """Return the spread with what its distance usually is, each group counting as much as any other."""
    usual = float(np.mean([group.mean() for group in groups]))
    deviation = float(np.sqrt(np.mean([((group - usual) ** 2).mean() for group in groups])))
    return replace(spread, usual=usual, deviation=max(deviation, 1e-6))


def _added(spreads: Sequence[Spread], distances: Sequence[Array]) -> Array:
    """Return the strangeness of images by their distances in each layer; nearer than usual is not strange."""
    pairs = zip(spreads, distances, strict=True)
    excess = [np.maximum(found - each.usual, 0) / each.deviation for each, found in pairs]
    total: Array = np.sum(excess, axis=0)
    return total


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
