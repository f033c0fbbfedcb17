"""cnn-playground bench: how fast this machine trains and classifies; with --window, how the window does."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from playground import screen


def run(arguments: Sequence[str]) -> int:
    """Measure as the arguments say (--help lists them) and return 0."""
    if "--window" in arguments:
        if screen.is_absent():
            print("no screen here: measured off screen", file=sys.stderr)
            os.environ["QT_QPA_PLATFORM"] = "offscreen"
        from playground import window_bench

        return window_bench.main(arguments)
    from cnn_core import bench

    more = "How the window holds up while it trains: cnn-playground bench --window --help"
    return bench.main(arguments, "cnn-playground bench", more)
