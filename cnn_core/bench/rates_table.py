"""The rates as a table, printed as they are measured."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from cnn_core.bench.measuring import matrix_product_peak
from cnn_core.bench.rates import FIGURES, measured_rows

HEADINGS = (
    "network",
    "batch",
    "threads",
    "train im/s",
    "infer im/s",
    "one im ms",
    "GFLOP/s",
    "of peak",
    "MB",
)
COMPARED = ("training", "inference", "one image")


def print_rates(
    networks: Sequence[str], batches: Sequence[int], threads: Sequence[int], seconds: float, compared: bool
) -> list[dict[str, Any]]:
    """Measure, print a line for each row as soon as it is known, and return the rows."""
    peaks = [f"{matrix_product_peak(count):.0f} GFLOP/s on {_threads(count)}" for count in threads]
    print(f"\nLarge matrix products reach {', '.join(peaks)}")
    print(_line(HEADINGS + (COMPARED if compared else ())))
    rows = []
    for name in networks:
        for batch in batches:
            for row in measured_rows(name, batch, threads, seconds, compared):
                rows.append(row)
                print(_line(_cells(row, compared)))
                if "scaling" in row:
                    print(_scaling(row), flush=True)
    _print_means(rows, threads, compared)
    return rows


def _print_means(rows: Sequence[dict[str, Any]], threads: Sequence[int], compared: bool) -> None:
    print()
    for count in threads:
        own = [row for row in rows if row["threads"] == count]
        if compared:
            mean = _mean([row["training_ratio"] for row in own])
            print(f"{_threads(count)}: training against PyTorch, geometric mean {mean:.2f}x")
        if scalings := [row["scaling"] for row in own if "scaling" in row]:
            means = (f"{figure} {_mean([s[figure] for s in scalings]):.2f}x" for figure in FIGURES[:2])
            print(f"{_threads(count)} against {threads[0]}, geometric mean: {', '.join(means)}")


def _scaling(row: dict[str, Any]) -> str:
    s = row["scaling"]
    against = f"{_threads(row['threads'])} against {s['against']}"
    return f"    {against}: training {s['training']:.2f}x, inference {s['inference']:.2f}x"


def _cells(row: dict[str, Any], compared: bool) -> tuple[str, ...]:
    cells: tuple[str, ...] = (
        row["network"],
        str(row["batch"]),
        str(row["threads"]),
        f"{row['training']:,.0f}",
        f"{row['inference']:,.0f}",
        f"{1000 / row['single_image']:.3f}",
        f"{row['gflops']:.0f}",
        f"{row['peak_share']:.0%}",
        f"{row['memory_mb']:.0f}",
    )
    if compared:
        cells += tuple(f"{row[f'{figure}_ratio']:.2f}x" for figure in FIGURES)
    return cells


def _line(cells: Sequence[str]) -> str:
    return f"{cells[0]:18}" + "".join(f"{cell:>11}" for cell in cells[1:])


def _threads(count: int) -> str:
    return f"{count} thread" if count == 1 else f"{count} threads"


def _mean(ratios: Sequence[float]) -> float:
    return float(np.exp(np.mean(np.log(ratios))))
