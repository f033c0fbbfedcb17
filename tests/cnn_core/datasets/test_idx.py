import gzip
import os
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cnn_core.datasets import from_idx, reading
from cnn_core.errors import DatasetError


def header(*shape: int) -> bytes:
    return bytes([0, 0, 8, len(shape)]) + b"".join(side.to_bytes(4, "big") for side in shape)


@pytest.mark.parametrize("zipped", [False, True])
def test_reads_plain_and_gzipped_pairs_whatever_their_names(idx_pair, images, labels, zipped: bool) -> None:
    dataset = from_idx(*idx_pair(zipped=zipped))
    assert np.array_equal(dataset.images[..., 0], images)
    assert np.array_equal(dataset.labels, labels)
    assert dataset.class_names == ("0", "1", "2")


def test_colour_images_have_four_dimensions(idx_pair, idx_bytes) -> None:
    colour = np.random.default_rng(1).integers(0, 256, (12, 6, 7, 3), dtype=np.uint8)
    assert np.array_equal(from_idx(*idx_pair(idx_bytes(colour))).images, colour)


def test_class_names_can_be_given_but_must_suffice(idx_pair) -> None:
    assert from_idx(*idx_pair(), class_names=["x", "y", "z", "unused"]).class_names[3] == "unused"
    with pytest.raises(DatasetError, match=r"labels-idx1-ubyte: holds the label 2, with 2 classes"):
        from_idx(*idx_pair(), class_names=["x", "y"])


def test_reads_the_real_mnist(shared_data: Path) -> None:
    folder = shared_data / "mnist"
    dataset = from_idx(folder / "train-images-idx3-ubyte.gz", folder / "train-labels-idx1-ubyte.gz")
    assert dataset.images.shape == (60_000, 28, 28, 1)
    assert dataset.labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert dataset.class_names == tuple("0123456789")


@pytest.mark.parametrize(
    ("images_bytes", "sentence"),
    [
        (b"", "train-images-idx3-ubyte: holds only 0 bytes"),
        (b"\0\0\x08", "holds only 3 bytes"),
        (b"\x89PNG rest", "begins with 0x89504e47, expected 0x00000803 or 0x00000804"),
        (header(12) + bytes(12), r"\(1 dimensions\).*were images and labels swapped"),
        (bytes([0, 0, 0x0D, 3]) + bytes(12), "holds float32 values, only unsigned bytes"),
        (header(12, 5, 4)[:11], "ends within its header"),
        (header(12, 5, 4) + bytes(239), "cut off, its header promises 240 bytes and 239 are there"),
        (header(12, 5, 4) + bytes(241), "goes on after the 240 bytes its header promises"),
        (header(11, 5, 4) + bytes(220), "holds 11 images, but train-labels-idx1-ubyte holds 12 labels"),
        (header(12, 0, 4), "claims images of 0x4, sides of 1 to 4096"),
        (header(12, 2**31, 4), "claims images of 2147483648x4"),
        (header(12, 4096, 4096, 4096), "12 images of 4096x4096x4096 would take 768.0 GB, at most 2 GB"),
    ],
)
@pytest.mark.parametrize("zipped", [False, True])
def test_bad_images_are_named_in_one_sentence(idx_pair, images_bytes, sentence, zipped: bool) -> None:
    with pytest.raises(DatasetError, match=sentence) as caught:
        from_idx(*idx_pair(images_bytes, zipped=zipped))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("labels_bytes", "sentence"),
    [
        (header(0), "holds no labels"),
        (header(2**32 - 1), "claims 4,294,967,295 labels, at most 10,000,000"),
        (header(12, 5, 4) + bytes(240), r"\(3 dimensions\), expected 0x00000801 for labels"),
    ],
)
def test_bad_labels_are_named_in_one_sentence(idx_pair, labels_bytes: bytes, sentence: str) -> None:
    with pytest.raises(DatasetError, match=f"train-labels-idx1-ubyte: .*{sentence}"):
        from_idx(*idx_pair(labels_bytes=labels_bytes))


@pytest.mark.parametrize("damage", ["cut", "flip", "garbage after"])
def test_damaged_gzip_is_refused(idx_pair, damage: str) -> None:
    images_path, labels_path = idx_pair(zipped=True)
    data = bytearray(images_path.read_bytes())
    if damage == "cut":
        del data[-20:]
    elif damage == "flip":
        data[-6] ^= 0xFF  # within the check sum
    else:
        data += b"garbage"
    images_path.write_bytes(data)
    with pytest.raises(DatasetError, match="the gzip data is damaged or cut off"):
        from_idx(images_path, labels_path)


def test_a_small_gzip_that_promises_too_much_is_refused_unread(idx_pair) -> None:
    with pytest.raises(DatasetError, match=r"promises 201,326,592 bytes, its \d+ compressed bytes cannot"):
        from_idx(*idx_pair(header(12, 4096, 4096), zipped=True))


def test_a_gzip_bomb_is_not_unpacked_beyond_its_promise(idx_pair) -> None:
    images_path, labels_path = idx_pair()
    images_path.write_bytes(gzip.compress(header(12, 5, 4) + bytes(50_000_000), compresslevel=1))
    tracemalloc.start()
    with pytest.raises(DatasetError, match="goes on after the 240 bytes"):
        from_idx(images_path, labels_path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000


def test_memory_grows_with_what_arrives_not_with_what_is_promised() -> None:
    class Endless:
        largest = 0

        def read(self, count: int) -> bytes:
            self.largest = max(self.largest, count)
            return b""

    stream = Endless()
    assert reading.read_at_most(stream, 2**40) == b""
    assert stream.largest == reading.CHUNK


def test_missing_files_folders_and_pipes_are_refused(idx_pair, tmp_path: Path) -> None:
    images_path, labels_path = idx_pair()
    with pytest.raises(DatasetError, match="nothing-here: there is no such file"):
        from_idx(tmp_path / "nothing-here", labels_path)
    with pytest.raises(DatasetError, match="this is a folder; give a file"):
        from_idx(tmp_path, labels_path)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(DatasetError, match="pipe: cannot be read"):
            from_idx(images_path, tmp_path / "pipe")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_changed_bytes_give_a_data_set_or_a_sentence(idx_pair, data) -> None:
    images_path, labels_path = idx_pair(zipped=data.draw(st.booleans()))
    content = bytearray(images_path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, min(len(content) - 1, 40)))] = data.draw(st.integers(0, 255))
    images_path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    try:
        assert len(from_idx(images_path, labels_path)) == 12
    except DatasetError as error:
        assert str(error).startswith("train-")
