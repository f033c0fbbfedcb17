import gzip
import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from cnn_core import datasets
from cnn_core.datasets import Dataset, opening, to_npz
from cnn_core.datasets.catalog import CATALOG
from cnn_core.errors import DatasetError


def read_image(source: Path | bytes) -> np.ndarray:
    return np.load(io.BytesIO(source) if isinstance(source, bytes) else source)


@pytest.fixture
def folder(idx_pair) -> Path:
    return idx_pair()[0].parent


def test_a_folder_with_the_files_of_mnist(folder: Path) -> None:
    dataset = datasets.open(folder)
    assert len(dataset) == 12 and dataset.source == f"{folder.name} (train)"
    with pytest.raises(DatasetError, match="holds no test data"):
        datasets.open(folder, split="test")


def test_the_test_files_are_taken_for_the_test_split(folder: Path, idx_bytes) -> None:
    for name in ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"):
        array = np.zeros((2, 3, 3) if "images" in name else 2, np.uint8)
        (folder / name).write_bytes(gzip.compress(idx_bytes(array)))
    assert len(datasets.open(folder, split="test")) == 2
    assert len(datasets.open(folder / "t10k-images-idx3-ubyte.gz", split="test")) == 2


def test_an_images_file_finds_its_labels_gzipped_or_not(folder: Path) -> None:
    labels = folder / "train-labels-idx1-ubyte"
    assert len(datasets.open(str(folder / "train-images-idx3-ubyte"))) == 12
    labels.with_name(labels.name + ".gz").write_bytes(gzip.compress(labels.read_bytes()))
    labels.unlink()
    assert len(datasets.open(folder / "train-images-idx3-ubyte")) == 12
    labels.with_name(labels.name + ".gz").unlink()
    with pytest.raises(DatasetError, match="its labels file train-labels-idx1-ubyte is not beside it"):
        datasets.open(folder / "train-images-idx3-ubyte")


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_files_named_as_some_archives_unpack_them_are_found(folder: Path, ending: str) -> None:
    for what, code in (("images", "idx3"), ("labels", "idx1")):
        file = folder / f"train-{what}-{code}-ubyte"
        content = gzip.compress(file.read_bytes()) if ending else file.read_bytes()
        (folder / f"train-{what}.{code}-ubyte{ending}").write_bytes(content)
        file.unlink()
    assert len(datasets.open(folder)) == 12
    assert len(datasets.open(folder / f"train-images.idx3-ubyte{ending}")) == 12


def test_a_labels_file_finds_its_images(folder: Path) -> None:
    labels = folder / "train-labels-idx1-ubyte"
    assert np.array_equal(datasets.open(labels).images, datasets.open(folder).images)
    (folder / "train-images-idx3-ubyte").unlink()
    with pytest.raises(DatasetError, match="its images file train-images-idx3-ubyte is not beside it"):
        datasets.open(labels)


def test_a_pair_of_any_names_is_given_with_a_comma(folder: Path) -> None:
    images = (folder / "train-images-idx3-ubyte").rename(folder / "a")
    labels = (folder / "train-labels-idx1-ubyte").rename(folder / "b")
    assert len(datasets.open(f"{images}, {labels}")) == 12


def test_npz_and_csv_are_known_by_their_names(tmp_path: Path) -> None:
    to_npz(Dataset(np.zeros((3, 2, 2, 1), np.uint8), np.arange(3), ("a", "b", "c")), tmp_path / "set.npz")
    assert datasets.open(tmp_path / "set.npz").class_names == ("a", "b", "c")
    (tmp_path / "set.CSV").write_text("1,2,3,4,5\n0,2,3,4,5\n")
    assert len(datasets.open(tmp_path / "set.CSV")) == 2


def test_class_folders_and_zips_of_them_need_a_reader_of_images(tmp_path: Path) -> None:
    (tmp_path / "pets" / "cats").mkdir(parents=True)
    with (tmp_path / "pets" / "cats" / "1.png").open("wb") as file:
        np.save(file, np.zeros((4, 4), np.uint8))
    with zipfile.ZipFile(tmp_path / "pets.zip", "w") as archive:
        archive.write(tmp_path / "pets" / "cats" / "1.png", "cats/1.png")
    for path in (tmp_path / "pets", tmp_path / "pets.zip"):
        assert datasets.open(path, read_image=read_image).class_names == ("cats",)
        with pytest.raises(DatasetError, match="holds image files; give read_image to read them"):
            datasets.open(path)


