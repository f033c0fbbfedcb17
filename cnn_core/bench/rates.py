"""How many images a second: ours, PyTorch's, and any number of threads, all in turn, so that what else the
machine does meets each of them."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np

from cnn_core.architecture import Architecture
from cnn_core.bench import measuring
from cnn_core.bench.memory import training_memory
from cnn_core.bench.networks import NETWORKS, training_multiply_adds

ROUNDS = 5  # of measurements in turn; ratios are taken within a round, and their median counts
PEAK_SECONDS = 0.1
FIGURES = ("training", "inference", "single_image")
Rounds = list[float]  # images a second, one for each round


@dataclass(frozen=True)
class Measured:
    """One figure in every round, by the number of threads."""

    ours: dict[int, Rounds]
    theirs: dict[int, Rounds]  # PyTorch's better layout; empty where it is not compared
    peaks: dict[int, Rounds]  # GFLOP/s of large matrix products

    def ratio(self, threads: int) -> float:
        """Return our rate with PyTorch's as 1."""
        return median_ratio(self.ours[threads], self.theirs[threads])


def measured_rows(
    name: str, batch: int, threads: Sequence[int], seconds: float, compared: bool
) -> list[dict[str, Any]]:
    """Return a row for each number of threads. The second and later ones also say how much faster than the
    first they are."""
    architecture = NETWORKS[name]()
    figures = {f: measured(f, architecture, batch, threads, seconds, compared) for f in FIGURES}
    work = 2 * training_multiply_adds(architecture) / 1e9
    rows = []
    for count in threads:
        row: dict[str, Any] = {"network": name, "batch": batch, "threads": count}
        for figure, found in figures.items():
            row[figure] = float(np.median(found.ours[count]))
            if compared:
                row[f"{figure}_ratio"] = found.ratio(count)
        training = figures["training"]
        row["gflops"] = row["training"] * work
        row["peak_share"] = median_ratio(training.ours[count], training.peaks[count]) * work
        row["memory_mb"] = training_memory(name, batch, count)
        if count != threads[0]:
            row["scaling"] = {"against": threads[0]} | {
                f: median_ratio(figures[f].ours[count], figures[f].ours[threads[0]]) for f in FIGURES[:2]
            }
        rows.append(row)
    return rows


def measured(
    figure: str,
    architecture: Architecture,
    batch: int,
    threads: Sequence[int],
    seconds: float,
    compared: bool,
) -> Measured:
    """Measure one figure for every number of threads and engine in turn, each for so many seconds in all."""
    found = Measured({}, {}, {})
    for rounds in (found.ours, found.theirs, found.peaks):
        rounds.update({count: [] for count in threads})
    with ExitStack() as stack:
        ours = {
            count: stack.enter_context(getattr(measuring, figure)(architecture, batch, count))
            for count in threads
        }
        theirs = {
            count: _torch_rates(stack, figure, architecture, batch, count) if compared else []
            for count in threads
        }
        for _ in range(ROUNDS):
            for count in threads:
                found.ours[count].append(ours[count](seconds / ROUNDS))
                if compared:
                    found.theirs[count].append(max(rate(seconds / ROUNDS) for rate in theirs[count]))
                if figure == "training":
                    found.peaks[count].append(measuring.matrix_product_peak(count, PEAK_SECONDS))
    return found


def median_ratio(first: Rounds, second: Rounds) -> float:
    """Return the median of the ratios within each round."""
    return float(np.median(np.divide(first, second)))


def _torch_rates(
    stack: ExitStack, figure: str, architecture: Architecture, batch: int, threads: int
) -> list[measuring.Rate]:
    from cnn_core.bench import torch_side

    return [
        stack.enter_context(getattr(torch_side, figure)(architecture, batch, threads, layout))
        for layout in torch_side.LAYOUTS
    ]
