"""This engine against another checkout of it, in turn: what a change has brought."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from cnn_core.bench.child import child
from cnn_core.bench.measuring import Rate
from cnn_core.bench.rates import FIGURES, median_ratio

ROUNDS = 10  # of both in turn; the ratio is taken within a round, and the median counts
HERE = Path(__file__).resolve().parents[2]
# What a checkout is asked to do: say that it is ready, then answer seconds with a rate. Or why it does not.
_PROGRAM = """
import sys
folder, figure, network, batch, threads = sys.argv[1:]
sys.path.insert(0, folder)
try:
    from cnn_core.bench import measuring
    from cnn_core.bench.networks import NETWORKS
    with getattr(measuring, figure)(NETWORKS[network](), int(batch), int(threads)) as rate:
        rate(0.1)
        print("ready", flush=True)
        for seconds in sys.stdin:
            print(rate(float(seconds)), flush=True)
except Exception as error:
    print(f"{type(error).__name__}: {error}", flush=True)
"""


class CheckoutError(Exception):
    """A checkout that does not measure what it is asked to; says which, what and why."""


def print_before(
    folder: Path, networks: Sequence[str], batches: Sequence[int], threads: int, seconds: float
) -> list[dict[str, Any]]:
    """Measure all figures of both, print a line for each, and return the rows.

    `folder` holds another checkout. Raises CheckoutError where one of them cannot be measured.
    """
    print(f"\nRates of {folder} and of {HERE} in turn, {threads} threads, and the median of their ratios")
    print(f"{'network':18}{'batch':>8}  {'figure':14}{'before':>10}{'now':>10}{'now/before':>12}")
    rows = []
    for network in networks:
        for batch in batches:
            for figure in FIGURES:
                before, now = _in_turn(folder, (figure, network, str(batch), str(threads)), seconds)
                row = {"network": network, "batch": batch, "threads": threads, "figure": figure}
                row |= {"before": float(np.median(before)), "now": float(np.median(now))}
                rows.append(row | {"ratio": median_ratio(now, before)})
                print(
                    f"{network:18}{batch:>8}  {figure:14}{row['before']:>10,.0f}{row['now']:>10,.0f}"
                    f"{rows[-1]['ratio']:>11.2f}x",
                    flush=True,
                )
    return rows


def _in_turn(folder: Path, case: Sequence[str], seconds: float) -> tuple[list[float], list[float]]:
    """Return the rates of each round, before and now; each goes first in every second round."""
    before: list[float] = []
    now: list[float] = []
    with ExitStack() as stack:
        sides = [
            (rates, stack.enter_context(_checkout(place, case)))
            for rates, place in ((before, folder), (now, HERE))
        ]
        for _ in range(ROUNDS):
            for rates, rate in sides:
                rates.append(rate(seconds / ROUNDS))
            sides.reverse()
    return before, now


@contextmanager
def _checkout(folder: Path, case: Sequence[str]) -> Iterator[Rate]:
    """Give the rate of a case in a process of its own, which runs the engine in `folder`."""
    figure, network, batch, _ = case

    def unable(answer: str) -> CheckoutError:
        return CheckoutError(
            f"{folder}: its engine does not measure {figure} of {network} at batch {batch} "
            f"({answer.strip() or 'it ended'}); take a newer checkout, or other --networks"
        )

    with child(_PROGRAM, str(folder.resolve()), *case) as process:
        assert process.stdin and process.stdout

        def rate(seconds: float) -> float:
            assert process.stdin and process.stdout
            process.stdin.write(f"{seconds}\n")
            process.stdin.flush()
            answer = process.stdout.readline()
            try:
                return float(answer)
            except ValueError:
                raise unable(answer) from None

        if (answer := process.stdout.readline()) != "ready\n":
            raise unable(answer)
        yield rate
