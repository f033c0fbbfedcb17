import io
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cnn_core.datasets import Dataset, from_npz, npz, reading, to_npz
from cnn_core.errors import DatasetError

RANDOM = np.random.default_rng(0)
GRAY = RANDOM.integers(0, 256, (6, 4, 5), dtype=np.uint8)
COLOUR = RANDOM.integers(0, 256, (6, 4, 5, 3), dtype=np.uint8)
LABELS = np.array([0, 1, 2, 0, 1, 2])


@pytest.fixture
def save(tmp_path: Path) -> Callable[..., Path]:
    def write(**arrays: np.ndarray) -> Path:
        np.savez_compressed(tmp_path / "set.npz", **arrays)
        return tmp_path / "set.npz"

    return write


def npy(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def claiming(shape: str, dtype: str = "|u1") -> bytes:
    text = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + bytes(10)


@pytest.fixture
def pack(tmp_path: Path) -> Callable[..., Path]:
    """Writes members byte by byte, as no honest program would."""

    def write(images: bytes, labels: bytes = npy(LABELS), method: int = zipfile.ZIP_DEFLATED) -> Path:
        with zipfile.ZipFile(tmp_path / "set.npz", "w", method) as archive:
            archive.writestr("images.npy", images)
            archive.writestr("labels.npy", labels)
        return tmp_path / "set.npz"

    return write


@pytest.mark.parametrize(
    "names",
    [
        *(("images", "labels"), ("x", "y"), ("x_train", "y_train"), ("X_train", "Y_train"), ("X", "Y")),
        *(("train_X", "train_y"), ("data", "target"), ("data", "labels"), ("image", "label")),
    ],
)
def test_arrays_are_found_by_their_usual_names(save, names: tuple[str, str]) -> None:
    dataset = from_npz(save(**{names[0]: GRAY, names[1]: LABELS}))
    assert np.array_equal(dataset.images[..., 0], GRAY)
    assert np.array_equal(dataset.labels, LABELS)
    assert (dataset.class_names, dataset.source) == (("0", "1", "2"), "set.npz")


def test_split_chooses_between_train_and_test(save) -> None:
    path = save(x_train=GRAY, y_train=LABELS, x_test=GRAY[:2], y_test=LABELS[:2])
    assert (len(from_npz(path, "train")), len(from_npz(path, "test"))) == (6, 2)


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        (COLOUR, COLOUR),
        (COLOUR.transpose(0, 3, 1, 2), COLOUR),
        (np.asfortranarray(COLOUR), COLOUR),
        (GRAY[:, :4, :4].reshape(6, 16), GRAY[:, :4, :4, None]),
        (GRAY / 255, GRAY[..., None]),
        (GRAY.astype(np.float32), GRAY[..., None]),
        (GRAY.astype(">i4"), GRAY[..., None]),
        (GRAY > 99, (GRAY > 99)[..., None] * 255),
        ((GRAY > 99).astype(np.uint8), (GRAY > 99)[..., None] * 255),
        ((GRAY > 99).astype(int), (GRAY > 99)[..., None] * 255),
    ],
)
def test_every_usual_layout_becomes_bytes_with_channels_last(save, stored, expected) -> None:
    images = from_npz(save(images=stored, labels=LABELS)).images
    assert images.dtype == np.uint8 and np.array_equal(images, expected)


@pytest.mark.parametrize("labels", [LABELS[:, None], LABELS.astype(float), LABELS.astype(np.uint8)])
def test_labels_may_be_a_column_or_another_type_of_whole_number(save, labels) -> None:
    assert np.array_equal(from_npz(save(images=GRAY, labels=labels)).labels, LABELS)


def test_words_as_labels_become_class_names_in_natural_order(save) -> None:
    words = np.array(["b10", "b9", "ä", "b9", "b10", "a"])
    for labels in (words, np.char.encode(words, "utf-8")):
        dataset = from_npz(save(images=GRAY, labels=labels))
        assert dataset.class_names == ("a", "b9", "b10", "ä")
        assert dataset.labels.tolist() == [2, 1, 3, 1, 2, 0]


