"""Labelled images from every source: built in, downloaded, or a person's own files."""

from cnn_core.datasets.dataset import Dataset
from cnn_core.datasets.idx import from_idx
from cnn_core.datasets.npz import from_npz, to_npz
from cnn_core.datasets.opening import load, open  # noqa: A004
from cnn_core.datasets.progress import Cancelled, Progress

__all__ = ["Cancelled", "Dataset", "Progress", "from_idx", "from_npz", "load", "open", "to_npz"]
