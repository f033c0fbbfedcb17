"""cnn-playground bench: how fast this machine trains and classifies; with --window, how the window does."""

from __future__ import annotations

from collections.abc import Sequence


def run(arguments: Sequence[str]) -> int:
    """Measure as the arguments say (--help lists them) and return 0."""
    if "--window" in arguments:
        from playground import window_bench

        return window_bench.main(arguments)
    from cnn_core import bench

    return int(bench.main(list(arguments)) or 0)
