"""Image files: grey and coloured pixels exactly, transparency on white, bad files named in a sentence."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QColor, QImage

import cnn_core as cnn
from playground import image_reading
from playground.image_reading import read_image


def save(image: QImage, path: Path) -> Path:
    assert image.save(str(path))
    return path


@pytest.mark.parametrize("suffix", ["png", "bmp"])
def test_grey_pixels_arrive_as_they_are(qapp: object, tmp_path: Path, suffix: str) -> None:
    pixels = np.arange(7 * 5, dtype=np.uint8).reshape(5, 7)
    image = QImage(pixels.tobytes(), 7, 5, 7, QImage.Format.Format_Grayscale8)
    found = read_image(save(image, tmp_path / f"grey.{suffix}"))
    assert np.array_equal(found, pixels[:, :, None])


def test_colours_arrive_as_red_green_blue(qapp: object, tmp_path: Path) -> None:
    image = QImage(3, 2, QImage.Format.Format_RGB32)
    image.fill(QColor(10, 200, 30))
    found = read_image(save(image, tmp_path / "colour.png"))
    assert found.shape == (2, 3, 3)
    assert found[0, 0].tolist() == [10, 200, 30]


def test_transparent_parts_are_white(qapp: object, tmp_path: Path) -> None:
    image = QImage(2, 1, QImage.Format.Format_ARGB32)
    image.fill(QColor(0, 0, 0, 0))
    image.setPixelColor(1, 0, QColor(255, 0, 0, 255))
    found = read_image(save(image, tmp_path / "clear.png"))
    assert found.tolist() == [[[255, 255, 255], [255, 0, 0]]]


def test_the_bytes_of_a_file_are_read_like_the_file(qapp: object, tmp_path: Path) -> None:
    image = QImage(3, 2, QImage.Format.Format_RGB32)
    image.fill(QColor(10, 200, 30))
    path = save(image, tmp_path / "colour.png")
    assert np.array_equal(read_image(path.read_bytes()), read_image(path))
    with pytest.raises(cnn.DatasetError, match="not an image"):
        read_image(b"nothing")


@pytest.mark.parametrize("content", [b"", b"not an image", b"\x89PNG\r\n\x1a\n broken"])
def test_what_is_no_image_is_refused_by_name(qapp: object, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "strange.png"
    path.write_bytes(content)
    with pytest.raises(cnn.DatasetError, match=r"strange\.png"):
        read_image(path)


def test_a_cut_off_image_is_refused(qapp: object, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (50, 50), dtype=np.uint8)
    path = save(QImage(noise.tobytes(), 50, 50, 50, QImage.Format.Format_Grayscale8), tmp_path / "cut.png")
    path.write_bytes(path.read_bytes()[:400])
    with pytest.raises(cnn.DatasetError, match=r"cut\.png"):
        read_image(path)


def test_a_missing_file_is_named(qapp: object, tmp_path: Path) -> None:
    with pytest.raises(cnn.DatasetError, match="no such file"):
        read_image(tmp_path / "nothing.png")


def test_more_pixels_than_the_limit_are_not_decoded(
    qapp: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image_reading, "LARGEST_IMAGE", 99)
    image = QImage(10, 10, QImage.Format.Format_Grayscale8)
    image.fill(0)
    with pytest.raises(cnn.DatasetError, match="10 x 10 pixels are too many; at most 99"):
        read_image(save(image, tmp_path / "large.png"))


def test_pixels_of_sixteen_bits_a_colour_are_read_up_to_half_the_limit(
    qapp: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image_reading, "LARGEST_IMAGE", 100)
    deep, usual = (QImage(10, 6, form) for form in (QImage.Format.Format_RGBA64, QImage.Format.Format_RGB32))
    for image in (deep, usual):
        image.fill(QColor(10, 200, 30, 128))
    assert read_image(save(usual, tmp_path / "usual.png")).shape == (6, 10, 3)
    told = r"deep\.png: 10 x 6 pixels are too many; at most 50 of 64 bits are read; make it smaller"
    with pytest.raises(cnn.DatasetError, match=told):
        read_image(save(deep, tmp_path / "deep.png"))


@pytest.mark.parametrize("suffix", ["png", "jpg", "bmp", "tif"])
def test_a_picture_is_scaled_down_to_the_longest_side_asked_for(
    qapp: object, tmp_path: Path, suffix: str
) -> None:
    image = QImage(64, 32, QImage.Format.Format_RGB32)
    image.fill(QColor(10, 200, 30))
    path = save(image, tmp_path / f"large.{suffix}")
    assert read_image(path, 64).shape == (32, 64, 3)
    found = read_image(path, 16)
    assert found.shape == (8, 16, 3)
    assert np.abs(found.astype(int) - [10, 200, 30]).max() <= 3


def test_a_picture_much_longer_than_wide_keeps_a_pixel_of_its_width(qapp: object, tmp_path: Path) -> None:
    image = QImage(3000, 1, QImage.Format.Format_Grayscale8)
    image.fill(7)
    assert read_image(save(image, tmp_path / "line.png"), 10).shape == (1, 10, 1)


def test_transparent_parts_take_little_memory_beside_the_pixels(
    qapp: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image_reading, "_BAND", 1 << 12)
    image = QImage(1000, 1000, QImage.Format.Format_ARGB32)
    image.fill(QColor(10, 200, 30, 128))
    tracemalloc.start()
    try:
        pixels = image_reading.to_array(image)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert pixels.nbytes == 3_000_000 and peak < 3_300_000
