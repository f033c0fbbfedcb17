"""Labelled images from every source: built in, downloaded, or a person's own files."""

from cnn_core.datasets import digits
from cnn_core.datasets.csv import from_csv
from cnn_core.datasets.dataset import Dataset, join
from cnn_core.datasets.folder import find_folder, from_folder, import_folder
from cnn_core.datasets.idx import from_idx
from cnn_core.datasets.images import Found, Import, Problem, collect, propose_shape
from cnn_core.datasets.npz import from_npz, to_npz
from cnn_core.datasets.opening import ACCEPTED, load, open  # noqa: A004
from cnn_core.datasets.progress import Cancelled, OnProgress
from cnn_core.datasets.zipped import ReadImage, find_zip, from_zip, import_zip

__all__ = [
    "ACCEPTED",
    "Cancelled",
    "Dataset",
    "Found",
    "Import",
    "OnProgress",
    "Problem",
    "ReadImage",
    "collect",
    "digits",
    "find_folder",
    "find_zip",
    "from_csv",
    "from_folder",
    "from_idx",
    "from_npz",
    "from_zip",
    "import_folder",
    "import_zip",
    "join",
    "load",
    "open",
    "propose_shape",
    "to_npz",
]
