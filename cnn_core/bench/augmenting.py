"""What changing the images costs: training with and without augmentation, in turn."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from cnn_core.bench.measuring import rate_of, training_step
from cnn_core.bench.networks import NETWORKS
from cnn_core.bench.rates import ROUNDS, median_ratio
from cnn_core.datasets.augment import HANDWRITING


def print_augmentation(
    networks: Sequence[str], batches: Sequence[int], threads: int, seconds: float
) -> list[dict[str, Any]]:
    """Measure, print a line for each network and batch, and return the rows."""
    print(f"\nTraining with handwriting changed anew, {threads} threads")
    print(f"{'network':18}{'batch':>8}{'as they are':>14}{'changed':>12}{'speed left':>12}")
    rows = []
    for name in networks:
        for batch in batches:
            row = _row(name, batch, threads, seconds)
            rows.append(row)
            print(
                f"{name:18}{batch:8}{row['as_they_are']:14,.0f}{row['changed']:12,.0f}"
                f"{row['speed_left']:12.0%}",
                flush=True,
            )
    return rows


def _row(name: str, batch: int, threads: int, seconds: float) -> dict[str, Any]:
    architecture = NETWORKS[name]()
    plain, changed = [], []
    with (
        training_step(architecture, batch, threads) as step,
        training_step(architecture, batch, threads, HANDWRITING) as step_changed,
    ):
        for _ in range(2 * ROUNDS):
            plain.append(rate_of(step, batch, seconds / ROUNDS / 2))
            changed.append(rate_of(step_changed, batch, seconds / ROUNDS / 2))
    return {
        "network": name,
        "batch": batch,
        "threads": threads,
        "as_they_are": float(np.median(plain)),
        "changed": float(np.median(changed)),
        "speed_left": median_ratio(changed, plain),
    }
