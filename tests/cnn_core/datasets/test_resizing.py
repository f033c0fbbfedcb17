import tracemalloc

import numpy as np
import pytest

from cnn_core.datasets.resizing import fit, is_gray
from cnn_core.errors import DatasetError


def picture(height: int, width: int, channels: int = 1) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, channels), dtype=np.uint8)


def test_the_same_size_passes_unchanged() -> None:
    image = picture(5, 7, 3)
    assert fit(image, (5, 7, 3)) is image


def test_shrinking_by_a_whole_number_takes_means() -> None:
    image = picture(12, 20, 3)
    means = image.reshape(3, 4, 5, 4, 3).mean(axis=(1, 3))
    assert np.array_equal(fit(image, (3, 5, 3)), np.rint(means))


def test_shrinking_by_a_fraction_weighs_the_pixels_by_their_share() -> None:
    image = np.array([[0, 90, 180]], np.uint8)
    assert fit(image, (1, 2, 1), "stretch")[0, :, 0].tolist() == [30, 150]


def test_growing_is_linear_between_neighbours() -> None:
    image = np.array([[0, 100]], np.uint8)
    assert fit(image, (1, 4, 1), "stretch")[0, :, 0].tolist() == [0, 25, 75, 100]


def test_every_size_keeps_an_even_picture_even() -> None:
    for shape in ((1, 1, 3), (9, 4, 3), (64, 64, 3)):
        assert (fit(np.full((13, 31, 3), 77, np.uint8), shape, "stretch") == 77).all()


def test_large_pictures_give_what_small_bands_give(monkeypatch) -> None:
    image = picture(50, 30, 3)
    whole = fit(image, (7, 9, 3))
    monkeypatch.setattr("cnn_core.datasets.resizing._BAND_VALUES", 30 * 7)
    assert np.abs(whole.astype(int) - fit(image, (7, 9, 3))).max() <= 1


def test_keep_shows_the_whole_picture_and_fills_with_the_colour_of_its_edge() -> None:
    image = np.full((4, 8, 1), 200, np.uint8)
    image[1:3, 1:7] = 50
    fitted = fit(image, (8, 8, 1), "keep")[..., 0]
    assert (fitted[:2] == 200).all() and (fitted[6:] == 200).all()
    assert np.array_equal(fitted[2:6], image[..., 0])


def test_crop_takes_the_largest_middle_part() -> None:
    image = picture(4, 10)
    assert np.array_equal(fit(image, (4, 4, 1), "crop"), image[:, 3:7])


def test_stretch_uses_the_whole_picture() -> None:
    image = np.repeat(picture(4, 4), 3, axis=1)
    assert np.array_equal(fit(image, (4, 4, 1), "stretch"), picture(4, 4))


@pytest.mark.parametrize("size", [(1, 1000), (1000, 1), (1, 1), (3, 2)])
@pytest.mark.parametrize("aspect", ["keep", "crop", "stretch"])
def test_extreme_sizes_give_the_asked_shape(size: tuple[int, int], aspect) -> None:
    assert fit(picture(*size), (28, 20, 3), aspect).shape == (28, 20, 3)


def test_gray_and_colour_are_changed_into_each_other() -> None:
    red = np.zeros((2, 2, 3), np.uint8)
    red[..., 0] = 100
    assert (fit(red, (2, 2, 1)) == 30).all()
    assert np.array_equal(fit(picture(2, 2), (2, 2, 3)), np.repeat(picture(2, 2), 3, axis=2))
    assert is_gray(np.repeat(picture(2, 2), 3, axis=2)) and not is_gray(red)


def test_transparent_parts_are_laid_on_white() -> None:
    image = np.zeros((1, 3, 4), np.uint8)
    image[0, :, 3] = [0, 128, 255]
    assert fit(image, (1, 3, 1))[0, :, 0].tolist() == [255, 127, 0]


@pytest.mark.parametrize(
    ("image", "sentence"),
    [
        (None, "is not a picture of bytes"),
        (np.zeros((2, 2), np.float32), "is not a picture of bytes"),
        (np.zeros((2, 2, 2, 2), np.uint8), "is not a picture of bytes"),
        (np.zeros((2, 2, 2), np.uint8), "expected 1, 3 or 4 channels"),
        (np.zeros((0, 2, 3), np.uint8), "at least one pixel"),
        (np.zeros((70_000, 1), np.uint8), "is 1 x 70,000 pixels"),
    ],
)
def test_what_is_no_picture_is_refused(image, sentence: str) -> None:
    with pytest.raises(DatasetError, match=sentence):
        fit(image, (2, 2, 1))


def test_other_numbers_of_channels_are_refused() -> None:
    with pytest.raises(DatasetError, match="1 or 3 channels, not 2"):
        fit(picture(4, 4, 3), (4, 4, 2))


def test_a_huge_picture_takes_little_memory_beside_itself() -> None:
    image = np.zeros((6000, 5000, 3), np.uint8)
    tracemalloc.start()
    fit(image, (32, 32, 3))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < image.nbytes / 2
