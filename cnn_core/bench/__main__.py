"""Entry point of `python -m cnn_core.bench`."""

import sys

from cnn_core.bench.command import main

if __name__ == "__main__":
    sys.exit(main())
