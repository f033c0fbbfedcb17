"""How fast the engine is on this machine: `python -m cnn_core.bench --help`."""

from cnn_core.bench.command import main

__all__ = ["main"]
