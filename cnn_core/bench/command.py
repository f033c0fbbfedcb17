"""The command: what is measured, as a table and as JSON."""

import argparse
import json
import platform
import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from cnn_core.bench.augmenting import print_augmentation
from cnn_core.bench.before import CheckoutError, print_before
from cnn_core.bench.growth import print_growth
from cnn_core.bench.memory import print_over_steps
from cnn_core.bench.networks import NETWORKS
from cnn_core.bench.profile_table import print_profiles
from cnn_core.bench.rates_table import print_rates
from cnn_core.threads import available_cores
from cnn_core.writing import need_place, write_whole

PROGRAM = "python -m cnn_core.bench"


def main(arguments: Sequence[str] | None = None, program: str = PROGRAM, more: str | None = None) -> int:
    """Measure and print; return the exit code. The help names the program, and ends with `more`."""
    options = _options(arguments, program, more)
    if options.compare and find_spec("torch") is None:
        print("PyTorch is not installed here: pip install torch, or leave --compare out", file=sys.stderr)
        return 1
    if options.json:
        need_place(options.json)
    try:
        rows = _measure(options)
    except CheckoutError as error:
        print(f"{program}: {error}", file=sys.stderr)
        return 1
    if options.json:
        machine = {"machine": platform.machine(), "system": platform.platform(), "cores": available_cores()}
        versions = {"python": platform.python_version(), "numpy": np.__version__}
        text = json.dumps({**machine, **versions, "rows": rows}, indent=1)
        write_whole(options.json, lambda file: file.write(text.encode()))
    return 0


def _measure(options: argparse.Namespace) -> list[dict[str, Any]]:
    if options.growth:
        return print_growth(options.seconds or 1.0)
    if options.memory_steps:
        return print_over_steps(
            options.networks or ["sample"], options.batches or [128], options.memory_steps
        )
    networks, threads = options.networks or list(NETWORKS), options.threads or [available_cores()]
    if options.profile:
        return print_profiles(networks, options.batches or [128], max(threads), options.seconds or 2.0)
    if options.augmentation:
        return print_augmentation(
            networks, options.batches or [64, 128], max(threads), options.seconds or 4.0
        )
    if options.before:
        return print_before(
            options.before, networks, options.batches or [64, 128], max(threads), options.seconds or 3.0
        )
    batches, compared = options.batches or [32, 64, 128], options.compare == "torch"
    return print_rates(networks, batches, threads, options.seconds or 2.0, compared)


def _options(arguments: Sequence[str] | None, program: str, more: str | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=program,
        description="Measure the engine: images a second, or one of the others.",
        epilog=more,
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--growth", action="store_true", help="cost by channels, kernel and image size")
    which.add_argument("--memory-steps", type=_number, metavar="N", help="memory while it trains N steps")
    which.add_argument("--augmentation", action="store_true", help="what changing the images costs")
    which.add_argument("--profile", action="store_true", help="what a batch's time is made of")
    which.add_argument("--before", type=_checkout, metavar="FOLDER", help="another checkout in turn")
    which.add_argument("--compare", choices=["torch"], help="measure PyTorch in turn, its best layout")
    parser.add_argument("--networks", type=lambda t: t.split(","), metavar="A,B", help=", ".join(NETWORKS))
    parser.add_argument("--batches", type=_numbers, metavar="N,N", help="images a batch")
    parser.add_argument("--threads", type=_numbers, metavar="N,N", help="several are measured in turn")
    parser.add_argument(
        "--seconds", type=seconds_from(0.05), help="for each figure, number of threads and engine"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write all figures to this file")
    options = parser.parse_args(arguments)
    if unknown := [n for n in options.networks or () if n not in NETWORKS]:
        parser.error(f"no network is called {unknown[0]!r}; use {', '.join(NETWORKS)}")
    return options


def seconds_from(low: float) -> Callable[[str], float]:
    """Return an argparse type: so many seconds or more, up to an hour."""

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
        if not low <= value <= 3600:
            raise argparse.ArgumentTypeError(f"{text} is not from {low:g} to 3600")
        return value

    return parse


def _checkout(text: str) -> Path:
    folder = Path(text)
    if not (folder / "cnn_core" / "bench" / "measuring.py").is_file():
        raise argparse.ArgumentTypeError(f"there is no cnn_core/bench/measuring.py in {text}")
    return folder


def _number(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is too small; use 1 or more")
    return number


def _numbers(text: str) -> list[int]:
    return [_number(part) for part in text.split(",")]
