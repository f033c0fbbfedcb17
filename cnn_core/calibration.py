"""How far an answer can be trusted: honest probabilities, and what is unlike anything learned.

Temperature: scores are divided by one number before the softmax, chosen on images held out, so that of the
answers given with 90 % nine in ten are right (Guo et al. 2017). What is unlike anything learned is told by
`familiarity`; the likelier that is, the less is left of the probability of any class.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from cnn_core import functional as F
from cnn_core.architecture import Architecture
from cnn_core.familiarity import MOST_WATCHED, Familiarity, Spread, fit_familiarity, hidden_layer, width
from cnn_core.functional.geometry import Array
from cnn_core.network import Network
from cnn_core.outliers import Outliers

if TYPE_CHECKING:
    from cnn_core.datasets import Dataset

BINS = 15
_COLDEST, _HOTTEST = 0.05, 20.0
_ARRAYS = ("center", "directions", "means", "whitening")
_NUMBERS = ("usual", "deviation")
_MOST_DIRECTIONS = 64  # in a file


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


@dataclass(frozen=True, eq=False, kw_only=True)
class Calibration:
    """What is known of one network's answers; of no use once its weights have changed."""

    temperature: float = 1.0
    familiarity: Familiarity | None = None

    def probabilities(self, logits: Array) -> Array:
        """Return the calibrated probabilities of scores (N, K): of images that do belong to a class."""
        return F.softmax(logits / np.float32(self.temperature))

    def answered(self, logits: Array, activations: Sequence[Array]) -> tuple[Array, Array | None]:
        """Return the calibrated probabilities of scores (N, K), and which images are like what was learned
        (N,), by the activations (N, ...) of all layers; None: this is not known.

        The probabilities take into account that an image may belong to no class: it could then as well be
        any. The likeliest class is the same.
        """
        calibrated = self.probabilities(logits)
        if self.familiarity is None:
            return calibrated, None
        judgement = self.familiarity.judged(activations)
        trust = judgement.trust[:, None].astype(np.float32)
        mixed: Array = trust * calibrated + (1 - trust) / np.float32(calibrated.shape[1])
        return mixed, ~judgement.strange

    def to_json(self) -> dict[str, Any]:
        """Return plain values for a checkpoint's metadata, numbers to five digits."""
        values: dict[str, Any] = {"temperature": self.temperature}
        if self.familiarity is not None:
            layers = [_spread_values(spread) for spread in self.familiarity.spreads]
            values["familiarity"] = {"limit": self.familiarity.limit, "layers": layers}
            if self.familiarity.outliers is not None:
                values["familiarity"]["outliers"] = _outlier_values(self.familiarity.outliers)
        return values

    @staticmethod
    def from_json(values: Mapping[str, Any], architecture: Architecture) -> Calibration | None:
        """Return the calibration in a checkpoint's metadata; None where there is none that can be used."""
        temperature = values.get("temperature")
        if not isinstance(temperature, int | float) or not _COLDEST / 2 <= temperature <= _HOTTEST * 2:
            return None
        known = _read_familiarity(values.get("familiarity"), architecture)
        return Calibration(temperature=float(temperature), familiarity=known)


def _spread_values(spread: Spread) -> dict[str, Any]:
    return {
        "layer": spread.layer,
        "usual": spread.usual,
        "deviation": spread.deviation,
        "directions_kept": spread.directions.shape[1],
        **{name: _listed(getattr(spread, name)) for name in _ARRAYS},
    }


def _outlier_values(outliers: Outliers) -> dict[str, Any]:
    weights, biases = _listed(outliers.weights), _listed(outliers.biases)
    return {"limit": outliers.limit, "weights": weights, "biases": biases}


def _listed(array: Array) -> list[float]:
    return [float(f"{value:.5g}") for value in array.ravel().tolist()]


