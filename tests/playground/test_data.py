"""A data choice becomes images to train on and images held out."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QImage

import cnn_core as cnn
from cnn_core.datasets.catalog import CATALOG
from playground import data, my_drawings
from playground.my_drawings import EMPTY, MyDrawings


def save(path: Path, labels: np.ndarray) -> str:
    images = np.zeros((len(labels), 4, 4, 1), np.uint8)
    images[:, 0, 0, 0] = np.arange(len(labels)) % 256
    cnn.datasets.to_npz(cnn.Dataset(images, labels, ("a", "b", "c"), "test"), path)
    return str(path)


def test_one_image_in_six_at_the_end_is_held_out(tmp_path: Path) -> None:
    found = data.read(save(tmp_path / "mixed.npz", np.arange(600) % 3))
    assert (len(found.train), len(found.validation)) == (500, 100)
    assert found.validation.images[:, 0, 0, 0].tolist() == [number % 256 for number in range(500, 600)]
    assert found.name == "mixed.npz"


@pytest.mark.parametrize(
    "labels",
    [
        np.repeat([0, 1, 2], 200),
        np.repeat([2, 0, 1], 200),
        np.repeat([0, 1, 2, 0, 1, 2], 100),
        np.random.default_rng(1).permutation(np.repeat([0, 1, 2], 6)),
    ],
    ids=["sorted", "in blocks", "two sorted parts", "small classes"],
)
def test_of_each_class_its_share_is_held_out_where_the_last_images_would_not_do(
    tmp_path: Path, labels: np.ndarray
) -> None:
    found = data.read(save(tmp_path / "blocks.npz", labels))
    assert len(found.validation) == len(labels) // 6
    counts = np.bincount(found.validation.labels)
    assert len(counts) == 3 and np.ptp(counts) <= 1


def test_a_rare_class_at_the_end_is_held_out_by_its_share_however_large_another_is(tmp_path: Path) -> None:
    labels = np.repeat([0, 1], [60_000, 300])
    found = data.read(save(tmp_path / "rare.npz", labels))
    assert np.bincount(found.validation.labels).tolist() == [10_000, 50]


def test_a_single_image_cannot_be_trained_on(tmp_path: Path) -> None:
    with pytest.raises(cnn.DatasetError, match="it needs at least 2"):
        data.read(save(tmp_path / "one.npz", np.zeros(1, np.int64)))


def save_numbered(folder: Path, form: str, labels: list[int]) -> str:
    """Black images of 2x2 with these labels, as a file of this form."""
    path = folder / {"idx": "train-images-idx3-ubyte"}.get(form, f"data.{form}")
    if form == "npz":
        np.savez(path, images=np.zeros((len(labels), 2, 2), np.uint8), labels=labels)
    elif form == "csv":
        path.write_text("".join(f"{label},0,0,0,9\n" for label in labels))
    else:
        size = len(labels).to_bytes(4, "big")
        path.write_bytes(b"\0\0\x08\x03" + size + b"\0\0\0\x02" * 2 + bytes(4 * len(labels)))
        (folder / "train-labels-idx1-ubyte").write_bytes(b"\0\0\x08\x01" + size + bytes(labels))
    return str(path)


@pytest.mark.parametrize("form", ["idx", "csv", "npz"])
def test_a_stray_label_is_told_by_the_classes_without_images(tmp_path: Path, form: str) -> None:
    spec = save_numbered(tmp_path, form, [*(list(range(10)) * 3), 255])
    [told] = data.read(spec).problems
    assert told == (
        f"{Path(spec).name}: 245 of its 256 classes have no images (10, 11, 12, ...); "
        "if this is not meant, check the label 255, which 1 image has"
    )


def test_a_class_without_images_is_named(tmp_path: Path) -> None:
    found = data.read(save(tmp_path / "two.npz", np.array([0, 2] * 10)))
    assert found.problems == (
        "two.npz: 1 of its 3 classes has no images (b); "
        "if this is not meant, check the label c, which 10 images have",
    )
    mixed = data.mixed(found, some_drawings(3))
    assert mixed.problems == found.problems


def test_of_the_labels_the_rarest_is_to_be_checked_where_classes_have_no_images(tmp_path: Path) -> None:
    [told] = data.read(save_numbered(tmp_path, "csv", [*([0, 1, 5] * 3), 3])).problems
    assert told.endswith("(2, 4); if this is not meant, check the label 3, which 1 image has")


@pytest.mark.parametrize("first", [0, 1])
def test_labels_may_count_from_zero_or_one(tmp_path: Path, first: int) -> None:
    found = data.read(save_numbered(tmp_path, "idx", list(range(first, 27)) * 2))
    assert len(found.train.class_names) == 27
    assert found.problems == ()


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
    (tmp_path / "animals" / "dog" / "note.txt").write_text("woof")
    found = data.read(str(tmp_path / "animals"))
    assert found.train.class_names == ("cat", "dog")
    assert len(found.train) + len(found.validation) == 12
    assert found.problems[0].startswith("dog/note.txt: is not named as an image")


def test_the_name_of_data_is_that_of_the_file_whatever_is_in_its_path(tmp_path: Path) -> None:
    folder = tmp_path / "x, y"
    folder.mkdir()
    (folder / "a,b.csv").touch()
    assert data.name_of(str(folder / "a,b.csv")) == "a,b.csv"
    assert data.name_of(f"{tmp_path}/images,{tmp_path}/labels") == "images"


def test_well_known_names_are_offered_with_their_titles() -> None:
    assert data.NAMED["mnist"] == "MNIST"
    assert next(iter(data.NAMED)) == data.BUILT_IN


def some_drawings(count: int, name: str = "7") -> MyDrawings:
    drawings = EMPTY
    for number in range(count):
        drawings = drawings.with_drawing(np.full(my_drawings.SHAPE, number + 1, np.uint8), name)
    return drawings


@pytest.fixture
def base() -> data.Data:
    """120 images 28x28x1 of ten digits to train on, 20 held out."""
    images = np.zeros((140, 28, 28, 1), np.uint8)
    digits = cnn.Dataset(images, np.arange(140) % 10, tuple("0123456789"), "zeros")
    return data.Data("zeros.npz", *digits.split(20))


def shades(dataset: cnn.Dataset) -> set[int]:
    return set(dataset.images[:, 0, 0, 0].tolist())


def test_a_drawing_held_out_stays_so_whatever_is_kept_corrected_or_removed() -> None:
    drawings = some_drawings(60)
    first = data.alone(drawings)
    assert 5 <= len(first.validation) <= 15
    third = drawings.images[2]
    for later in (
        some_drawings(90),
        drawings.without(drawings.images[0], "7"),
        drawings.without(third, "7").with_drawing(third, "9"),
    ):
        found = data.alone(later)
        assert not shades(found.train) & shades(first.validation)
        assert not shades(found.validation) & shades(first.train)


def test_of_few_drawings_one_is_held_out_and_one_trained_on() -> None:
    for count in range(2, 12):
        found = data.alone(some_drawings(count))
        assert len(found.train) and len(found.validation)
    with pytest.raises(cnn.DatasetError, match="at least 2"):
        data.alone(some_drawings(1))


def test_mixed_in_drawings_join_the_classes_by_name(base: data.Data) -> None:
    both = data.mixed(base, some_drawings(3, "7").with_drawing(np.full(my_drawings.SHAPE, 99), "star"))
    assert both.train.class_names == both.validation.class_names == (*"0123456789", "star")
    assert both.name == "zeros.npz + my drawings"
    mine = both.train.subset(both.train.images[:, 0, 0, 0] > 0)
    assert set(mine.labels.tolist()) == {7, 10}
    assert len(base.train) / 20 <= len(mine) <= len(base.train) / 5
    assert len(both.validation) == 20


def test_mixed_in_drawings_take_the_shape_of_the_data() -> None:
    images = np.zeros((24, 16, 12, 3), np.uint8)
    photos = cnn.Dataset(images, np.arange(24) % 2, ("cat", "dog"), "photos")
    both = data.mixed(data.Data("photos", *photos.split(4)), some_drawings(40, "cat"))
    assert both.train.image_shape == (16, 12, 3)
    assert both.train.class_names == ("cat", "dog")
    assert 4 + 3 <= len(both.validation) <= 4 + 12


@pytest.fixture
def kept() -> Iterator[None]:
    """Thirty drawings kept by the person, gone again afterwards."""
    path = my_drawings.location()
    my_drawings.write(path, some_drawings(30))
    yield
    my_drawings.write(path, EMPTY)


@pytest.fixture
def few(tmp_path: Path) -> str:
    """A file of thirty digits."""
    cnn.datasets.to_npz(cnn.datasets.digits.generate(30, seed=1), tmp_path / "few.npz")
    return str(tmp_path / "few.npz")


@pytest.mark.usefixtures("kept")
def test_a_choice_with_drawings_is_read_from_their_file(few: str) -> None:
    alone = data.read(data.MINE)
    assert len(alone.train) + len(alone.validation) == 30
    both = data.read(few + data.AND_MINE)
    assert both.name == "few.npz + my drawings"
    assert len(both.train) == 25 + len(alone.train)
    assert len(both.validation) == 5 + len(alone.validation)


def test_without_drawings_there_is_a_sentence(few: str) -> None:
    for spec in (data.MINE, few + data.AND_MINE):
        with pytest.raises(cnn.DatasetError, match="no drawings of yours yet"):
            data.read(spec)


@pytest.mark.parametrize("written", ["few.npz+my-drawings", "few.npz +my-drawings", "few.npz + my-drawings"])
def test_drawings_are_mixed_in_however_the_plus_is_written(written: str) -> None:
    assert data.holds_mine(written)
    assert data.base_of(written) == "few.npz"
    assert data.name_of(written) == "few.npz + my drawings"
    assert data.lasting(written.replace("few.npz", "mnist")) == "mnist" + data.AND_MINE


@pytest.mark.usefixtures("kept")
def test_as_many_images_are_held_out_as_asked_for(few: str) -> None:
    assert len(data.read(few, held_out=4).validation) == 4
    assert len(data.read(few, held_out=0).validation) == 0
    assert len(data.read(data.MINE, held_out=5).validation) == 5
    assert len(data.read(few + data.AND_MINE, held_out=4).validation) == 4 + len(
        data.read(data.MINE).validation
    )
    assert len(data.read(few + data.AND_MINE, held_out=0).validation) == 0
    with pytest.raises(cnn.DatasetError, match="30 images held out leave nothing of 30"):
        data.read(few, held_out=30)


@pytest.mark.usefixtures("kept")
def test_all_images_of_a_choice_hold_each_drawing_once(few: str) -> None:
    assert len(data.whole(data.MINE)) == 30
    assert len(data.whole(few + data.AND_MINE)) == 30 + 30
    with pytest.raises(cnn.DatasetError, match="no test images of its own"):
        data.whole(few + data.AND_MINE, "test")


def test_classes_are_numbered_by_their_names() -> None:
    pets = cnn.Dataset(np.zeros((3, 2, 2, 1), np.uint8), np.array([0, 1, 1]), ("dog", "cat"), "pets")
    named = data.by_name(pets, ("cat", "cow", "dog"))
    assert named.labels.tolist() == [2, 0, 0]
    assert named.class_names == ("cat", "cow", "dog")


@pytest.mark.parametrize(
    ("spec", "names", "drawings"),
    [
        ("digits", tuple("0123456789"), True),
        ("/somewhere/mnist/raw", tuple("0123456789"), True),
        ("mnist + my-drawings", (*"0123456789", "star"), True),
        ("kmnist", CATALOG["kmnist"].class_names, True),
        ("my-drawings", ("moon", "star"), True),
        ("fashion-mnist", CATALOG["fashion-mnist"].class_names, False),
        ("digits", CATALOG["fashion-mnist"].class_names, False),  # chosen, and not trained on yet
        ("/somewhere/pets::32x32x1,keep,17", ("cat", "dog"), False),
    ],
)
def test_what_a_network_learned_from_is_told_to_be_drawings_by_its_classes(
    spec: str, names: tuple[str, ...], drawings: bool
) -> None:
    assert data.of_drawings(spec, names) is drawings
