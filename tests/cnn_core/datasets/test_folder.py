import sys
import unicodedata
from pathlib import Path

import numpy as np
import pytest

from cnn_core.datasets import Cancelled, find_folder, from_folder, import_folder, propose_shape, reading
from cnn_core.datasets import folder as folder_module
from cnn_core.errors import DatasetError


def read_image(path: Path) -> np.ndarray:
    """Stands for the window's reader: the "images" of these tests are NumPy arrays under image names."""
    try:
        return np.load(path, allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise DatasetError(f"{path.name}: the image is damaged ({error})") from None


def put(path: Path, value: int = 0, size: tuple[int, ...] = (4, 4)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        np.save(file, np.full(size, value, np.uint8))


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    for i in range(6):
        put(tmp_path / "pets" / "cats" / f"{i}.png", i)
        put(tmp_path / "pets" / "dogs" / f"{i}.JPG", 100 + i)
    return tmp_path / "pets"


def reasons(path: Path) -> dict[str, str]:
    return {problem.name: problem.reason for problem in import_folder(path, read_image).problems}


def test_class_folders_become_classes(pets: Path) -> None:
    dataset = from_folder(pets, read_image)
    assert dataset.class_names == ("cats", "dogs")
    assert dataset.class_counts.tolist() == [6, 6]
    assert ((dataset.images[:, 0, 0, 0] >= 100) == (dataset.labels == 1)).all()
    assert (dataset.image_shape, dataset.source) == ((4, 4, 1), "pets")


def test_images_are_mixed_in_an_order_that_is_always_the_same(pets: Path) -> None:
    first, second = from_folder(pets, read_image), from_folder(pets, read_image)
    assert np.array_equal(first.images, second.images)
    assert 0 < first.split(4)[1].labels.sum() < 4


def test_classes_are_in_natural_order(tmp_path: Path) -> None:
    for name in ("10", "9", "b", "A", "größe", "数字"):
        put(tmp_path / name / "1.png")
    assert from_folder(tmp_path, read_image).class_names == ("9", "10", "A", "b", "größe", "数字")


def test_train_and_test_folders_are_told_apart(pets: Path, tmp_path: Path) -> None:
    for split, count in (("train", 3), ("test", 2)):
        for i in range(count):
            put(tmp_path / "set" / split / "cats" / f"{i}.png")
    assert len(from_folder(tmp_path / "set", read_image)) == 3
    assert len(from_folder(tmp_path / "set", read_image, split="test")) == 2
    with pytest.raises(DatasetError, match="pets: holds no folder 'test'"):
        from_folder(pets, read_image, split="test")


@pytest.mark.parametrize(("train", "test"), [("Train", "Test"), ("training", "testing"), ("TRAIN", "TEST")])
def test_the_folders_of_a_split_may_be_called_so(tmp_path: Path, train: str, test: str) -> None:
    for folder, count in ((train, 3), (test, 2), ("valid", 1)):
        for i in range(count):
            put(tmp_path / "set" / folder / "cats" / f"{i}.png")
    found = import_folder(tmp_path / "set", read_image)
    assert found.dataset.class_names == ("cats",) and len(found.dataset) == 3
    assert sorted(map(str, found.problems)) == sorted(
        f"{name}: lies beside {train} and is not read" for name in (test, "valid")
    )
    assert len(from_folder(tmp_path / "set", read_image, split="test")) == 2


def test_class_folders_are_found_below_one_outer_folder(pets: Path, tmp_path: Path) -> None:
    outer = tmp_path / "unpacked"
    outer.mkdir()
    pets.rename(outer / "pets")
    (outer / "readme.txt").write_text("hello")
    assert from_folder(outer, read_image).class_names == ("cats", "dogs")
    with pytest.raises(DatasetError, match="pets: holds no folder 'test'"):
        from_folder(outer, read_image, split="test")
    put(outer / "pets" / "test" / "cats" / "1.png")
    assert len(from_folder(outer, read_image, split="test")) == 1


def test_a_single_class_is_no_outer_folder(tmp_path: Path) -> None:
    put(tmp_path / "cats" / "1.png")
    put(tmp_path / "cats" / "more" / "2.png")
    result = import_folder(tmp_path, read_image)
    assert result.dataset.class_names == ("cats",)
    assert str(result.problems[0]) == "cats/more: is a folder within a class folder, not read"


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_link_is_no_outer_folder(pets: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "pets").symlink_to(pets)
    with pytest.raises(DatasetError, match="empty/pets: is a link that leads nowhere or outside the folder"):
        from_folder(tmp_path / "empty", read_image)


def test_what_is_found_is_known_before_any_image_is_read(pets: Path) -> None:
    def never(path: Path) -> np.ndarray:
        raise AssertionError(path)

    found = find_folder(pets, never)
    assert found.class_counts == {"cats": 6, "dogs": 6} and found.problems == ()
    assert found.files[0].name == "cats/0.png"


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([(28, 28)] * 3, (28, 28, 1)),
        ([(28, 28), (28, 28), (30, 30)], (28, 28, 1)),
        ([(20, 30), (30, 20), (10, 10)], (64, 64, 1)),
        ([(300, 400, 1)] * 3, (48, 64, 1)),
        ([(5000, 1)] * 3, (64, 1, 1)),
    ],
)
def test_the_usual_size_is_proposed_and_large_ones_reduced(tmp_path: Path, sizes, expected) -> None:
    for i, size in enumerate(sizes):
        put(tmp_path / "a" / f"{i}.png", size=size)
    assert propose_shape(find_folder(tmp_path, read_image)) == expected
    assert from_folder(tmp_path, read_image).image_shape == expected