@pytest.mark.parametrize("name", ["set.csv", "train-images-idx3-ubyte"])
def test_what_is_not_split_has_no_test_part(folder: Path, name: str) -> None:
    (folder / "set.csv").write_text("1,2,3,4,5\n")
    with pytest.raises(DatasetError, match=f"{name}: is not split; only split='train' is there"):
        datasets.open(folder / name, split="test")


@pytest.mark.parametrize("spec", ["nothing", "no/such/file.npz", ""])
def test_an_unknown_name_says_what_is_accepted(spec: str, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DatasetError, match=r"accepted are a name \(digits, mnist, fashion-mnist, kmnist\)"):
        datasets.open(spec)


def test_files_and_folders_of_another_kind_say_what_is_accepted(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r": is empty; take a folder with a folder of images for each"):
        datasets.open(tmp_path)
    (tmp_path / "letter.docx").write_bytes(b"hello")
    with pytest.raises(DatasetError, match=r": holds no train data; accepted are"):
        datasets.open(tmp_path)
    with pytest.raises(DatasetError, match=r"letter.docx: no labels file is beside it; accepted are"):
        datasets.open(tmp_path / "letter.docx")


def test_a_name_too_long_is_refused_in_a_sentence() -> None:
    for take in (datasets.open, datasets.from_npz, datasets.from_csv):
        with pytest.raises(DatasetError, match=r"cannot be read|there is no such file|no data set") as caught:
            take("a" * 5000 + ".npz")
        assert len(str(caught.value)) < 700


def test_an_unknown_split_is_refused() -> None:
    for take in (datasets.open, datasets.load):
        with pytest.raises(DatasetError, match="no split 'validation'; use 'train' or 'test'"):
            take("digits", split="validation")


def test_the_built_in_digits_come_by_name_with_progress_passed_on(monkeypatch) -> None:
    asked = []
    monkeypatch.setattr(opening.digits, "load", lambda split, progress: asked.append((split, progress)))
    datasets.load("digits")
    datasets.open("digits", split="test", progress=print)
    assert asked == [("train", None), ("test", print)]


def test_downloaded_sets_have_their_class_names(idx_pair, monkeypatch) -> None:
    monkeypatch.setattr(opening.download, "fetch", lambda remote, split, progress: idx_pair())
    assert datasets.load("mnist").class_names == tuple("0123456789")
    assert datasets.open("fashion-mnist").class_names[9] == "Ankle boot"
    kuzushiji = datasets.load("kmnist", split="test")
    assert kuzushiji.class_names[2] == "す (su)" and kuzushiji.source == "KMNIST (test)"


@pytest.mark.parametrize("place", ["fashion-mnist", "Fashion_MNIST", "FashionMNIST/raw"])
def test_a_folder_named_after_a_well_known_set_has_its_class_names(
    place: str, idx_pair, tmp_path: Path, idx_bytes
) -> None:
    images, labels = idx_pair(
        idx_bytes(np.zeros((10, 2, 2), np.uint8)), idx_bytes(np.arange(10, dtype=np.uint8))
    )
    folder = tmp_path / place
    folder.mkdir(parents=True)
    for path in (images, labels):
        path.rename(folder / path.name)
    assert datasets.open(folder).class_names == CATALOG["fashion-mnist"].class_names
    assert datasets.open(folder / images.name).class_names[0] == "T-shirt/top"


def test_other_classes_in_a_folder_of_such_a_name_keep_their_numbers(folder: Path) -> None:
    other = folder.rename(folder.with_name("kmnist"))
    assert datasets.open(other).class_names == ("0", "1", "2")


@pytest.mark.parametrize("name", list(CATALOG))
def test_the_catalog_is_complete(name: str) -> None:
    remote = CATALOG[name]
    files = [file for pair in remote.files.values() for file in pair]
    assert [file.name for file in files] == [
        "train-images-idx3-ubyte.gz",
        "train-labels-idx1-ubyte.gz",
        "t10k-images-idx3-ubyte.gz",
        "t10k-labels-idx1-ubyte.gz",
    ]
    assert len({file.md5 for file in files}) == 4 and all(len(file.md5) == 32 for file in files)
    assert len(set(remote.class_names)) == 10 and all(mirror.endswith("/") for mirror in remote.mirrors)


def test_reads_the_real_sets_by_folder(shared_data: Path) -> None:
    assert datasets.open(shared_data / "mnist").images.shape == (60_000, 28, 28, 1)
    fashion = datasets.open(shared_data / "fashion-mnist", split="test")
    assert len(fashion) == 10_000 and fashion.class_counts.tolist() == [1000] * 10
    assert fashion.class_names[9] == "Ankle boot"
