"""Labelled images from every source: built in, downloaded, or a person's own files."""

from cnn_core.datasets.csv import from_csv
from cnn_core.datasets.dataset import Dataset
from cnn_core.datasets.folder import find_folder, from_folder, import_folder
from cnn_core.datasets.idx import from_idx
from cnn_core.datasets.images import Found, Import, Problem, collect, propose_shape
from cnn_core.datasets.npz import from_npz, to_npz
from cnn_core.datasets.opening import load, open  # noqa: A004
from cnn_core.datasets.progress import Cancelled, Progress

__all__ = [
    "Cancelled",
    "Dataset",
    "Found",
    "Import",
    "Problem",
    "Progress",
    "collect",
    "find_folder",
    "from_csv",
    "from_folder",
    "from_idx",
    "from_npz",
    "import_folder",
    "load",
    "open",
    "propose_shape",
    "to_npz",
]