def test_labels_that_are_bytes_of_another_encoding_are_refused(save) -> None:
    labels = np.char.encode(np.array(["Bär", "Bür"] * 3), "latin-1")
    with pytest.raises(DatasetError, match="labels holds bytes that are no text in UTF-8; save words"):
        from_npz(save(images=GRAY, labels=labels))


def test_a_written_set_is_read_back_the_same(tmp_path: Path) -> None:
    dataset = Dataset(COLOUR, LABELS, ("cat", "dog", "größe", "unused"))
    to_npz(dataset, tmp_path / "mine.npz")
    again = from_npz(tmp_path / "mine.npz")
    assert np.array_equal(again.images, COLOUR) and np.array_equal(again.labels, LABELS)
    assert again.class_names == dataset.class_names
    assert [path.name for path in tmp_path.iterdir()] == ["mine.npz"]


def test_a_failed_write_leaves_the_older_file_and_nothing_else(tmp_path: Path, monkeypatch) -> None:
    dataset = Dataset(COLOUR, LABELS, ("a", "b", "c"))
    to_npz(dataset, tmp_path / "mine.npz")
    before = (tmp_path / "mine.npz").read_bytes()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez_compressed", full)
    with pytest.raises(DatasetError, match=r"mine.npz: cannot be written \(No space left on device\)"):
        to_npz(dataset, tmp_path / "mine.npz")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.npz"]
    assert (tmp_path / "mine.npz").read_bytes() == before


@pytest.mark.parametrize(
    ("arrays", "sentence"),
    [
        (
            {"a": GRAY, "b": LABELS},
            "holds a, b; expected arrays named images and labels, x and y, or x_train",
        ),
        ({"x_test": GRAY, "y_test": LABELS}, "holds x_test, y_test; expected"),
        ({"images": GRAY, "labels": LABELS[:4]}, "6 images but 4 labels"),
        ({"images": GRAY, "labels": np.eye(6)}, r"labels has shape \(6, 6\).*argmax of one-hot rows"),
        ({"images": GRAY, "labels": LABELS + 0.5}, "labels must be whole numbers"),
        ({"images": GRAY, "labels": LABELS * np.nan}, "labels must be whole numbers"),
        ({"images": GRAY, "labels": LABELS - 1}, "labels reach from -1 to 1; 0 to 999 are possible"),
        ({"images": GRAY, "labels": LABELS * 10**9}, r"labels reach from 0 to 2e\+09"),
        ({"images": GRAY, "labels": np.array(["a", "", "b", "a", "a", "a"])}, "holds an empty label"),
        ({"images": GRAY[0], "labels": LABELS[:4]}, r"images has shape \(4, 5\)"),
        ({"images": GRAY.astype(str), "labels": LABELS}, "images has shape"),
        ({"images": GRAY[:0], "labels": LABELS}, r"images has shape \(0, 4, 5\) of uint8; .* not empty"),
        ({"images": GRAY - 300.0, "labels": LABELS}, "images reaches from .*; expected 0..255"),
        ({"images": GRAY * np.nan, "labels": LABELS}, "images reaches from nan to nan"),
        ({"images": GRAY * 1j, "labels": LABELS}, "expected an array of numbers"),
        (
            {"images": GRAY, "labels": LABELS, "class_names": np.array(["a"])},
            "class_names .* expected 3 words",
        ),
        (
            {"images": GRAY, "labels": LABELS, "class_names": np.array(["a", "b", "a"])},
            "class_names holds a name twice or an empty one",
        ),
        (
            {"images": GRAY, "labels": LABELS, "class_names": np.array(["a", "b", ""])},
            "class_names holds a name twice or an empty one",
        ),
        (
            {"images": GRAY, "labels": LABELS, "class_names": np.array(["a" * 256, "b", "c"])},
            "class_names has room for words of 256 characters, at most 255",
        ),
        (
            {"images": GRAY, "labels": np.array(["a" * 256] * 6)},
            "labels has room for words of 256 characters, at most 255",
        ),
    ],
)
def test_unusable_arrays_are_refused_in_a_sentence(save, arrays: dict, sentence: str) -> None:
    with pytest.raises(DatasetError, match=f"set.npz: .*{sentence}"):
        from_npz(save(**arrays))


