import dataclasses

import numpy as np
import pytest

from cnn_core.datasets import Dataset
from cnn_core.errors import DatasetError


@pytest.fixture
def dataset() -> Dataset:
    images = np.arange(10, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 3, 1), dtype=np.uint8)
    return Dataset(images, np.arange(10) % 3, ("a", "b", "c"), "made here")


def ids(dataset: Dataset) -> list[int]:
    return dataset.images[:, 0, 0, 0].tolist()


def test_knows_its_length_shape_and_class_counts(dataset: Dataset) -> None:
    assert len(dataset) == 10
    assert dataset.image_shape == (2, 3, 1)
    assert dataset.class_counts.tolist() == [4, 3, 3]
    assert repr(dataset) == "Dataset(10 images 2x3x1, 3 classes, source='made here')"


def test_is_frozen_and_read_only_without_touching_the_arrays_it_was_made_from() -> None:
    images, labels = np.zeros((2, 4, 4, 1), np.uint8), np.zeros(2, np.int64)
    dataset = Dataset(images, labels, ("a",))
    for array in (dataset.images, dataset.labels):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        dataset.source = "x"  # type: ignore[misc]
    assert images.flags.writeable and labels.flags.writeable


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.int64])
def test_labels_of_any_integer_type_become_int64(dtype: type) -> None:
    assert Dataset(np.zeros((1, 1, 1, 1), np.uint8), np.zeros(1, dtype), ("a",)).labels.dtype == np.int64


IMAGES = np.zeros((2, 3, 3, 1), np.uint8)


@pytest.mark.parametrize(
    ("images", "labels", "names", "sentence"),
    [
        (IMAGES.astype(np.float32), [0, 0], ("a",), "float32; expected uint8"),
        (IMAGES[..., 0], [0, 0], ("a",), r"shape \(2, 3, 3\); expected"),
        (IMAGES[:, :0], [0, 0], ("a",), "at least 1"),
        (IMAGES, [0.0, 0.0], ("a",), "one whole number per image"),
        (IMAGES, [[0], [0]], ("a",), "one whole number per image"),
        (IMAGES, [0], ("a",), "2 images but 1 labels"),
        (IMAGES, [0, 2], ("a", "b"), "labels reach from 0 to 2; with 2 classes they must be 0 to 1"),
        (IMAGES, [0, -1], ("a", "b"), "labels reach from -1"),
        (IMAGES, [0, 0], (), "at least one name"),
        (IMAGES, [0, 0], ("a", ""), "none of them empty"),
        (IMAGES, [0, 0], ("a", "b", "a"), "'a' occurs twice"),
    ],
)
def test_parts_that_do_not_fit_are_refused_in_a_sentence(images, labels, names, sentence) -> None:
    with pytest.raises(DatasetError, match=sentence):
        Dataset(images, np.array(labels), names)


@pytest.mark.parametrize("indices", [[3, 1], np.array([3, 1]), slice(3, None, -2)])
def test_subset_takes_the_images_in_the_order_asked(dataset: Dataset, indices) -> None:
    subset = dataset.subset(indices)
    assert ids(subset) == [3, 1] == [int(i) for i in np.arange(10)[indices]]
    assert subset.labels.tolist() == [0, 1]
    assert (subset.class_names, subset.source) == (dataset.class_names, dataset.source)


def test_subset_takes_masks_and_nothing(dataset: Dataset) -> None:
    assert ids(dataset.subset(dataset.labels == 2)) == [2, 5, 8]
    assert len(dataset.subset([])) == 0


@pytest.mark.parametrize("indices", [[10], [-11], np.ones(3, bool)])
def test_subset_outside_the_set_is_refused(dataset: Dataset, indices) -> None:
    with pytest.raises(DatasetError, match="cannot take these images from 10"):
        dataset.subset(indices)


def test_split_holds_out_the_last_images(dataset: Dataset) -> None:
    first, rest = dataset.split(3)
    assert ids(first) == list(range(7)) and ids(rest) == [7, 8, 9]
    assert np.shares_memory(first.images, dataset.images)


@pytest.mark.parametrize("count", [0, 10])
def test_split_may_hold_out_nothing_or_everything(dataset: Dataset, count: int) -> None:
    first, rest = dataset.split(count)
    assert (len(first), len(rest)) == (10 - count, count)


def test_split_with_a_generator_is_random_disjoint_and_repeatable(dataset: Dataset) -> None:
    first, rest = dataset.split(4, np.random.default_rng(1))
    again = dataset.split(4, np.random.default_rng(1))[1]
    assert sorted(ids(first) + ids(rest)) == list(range(10))
    assert ids(rest) == ids(again) != [6, 7, 8, 9]


@pytest.mark.parametrize(
    ("sizes", "count", "expected"),
    [
        ((6,) * 10, 10, [1] * 10),
        ((100, 100, 100), 50, [16, 17, 17]),
        ((90, 9, 1), 20, [18, 2, 0]),
        ((1, 1, 4), 5, [1, 1, 3]),
        ((0, 3, 0), 1, [0, 1, 0]),
    ],
)
def test_split_with_a_generator_holds_out_of_each_class_its_share(sizes, count: int, expected) -> None:
    labels = np.repeat(np.arange(len(sizes)), sizes)
    names = tuple(str(name) for name in range(len(sizes)))
    dataset = Dataset(np.zeros((len(labels), 1, 1, 1), np.uint8), labels, names, "blocks")
    rest = dataset.split(count, np.random.default_rng(0))[1]
    assert sorted(np.bincount(rest.labels, minlength=len(sizes))) == sorted(expected)


@pytest.mark.parametrize("count", [-1, 11])
def test_split_of_more_than_there_is_is_refused(dataset: Dataset, count: int) -> None:
    with pytest.raises(DatasetError, match="0 to 10 are possible"):
        dataset.split(count)


def test_batches_without_a_generator_keep_the_order_and_end_smaller(dataset: Dataset) -> None:
    batches = list(dataset.batches(4))
    assert [len(images) for images, _ in batches] == [4, 4, 2]
    assert np.array_equal(np.concatenate([labels for _, labels in batches]), dataset.labels)


def test_batches_with_a_generator_deliver_each_image_once_with_its_label(dataset: Dataset) -> None:
    batches = list(dataset.batches(3, np.random.default_rng(0)))
    numbers = np.concatenate([images[:, 0, 0, 0] for images, _ in batches])
    assert sorted(numbers) == list(range(10)) and numbers.tolist() != list(range(10))
    assert np.array_equal(np.concatenate([labels for _, labels in batches]), numbers % 3)


def test_shuffled_equals_the_batches_of_an_equal_generator(dataset: Dataset) -> None:
    batches = dataset.batches(10, np.random.default_rng(5))
    assert np.array_equal(next(batches)[0], dataset.shuffled(np.random.default_rng(5)).images)


def test_batches_of_none_are_refused_at_once(dataset: Dataset) -> None:
    with pytest.raises(DatasetError, match="batch_size is 0"):
        dataset.batches(0)
