"""Which layers of an edited network still have the weights they had before."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

import cnn_core as cnn
from cnn_core.shard import by_layer


def kept_and_fresh(old: cnn.Network, new: cnn.Network) -> tuple[int, list[int]]:
    """How many of the new network's layers have weights found in `old`, and which ones do not."""
    groups = [by_layer(network.parameters) for network in (old, new)]
    fresh = [
        index
        for index, arrays in groups[1].items()
        if not any(_same(arrays, others) for others in groups[0].values())
    ]
    return len(groups[1]) - len(fresh), fresh


def _same(a: Mapping[str, np.ndarray], b: Mapping[str, np.ndarray]) -> bool:
    return a.keys() == b.keys() and all(np.array_equal(a[name], b[name]) for name in a)