def test_colour_is_proposed_as_soon_as_one_image_has_it(tmp_path: Path) -> None:
    put(tmp_path / "a" / "gray.png", size=(8, 8, 3))
    assert propose_shape(find_folder(tmp_path, read_image)) == (8, 8, 1)
    with (tmp_path / "a" / "red.png").open("wb") as file:
        np.save(file, np.full((8, 8, 3), [200, 0, 0], np.uint8))
    assert propose_shape(find_folder(tmp_path, read_image)) == (8, 8, 3)


def test_a_given_shape_holds_for_all_and_the_stored_sizes_are_counted(tmp_path: Path) -> None:
    put(tmp_path / "a" / "1.png", size=(10, 20))
    put(tmp_path / "a" / "2.png", size=(30, 9, 3))
    result = import_folder(tmp_path, read_image, image_shape=(12, 16, 3), aspect="crop")
    assert result.dataset.image_shape == (12, 16, 3)
    assert result.sizes == {(10, 20, 1): 1, (30, 9, 3): 1}


def test_files_that_cannot_be_read_are_left_out_with_their_reason(pets: Path) -> None:
    (pets / "cats" / "broken.png").write_bytes(b"not an image")
    (pets / "cats" / "empty.png").write_bytes(b"")
    put(pets / "dogs" / "strange.png", size=(3, 3, 3, 3))
    found = reasons(pets)
    assert list(found) == ["cats/broken.png", "cats/empty.png", "dogs/strange.png"]
    assert found["cats/broken.png"].startswith("the image is damaged")
    assert found["cats/empty.png"].startswith("the image is damaged")
    assert found["dogs/strange.png"].startswith("is not a picture")
    assert len(from_folder(pets, read_image)) == 12


def test_everything_else_out_of_place_is_named(pets: Path) -> None:
    (pets / "readme.txt").write_text("hello")
    (pets / "cats" / "notes.txt").write_text("hello")
    put(pets / "cats" / "more" / "7.png")
    (pets / "birds").mkdir()
    (pets / "fish").mkdir()
    (pets / "fish" / "1.png").write_bytes(b"broken")
    (pets / "cats" / ".DS_Store").write_bytes(b"")
    (pets / "dogs" / "Thumbs.db").write_bytes(b"")
    found = reasons(pets)
    assert found["readme.txt"] == "lies outside the class folders"
    assert found["cats/notes.txt"].startswith("is not named as an image")
    assert found["cats/more"] == "is a folder within a class folder, not read"
    assert found["birds"] == "holds no images; the class is left out"
    assert found["fish"] == "none of its images can be read; the class is left out"
    assert set(found) == {"readme.txt", "cats/notes.txt", "cats/more", "birds", "fish", "fish/1.png"}
    assert from_folder(pets, read_image).class_names == ("cats", "dogs")


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_links_leading_outside_or_nowhere_are_not_followed(pets: Path, tmp_path: Path) -> None:
    put(tmp_path / "secret" / "1.png", 222)
    (pets / "outside").symlink_to(tmp_path / "secret")
    (pets / "cats" / "outside.png").symlink_to(tmp_path / "secret" / "1.png")
    (pets / "cats" / "nowhere.png").symlink_to(tmp_path / "nothing")
    (pets / "cats" / "circle.png").symlink_to(pets / "cats" / "circle.png")
    (pets / "cats" / "inside.png").symlink_to(pets / "cats" / "0.png")
    result = import_folder(pets, read_image)
    names = {problem.name for problem in result.problems}
    assert names == {"pets/outside", "cats/outside.png", "cats/nowhere.png", "cats/circle.png"}
    assert len(result.dataset) == 13 and 222 not in result.dataset.images


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="their file systems know only Unicode")
def test_undecodable_names_are_read_and_can_be_printed(tmp_path: Path) -> None:
    put(tmp_path / "caf\udce9" / "1.png")
    put(tmp_path / "line\nbreak" / "1.png")
    put(tmp_path / "line\nbreak" / "\udcff.txt")
    (tmp_path / "line\nbreak" / "\udcff.png").write_bytes(b"broken")
    result = import_folder(tmp_path, read_image)
    assert result.dataset.class_names == ("caf\\udce9", "line\\nbreak")
    assert str(result.problems[0]).startswith("line\\nbreak/\\udcff.png: the image is damaged")
    str(result.problems[1]).encode("utf-8")


