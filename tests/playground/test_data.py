"""A data choice becomes images to train on and images held out."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QImage

import cnn_core as cnn
from playground import data


def save(path: Path, labels: np.ndarray) -> str:
    images = np.zeros((len(labels), 4, 4, 1), np.uint8)
    images[:, 0, 0, 0] = np.arange(len(labels)) % 256
    cnn.datasets.to_npz(cnn.Dataset(images, labels, ("a", "b", "c"), "test"), path)
    return str(path)


def test_one_image_in_six_at_the_end_is_held_out(tmp_path: Path) -> None:
    found = data.read(save(tmp_path / "mixed.npz", np.arange(60) % 3))
    assert (len(found.train), len(found.validation)) == (50, 10)
    assert found.validation.images[0, 0, 0, 0] == 50
    assert found.name == "mixed.npz"


def test_a_file_sorted_by_class_loses_no_class(tmp_path: Path) -> None:
    found = data.read(save(tmp_path / "sorted.npz", np.repeat(np.arange(3), 40)))
    assert set(found.train.labels) == {0, 1, 2}
    assert set(found.validation.labels) == {0, 1, 2}


def test_a_single_image_cannot_be_trained_on(tmp_path: Path) -> None:
    with pytest.raises(cnn.DatasetError, match="needs at least 2"):
        data.read(save(tmp_path / "one.npz", np.zeros(1, np.int64)))


def test_what_is_not_there_is_named() -> None:
    with pytest.raises(cnn.DatasetError, match="nowhere"):
        data.read("nowhere")


def test_a_folder_of_class_folders_is_read_with_its_images(qapp: object, tmp_path: Path) -> None:
    for name in ("cat", "dog"):
        folder = tmp_path / "animals" / name
        folder.mkdir(parents=True)
        for number in range(6):
            image = QImage(6, 5, QImage.Format.Format_Grayscale8)
            image.fill(20 * number)
            assert image.save(str(folder / f"{number}.png"))
    found = data.read(str(tmp_path / "animals"))
    assert found.train.class_names == ("cat", "dog")
    assert len(found.train) + len(found.validation) == 12


def test_well_known_names_are_offered_with_their_titles() -> None:
    assert data.NAMED["mnist"] == "MNIST"
    assert next(iter(data.NAMED)) == data.BUILT_IN