@pytest.mark.parametrize("culprit", ["images", "labels"])
def test_pickled_arrays_are_refused_and_never_loaded(save, tmp_path: Path, culprit: str) -> None:
    class Trap:
        def __reduce__(self) -> tuple:
            return (Path.touch, (tmp_path / "sprung",))

    arrays = {"images": GRAY, "labels": LABELS, culprit: np.array([Trap()] * 6, dtype=object)}
    with pytest.raises(DatasetError, match=f"{culprit} holds pickled Python objects, which can run code"):
        from_npz(save(**arrays))
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize(
    ("images", "sentence"),
    [
        (
            claiming("(6, 100000, 100000)"),
            r"images has shape .*\(60,000,000,000 bytes\), but 10 bytes are there",
        ),
        (claiming("(6, -4, 5)"), "not empty"),
        (claiming("(" * 4000), "not an array as NumPy writes them"),
        (claiming("(6, 4, 5)", "V0"), "expected an array of numbers"),
        (npy(GRAY) + b"more", "but 124 bytes are there"),
        (npy(GRAY)[:-1], "but 119 bytes are there"),
        (b"", "not an array as NumPy writes them"),
        (b"\x80\x04pickle", "not an array as NumPy writes them"),
        (b"\x93NUMPY\x03\x00" + npy(GRAY)[8:], "not an array as NumPy writes them"),
    ],
)
def test_lying_headers_are_refused_before_memory_is_taken(pack, images: bytes, sentence: str) -> None:
    tracemalloc.start()
    with pytest.raises(DatasetError, match=f"set.npz: images .*{sentence}|set.npz: {sentence}"):
        from_npz(pack(images))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3_000_000


def test_labels_that_would_unpack_to_more_than_labels_take_are_refused_unread(save, monkeypatch) -> None:
    path = save(images=GRAY, labels=np.array(["a" * 200] * 60_000))
    monkeypatch.setattr(npz, "_MAX_LABEL_BYTES", 1_000_000)
    with pytest.raises(DatasetError, match="labels would unpack to 48,000,128 bytes, at most 1,012,000"):
        from_npz(path)


def test_a_zip_bomb_is_refused_unread(pack, monkeypatch) -> None:
    monkeypatch.setattr(reading, "MAX_BYTES", 1_000_000)
    bomb = npy(np.zeros((6, 1000, 1000), np.uint8))
    with pytest.raises(
        DatasetError, match="images would unpack to 6,000,128 bytes, at most 1,012,000 are read"
    ):
        from_npz(pack(bomb))


def test_a_directory_that_promises_more_than_deflate_can_deliver_is_refused(pack) -> None:
    path = pack(npy(GRAY))
    data = bytearray(path.read_bytes())
    entry = data.find(b"PK\1\2")
    data[entry + 24 : entry + 28] = (10**9).to_bytes(4, "little")  # the size after unpacking
    path.write_bytes(data)
    with pytest.raises(DatasetError, match="images promises 1,000,000,000 bytes, more than"):
        from_npz(path)


def test_an_enormous_table_of_contents_is_refused(pack, monkeypatch) -> None:
    from cnn_core.datasets import archive

    monkeypatch.setattr(archive, "MAX_DIRECTORY_BYTES", 50)
    with pytest.raises(DatasetError, match=r"its table of contents takes 11. bytes, at most 50"):
        from_npz(pack(npy(GRAY)))


def test_other_compressions_are_refused(pack) -> None:
    with pytest.raises(DatasetError, match="compressed in another way than deflate"):
        from_npz(pack(npy(GRAY), method=zipfile.ZIP_BZIP2))


def test_files_that_are_no_zip_or_cut_off_are_refused(pack, tmp_path: Path) -> None:
    path = pack(npy(GRAY))
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(DatasetError, match="is not a complete zip file"):
        from_npz(path)
    (tmp_path / "plain.npz").write_bytes(npy(GRAY))
    with pytest.raises(DatasetError, match=r"plain\.npz: is not a complete zip file"):
        from_npz(tmp_path / "plain.npz")


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_changed_bytes_give_a_data_set_or_a_sentence(save, data) -> None:
    path = save(images=GRAY, labels=LABELS)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    try:
        assert len(from_npz(path)) == 6
    except DatasetError as error:
        assert str(error).startswith("set.npz: ")
