"""The collection of drawings a person named: kept, taken out, written, read, exported."""

from pathlib import Path

import numpy as np
import pytest

import cnn_core as cnn
from playground import my_drawings
from playground.image_reading import read_image
from playground.my_drawings import EMPTY, Edit, MyDrawings


def drawing(value: int) -> np.ndarray:
    image = np.zeros(my_drawings.SHAPE, np.uint8)
    image[5:20, value % 20] = 200
    return image


@pytest.fixture
def few() -> MyDrawings:
    """A 7, a star and another 7."""
    return EMPTY.with_drawing(drawing(1), "7").with_drawing(drawing(2), "star").with_drawing(drawing(3), "7")


def test_a_kept_drawing_is_last_and_can_be_taken_out_again(few: MyDrawings) -> None:
    more = few.with_drawing(drawing(4), "moon")
    assert more.names == ("7", "star", "7", "moon")
    back = more.without(drawing(4), "moon")
    assert back.names == few.names
    assert np.array_equal(back.images, few.images)


def test_of_equal_drawings_the_newest_is_taken_out(few: MyDrawings) -> None:
    twice = few.with_drawing(drawing(1), "7")
    assert twice.without(drawing(1), "7").names == few.names
    assert few.without(drawing(9), "7") is few


def test_a_drawing_comes_back_where_it_was(few: MyDrawings) -> None:
    again = few.without(drawing(2), "star").with_drawing(drawing(2), "star", 1)
    assert again.names == few.names
    assert np.array_equal(again.images, few.images)


def test_a_step_is_undone_by_its_way_back_place_included(few: MyDrawings) -> None:
    for step in (Edit(drawing(5), "moon"), Edit(drawing(2), "star", add=False, position=1)):
        changed = step.taken(few)
        assert changed.names != few.names
        assert step.back().taken(changed).names == few.names


def test_a_drawing_is_found_with_the_class_it_is_kept_as(few: MyDrawings) -> None:
    assert few.class_of(drawing(2)) == "star"
    assert few.class_of(drawing(9)) is None
    assert few.with_drawing(drawing(2), "moon").class_of(drawing(2)) == "moon"
    assert EMPTY.class_of(drawing(1)) is None


def test_known_classes_keep_their_numbers_and_new_ones_follow(few: MyDrawings) -> None:
    digits = tuple("0123456789")
    data = few.dataset(digits)
    assert data.class_names == (*digits, "star")
    assert data.labels.tolist() == [7, 10, 7]


def test_classes_of_something_else_are_not_taken_over(few: MyDrawings) -> None:
    assert few.dataset(("shoe", "bag")).class_names == ("7", "star")


def test_without_a_drawing_there_is_no_data() -> None:
    with pytest.raises(cnn.DatasetError, match="no drawings of yours yet"):
        EMPTY.dataset()


def test_what_is_written_is_read_again(few: MyDrawings, tmp_path: Path) -> None:
    path = tmp_path / "new" / "my-drawings.npz"
    assert len(my_drawings.read(path)) == 0
    my_drawings.write(path, few)
    again = my_drawings.read(path)
    assert again.names == few.names
    assert np.array_equal(again.images, few.images)
    assert [child.name for child in path.parent.iterdir()] == [path.name]
    my_drawings.write(path, EMPTY)
    assert len(my_drawings.read(path)) == 0


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 cut off"])
def test_a_damaged_file_is_refused_and_set_aside_whole(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "my-drawings.npz"
    path.write_bytes(content)
    with pytest.raises(cnn.DatasetError, match=r"my-drawings\.npz"):
        my_drawings.read(path)
    aside = my_drawings.set_aside(path)
    path.write_bytes(content)
    assert my_drawings.set_aside(path) != aside
    assert aside.read_bytes() == content
    assert not path.exists()


def test_images_of_another_size_are_not_taken_for_drawings(tmp_path: Path) -> None:
    path = tmp_path / "my-drawings.npz"
    cnn.datasets.to_npz(cnn.Dataset(np.ones((2, 8, 8, 1), np.uint8), np.array([0, 1]), ("a", "b")), path)
    with pytest.raises(cnn.DatasetError, match="28 x 28"):
        my_drawings.read(path)


@pytest.mark.parametrize(
    ("text", "name"), [("  7 ", "7"), ("a\n b", "a b"), ("cafe\u0301", "café"), ("☆", "☆")]
)
def test_class_names_are_one_normalised_line(text: str, name: str) -> None:
    assert my_drawings.clean_name(text) == name


@pytest.mark.parametrize("text", ["", "  \n", "\x00", "x" * 41])
def test_names_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(cnn.DatasetError, match="name"):
        my_drawings.clean_name(text)


def test_the_number_of_classes_has_a_limit(few: MyDrawings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(my_drawings, "MOST_CLASSES", 2)
    assert len(few.with_drawing(drawing(1), "7")) == 4
    with pytest.raises(cnn.DatasetError, match="2 classes"):
        few.with_drawing(drawing(1), "third")


def test_an_exported_folder_opens_as_data_again(qapp: object, few: MyDrawings, tmp_path: Path) -> None:
    folder = my_drawings.export_folder(few, tmp_path)
    found = cnn.datasets.from_folder(folder, read_image)
    assert found.image_shape == my_drawings.SHAPE
    assert found.class_names == ("7", "star")
    assert found.class_counts.tolist() == [2, 1]
    assert my_drawings.export_folder(few, tmp_path) != folder


def test_any_class_name_becomes_a_folder_within_the_target(qapp: object, tmp_path: Path) -> None:
    drawings = EMPTY
    for name in ("..", "a/b", "A:B", "a:b", "con", ".hidden", "x."):
        drawings = drawings.with_drawing(drawing(1), name)
    folder = my_drawings.export_folder(drawings, tmp_path / "out")
    assert [child.name for child in tmp_path.iterdir()] == ["out"]
    assert len(list(folder.iterdir())) == 7
    assert len(list(folder.glob("*/*.png"))) == 7