@pytest.mark.skipif(sys.platform == "darwin", reason="its file system makes both spellings one name")
def test_two_spellings_of_one_name_are_one_class(tmp_path: Path) -> None:
    for form in ("NFC", "NFD"):
        put(tmp_path / unicodedata.normalize(form, "café") / "1.png")
    result = import_folder(tmp_path, read_image)
    assert result.dataset.class_names == ("café",) and len(result.dataset) == 2
    assert "both are one class" in result.problems[0].reason


@pytest.mark.skipif(sys.platform in ("darwin", "win32"), reason="its file system makes both one name")
def test_names_alike_but_for_case_are_two_classes_and_that_is_said_of_words(tmp_path: Path) -> None:
    for name in ("cat", "Cat", "a", "A"):
        put(tmp_path / name / "1.png")
    result = import_folder(tmp_path, read_image)
    assert set(result.dataset.class_names) == {"cat", "Cat", "a", "A"}
    assert len(result.problems) == 1
    assert "by large and small letters alone" in result.problems[0].reason


def test_more_classes_than_can_be_told_apart_are_refused(pets: Path, monkeypatch) -> None:
    monkeypatch.setattr(reading, "MAX_CLASSES", 2)
    assert from_folder(pets, read_image).class_names == ("cats", "dogs")
    put(pets / "emus" / "1.png")
    with pytest.raises(DatasetError, match="there are more than 2 class folders; use a part of them"):
        from_folder(pets, read_image)


def test_nothing_to_read_is_an_error_that_says_why(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no images found in class folders"):
        from_folder(tmp_path, read_image)
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "1.png").write_bytes(b"broken")
    with pytest.raises(DatasetError, match=r"none of its images can be read; a/1.png: the image is damaged"):
        from_folder(tmp_path, read_image)
    with pytest.raises(DatasetError, match="none of its images can be read"):
        from_folder(tmp_path, read_image, image_shape=(4, 4, 1))
    with pytest.raises(DatasetError, match=r"1.png: a folder of class folders was expected"):
        from_folder(tmp_path / "a" / "1.png", read_image)


def test_too_much_for_memory_is_refused_before_reading(pets: Path, monkeypatch) -> None:
    monkeypatch.setattr(reading, "MAX_BYTES", 100)
    with pytest.raises(DatasetError, match="pets: 12 images of 4x4x1 would take"):
        from_folder(pets, read_image)
    monkeypatch.setattr(folder_module, "MAX_FILES", 5)
    with pytest.raises(DatasetError, match="holds more than 5 images"):
        from_folder(pets, read_image)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [({"aspect": "squash"}, "no aspect 'squash'"), ({"image_shape": (4, 4, 2)}, "has 2 channels; use 1")],
)
def test_wrong_settings_are_refused(pets: Path, settings: dict, sentence: str) -> None:
    with pytest.raises(DatasetError, match=sentence):
        from_folder(pets, read_image, **settings)


def test_progress_counts_to_the_end_and_can_cancel(pets: Path) -> None:
    steps: list[tuple[int, int | None]] = []
    from_folder(pets, read_image, progress=lambda done, total: steps.append((done, total)))
    assert steps[-1] == (12, 12) and sorted({done for done, total in steps if total}) == list(range(13))
    with pytest.raises(Cancelled):
        from_folder(pets, read_image, progress=lambda done, total: done < 3)
