"""cnn-playground bench: how fast this machine trains and classifies; the same as python -m cnn_core.bench."""

from __future__ import annotations

from collections.abc import Sequence


def run(arguments: Sequence[str]) -> int:
    """Measure as the arguments say (--help lists them) and return 0."""
    from cnn_core import bench

    return int(bench.main(list(arguments)) or 0)
