"""Small data files made by the tests themselves."""

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest


def _idx_bytes(array: np.ndarray) -> bytes:
    sizes = b"".join(side.to_bytes(4, "big") for side in array.shape)
    return bytes([0, 0, 0x08, array.ndim]) + sizes + array.tobytes()


@pytest.fixture
def idx_bytes() -> Callable[[np.ndarray], bytes]:
    """The content of an IDX file for a uint8 array."""
    return _idx_bytes


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (12, 5, 4), dtype=np.uint8)


@pytest.fixture
def labels() -> np.ndarray:
    return np.arange(12, dtype=np.uint8) % 3


@pytest.fixture
def idx_pair(tmp_path: Path, images: np.ndarray, labels: np.ndarray) -> Callable[..., tuple[Path, Path]]:
    """Writes an IDX pair, each file optionally replaced by other bytes or gzipped."""

    def write(
        images_bytes: bytes | None = None, labels_bytes: bytes | None = None, zipped: bool = False
    ) -> tuple[Path, Path]:
        contents = {
            "train-images-idx3-ubyte": _idx_bytes(images) if images_bytes is None else images_bytes,
            "train-labels-idx1-ubyte": _idx_bytes(labels) if labels_bytes is None else labels_bytes,
        }
        for name, data in contents.items():
            (tmp_path / name).write_bytes(gzip.compress(data) if zipped else data)
        first, second = contents
        return tmp_path / first, tmp_path / second

    return write
