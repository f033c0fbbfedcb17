"""The command: which networks, which figures, as a table and as JSON."""

import argparse
import json
import platform
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from cnn_core.bench import measuring
from cnn_core.bench.networks import NETWORKS, training_multiply_adds
from cnn_core.threads import available_cores

PAIRS = 5  # of alternating measurements, when two engines are compared


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; return the exit code."""
    options = _options(arguments)
    compared = options.compare == "torch"
    if compared and not _has_torch():
        print("PyTorch is not installed here: pip install torch, or leave --compare out", file=sys.stderr)
        return 1
    rows = []
    for threads in options.threads:
        peak = measuring.matrix_product_peak(threads)
        print(f"\n{threads} thread(s); large matrix products reach {peak:.0f} GFLOP/s")
        print(_line(HEADINGS + (("training", "inference", "one image") if compared else ())))
        for name in options.networks:
            for batch in options.batches:
                row = _row(name, batch, threads, options.seconds, compared)
                row["peak_share"] = row["gflops"] / peak
                rows.append(row)
                print(_line(_cells(row, compared)), flush=True)
    if compared:
        for threads in options.threads:
            ratios = [r["training_ratio"] for r in rows if r["threads"] == threads]
            print(f"\n{threads} thread(s): training against PyTorch, geometric mean", f"{_mean(ratios):.2f}x")
    if options.json:
        machine = {"machine": platform.machine(), "system": platform.platform(), "cores": available_cores()}
        versions = {"python": platform.python_version(), "numpy": np.__version__}
        Path(options.json).write_text(json.dumps({**machine, **versions, "rows": rows}, indent=1))
    return 0


HEADINGS = ("network", "batch", "train im/s", "infer im/s", "one im ms", "GFLOP/s", "of peak", "MB")


def _row(name: str, batch: int, threads: int, seconds: float, compared: bool) -> dict[str, Any]:
    architecture = NETWORKS[name]()
    row: dict[str, Any] = {"network": name, "batch": batch, "threads": threads}
    for figure in ("training", "inference", "single_image"):
        ours = getattr(measuring, figure)
        if compared:
            rates, ratios = _paired(figure, architecture, batch, threads, seconds)
            row[figure], row[f"{figure}_ratio"] = float(np.median(rates)), float(np.median(ratios))
        else:
            with ours(architecture, batch, threads) as rate:
                row[figure] = rate(seconds)
    row["gflops"] = row["training"] * 2 * training_multiply_adds(architecture) / 1e9
    row["memory_mb"] = measuring.training_memory(name, batch, threads)
    return row


def _paired(
    figure: str, architecture: Any, batch: int, threads: int, seconds: float
) -> tuple[list[float], list[float]]:
    """Measure both engines in turn; return our rates and the ratios to PyTorch's better layout."""
    from cnn_core.bench import torch_side

    rates, ratios = [], []
    with ExitStack() as stack:
        ours = stack.enter_context(getattr(measuring, figure)(architecture, batch, threads))
        theirs = [
            stack.enter_context(getattr(torch_side, figure)(architecture, batch, threads, layout))
            for layout in torch_side.LAYOUTS
        ]
        for _ in range(PAIRS):
            rates.append(ours(seconds / PAIRS))
            ratios.append(rates[-1] / max(rate(seconds / PAIRS) for rate in theirs))
    return rates, ratios


def _cells(row: dict[str, Any], compared: bool) -> tuple[str, ...]:
    cells: tuple[str, ...] = (
        row["network"],
        str(row["batch"]),
        f"{row['training']:,.0f}",
        f"{row['inference']:,.0f}",
        f"{1000 / row['single_image']:.3f}",
        f"{row['gflops']:.0f}",
        f"{row['peak_share']:.0%}",
        f"{row['memory_mb']:.0f}",
    )
    if compared:
        cells += tuple(f"{row[f'{f}_ratio']:.2f}x" for f in ("training", "inference", "single_image"))
    return cells


def _line(cells: Sequence[str]) -> str:
    return f"{cells[0]:18}" + "".join(f"{cell:>11}" for cell in cells[1:])


def _mean(ratios: Sequence[float]) -> float:
    return float(np.exp(np.mean(np.log(ratios))))


def _has_torch() -> bool:
    try:
        import torch  # noqa: F401
    except ImportError:
        return False
    return True


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    def numbers(text: str) -> list[int]:
        return [int(part) for part in text.split(",")]

    parser = argparse.ArgumentParser(prog="python -m cnn_core.bench", description="Measure the engine.")
    parser.add_argument("--networks", type=lambda t: t.split(","), default=list(NETWORKS), metavar="A,B")
    parser.add_argument("--batches", type=numbers, default=[32, 64, 128], metavar="N,N")
    parser.add_argument("--threads", type=numbers, default=[available_cores()], metavar="N,N")
    parser.add_argument("--seconds", type=float, default=2.0, help="for each figure and engine")
    parser.add_argument("--compare", choices=["torch"], help="measure PyTorch in turn, its best layout")
    parser.add_argument("--json", metavar="FILE", help="also write all figures to this file")
    options = parser.parse_args(arguments)
    if unknown := [n for n in options.networks if n not in NETWORKS]:
        parser.error(f"no network is called {unknown[0]!r}; use {', '.join(NETWORKS)}")
    return options