def _read_familiarity(values: Any, architecture: Architecture) -> Familiarity | None:
    """Return what the values say, believing nothing in them; None where it does not fit the network."""
    if not isinstance(values, dict) or not _is_number(values.get("limit")):
        return None
    layers = values.get("layers")
    if layers is None:  # files of the first version know the hidden layer alone, by its distance as it is
        layers = [{"layer": hidden_layer(architecture), "usual": 0, "deviation": 1, **values}]
    if not isinstance(layers, list) or not 1 <= len(layers) <= MOST_WATCHED:
        return None
    read = [_read_spread(each, architecture) for each in layers]
    spreads = tuple(spread for spread in read if spread is not None)
    if len(spreads) != len(read):
        return None
    known = Familiarity(spreads=spreads, limit=float(values["limit"]))
    if values.get("outliers") is None:  # nothing but what was learned is known
        return known
    outliers = _read_outliers(values["outliers"], known, architecture)
    return None if outliers is None else replace(known, outliers=outliers)


def _read_outliers(values: Any, known: Familiarity, architecture: Architecture) -> Outliers | None:
    if not isinstance(values, dict) or not _is_number(values.get("limit")):
        return None
    classes = architecture.classes
    features = sum(width(architecture, each.layer) + 1 for each in known.spreads)
    weights = _read_array(values.get("weights"), (classes, features))
    biases = _read_array(values.get("biases"), (classes,))
    if weights is None or biases is None:
        return None
    return Outliers(weights=weights, biases=biases, limit=float(values["limit"]))


def _read_spread(values: Any, architecture: Architecture) -> Spread | None:
    if not isinstance(values, dict) or not all(_is_number(values.get(name)) for name in _NUMBERS):
        return None
    layer, count = values.get("layer"), values.get("directions_kept")
    if not isinstance(layer, int) or not 0 <= layer < len(architecture.layers):
        return None
    features = width(architecture, layer)
    if not isinstance(count, int) or not 1 <= count <= min(features, _MOST_DIRECTIONS):
        return None
    if values["deviation"] <= 0:
        return None
    size, classes = count + 1, architecture.classes
    shapes = ((features,), (features, count), (classes, size), (classes, size, size))
    arrays = {}
    for name, shape in zip(_ARRAYS, shapes, strict=True):
        array = _read_array(values.get(name), shape)
        if array is None:
            return None
        arrays[name] = array.astype(np.float32)
    usual, deviation = (float(values[name]) for name in _NUMBERS)
    return Spread(layer=layer, usual=usual, deviation=deviation, **arrays)


def _read_array(listed: Any, shape: tuple[int, ...]) -> Array | None:
    """Return listed numbers as float64 of a shape; None where they are not numbers, or not so many."""
    if not isinstance(listed, list) or len(listed) != int(np.prod(shape)):
        return None
    return np.array(listed, np.float64).reshape(shape) if all(_is_number(value) for value in listed) else None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and abs(value) < 1e30  # also false for nan


@dataclass(frozen=True)
class Calibrated:
    """A calibration and what it did to the images held out: accuracy and calibration errors, all 0..1."""

    calibration: Calibration
    accuracy: float
    error_before: float
    error_after: float


def calibrate(
    network: Network, train: Dataset, held_out: Sequence[Dataset], others: Array | None = None
) -> Calibrated:
    """Return the calibration of a network that learned from `train`, by images it did not learn from.

    The temperature is that of the first data set held out. `others` are images (N, H, W, C) of no class, to
    learn from what such are like.
    """
    logits, labels = network.logits(held_out[0].images), held_out[0].labels
    temperature = fit_temperature(logits, labels)
    known = fit_familiarity(network, train, held_out, others)
    calibration = Calibration(temperature=temperature, familiarity=known)
    return Calibrated(
        calibration,
        accuracy=float((logits.argmax(axis=1) == labels).mean()),
        error_before=calibration_error(F.softmax(logits), labels),
        error_after=calibration_error(calibration.probabilities(logits), labels),
    )
