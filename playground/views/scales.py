"""Which colour scale each layer gets for a given scope."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cnn_core import (
    AvgPool2D,
    Dropout,
    Flatten,
    GlobalAveragePooling2D,
    Layer,
    MaxPool2D,
    ReLU,
    Sigmoid,
    Softmax,
    Tanh,
)
from playground.views.mosaic import Scale, Values

SCOPES = ("channel", "layer", "network")
LOUD = 0.1  # the share of a layer's channels that may go beyond its colours, so that the others are seen
_WORTH = 1.5  # times as far as the colours would reach otherwise, before any channel is cut

_INHERITS = (MaxPool2D, AvgPool2D, GlobalAveragePooling2D, Flatten, Dropout)
_BOUNDED = (Sigmoid, Softmax, Tanh)  # their values end at 1


@dataclass(frozen=True)
class ScaleRule:
    """Where the scale of one layer comes from."""

    head: int  # the layer whose range counts: itself, or the one before its pooling and flattening
    signed: bool
    bounded: bool  # the range is known beforehand: up to 1


def scale_rules(layers: Sequence[Layer]) -> list[ScaleRule]:
    """Return one rule per layer: pooling and flattening inherit the range before them.

    An activation has its own: what a ReLU lets through is often a small part of what its convolution
    reaches to, and would be too pale to see in the colours of that.
    """
    rules: list[ScaleRule] = []
    for index, layer in enumerate(layers):
        if isinstance(layer, _BOUNDED):
            rules.append(ScaleRule(index, isinstance(layer, Tanh), True))
        elif isinstance(layer, _INHERITS):
            rules.append(rules[-1] if rules else ScaleRule(index, False, False))  # the input is not signed
        else:
            rules.append(ScaleRule(index, not isinstance(layer, ReLU), False))
    return rules


def layer_scales(
    rules: Sequence[ScaleRule], activations: Sequence[Values | None], scope: str
) -> list[Scale | None]:
    """Return the scale of each layer (None without values); activations are (H, W, C) or (units,).

    Scope "channel": each channel reaches to its own largest value; "layer": to the layer's, a few channels
    that are much louder than the others left out; "network": to that of all layers. Bounded layers always
    reach to 1, flat layers have one scale for all units.
    """
    heads = {rule.head: activations[rule.head] for rule in rules if not rule.bounded}
    peaks = {i: _peaks(values) for i, values in heads.items() if values is not None}
    largest = {i: _largest(values, peaks[i]) for i, values in heads.items() if values is not None}
    everywhere = max(largest.values(), default=0.0)
    scales: list[Scale | None] = []
    for rule, values in zip(rules, activations, strict=True):
        head = activations[rule.head]
        limit: float | Values = largest.get(rule.head, 1.0)
        cut = False
        if values is None or head is None:
            scales.append(None)
            continue
        if rule.bounded:
            limit = 1.0
        elif scope == "network":
            limit = everywhere
        elif scope == "channel" and values.ndim == 3 and head.ndim == 3 and head.shape[2] == values.shape[2]:
            limit = peaks[rule.head]
        elif scope == "layer" and head.ndim == 3 and (quieter := _without_loud(peaks[rule.head])):
            limit, cut = quieter, True
        scales.append(Scale(limit, rule.signed, cut))
    return scales


def _peaks(values: Values) -> Values:
    """Return the largest magnitude of each channel of (H, W, C) values; of (units,) each one's."""
    peaks: Values = np.abs(values).max(axis=tuple(range(values.ndim - 1)))
    return peaks


def _without_loud(peaks: Values) -> float:
    """Return how far the channels reach without the few loudest ones; 0 where those are not much louder.

    Channels that are 0 everywhere do not count: behind a ReLU there are many.
    """
    peaks = np.sort(peaks)
    peaks = peaks[peaks > 0]
    if not peaks.size:
        return 0.0
    quieter = float(peaks[-1 - int(LOUD * peaks.size)])
    return quieter if 0 < _WORTH * quieter < float(peaks[-1]) else 0.0


def _largest(values: Values, peaks: Values) -> float:
    """Return the largest magnitude; numbers that are none count as nothing."""
    largest = float(peaks.max())
    return largest if np.isfinite(largest) else float(np.abs(np.nan_to_num(values, posinf=0, neginf=0)).max())
