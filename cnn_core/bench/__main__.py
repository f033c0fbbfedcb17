"""Entry point of `python -m cnn_core.bench`."""

import sys

from cnn_core.bench.command import PROGRAM, main
from cnn_core.ending import ended

if __name__ == "__main__":
    sys.exit(ended(PROGRAM, main))
