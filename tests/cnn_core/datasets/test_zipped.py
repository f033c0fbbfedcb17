import io
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cnn_core.datasets import Cancelled, archive, find_zip, from_zip, import_zip, reading, zipped
from cnn_core.errors import DatasetError


def read_image(source: Path | bytes) -> np.ndarray:
    """Stands for the window's reader: the "images" of these tests are NumPy arrays under image names."""
    assert isinstance(source, bytes), "a member of a zip file must come as bytes"
    try:
        return np.load(io.BytesIO(source), allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise DatasetError(f"the image is damaged ({error})") from None


def image(value: int = 0, size: tuple[int, ...] = (4, 4)) -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.full(size, value, np.uint8))
    return stream.getvalue()


PETS = {f"{name}/{i}.png": image(10 * i + j) for j, name in enumerate(("cats", "dogs")) for i in range(3)}


@pytest.fixture
def pack(tmp_path: Path) -> Callable[..., Path]:
    def write(members: dict[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
        with zipfile.ZipFile(tmp_path / "pets.zip", "w", method) as file:
            for name, data in members.items():
                file.writestr(name, data)
        return tmp_path / "pets.zip"

    return write


def below(folder: str, members: dict[str, bytes] = PETS) -> dict[str, bytes]:
    return {f"{folder}/{name}": data for name, data in members.items()}


@pytest.mark.parametrize(
    "members", [PETS, below("pets"), below("train"), below("a/train"), below("a/b"), below("a/b/c/Train")]
)
def test_class_folders_are_found_at_the_top_or_below_outer_folders(pack, members) -> None:
    dataset = from_zip(pack(members), read_image)
    assert dataset.class_names == ("cats", "dogs")
    assert (dataset.images[:, 0, 0, 0] % 10 == dataset.labels).all() and len(dataset) == 6
    assert dataset.source == "pets.zip"


def test_train_and_test_are_told_apart(pack) -> None:
    path = pack(below("set/train") | below("set/test", {"cats/1.png": image()}))
    assert len(from_zip(path, read_image)) == 6
    assert len(from_zip(path, read_image, split="test")) == 1
    with pytest.raises(DatasetError, match=r"pets.zip: holds no folder 'test'"):
        from_zip(pack(PETS), read_image, split="test")


def test_what_lies_beside_the_images_to_train_on_is_named(pack) -> None:
    path = pack(
        below("a/b/train") | below("a/b/test", {"cats/1.png": image()}) | {"a/b/valid/cats/1.png": image()}
    )
    found = import_zip(path, read_image)
    assert len(found.dataset) == 6
    assert [str(problem) for problem in found.problems] == [
        "test: lies beside train and is not read",
        "valid: lies beside train and is not read",
    ]


@pytest.mark.parametrize("name", ["mnist/train-images-idx3-ubyte.gz", "train.csv", "a/set.npz"])
def test_data_of_another_kind_in_a_zip_are_to_be_unpacked_first(pack, name: str) -> None:
    with pytest.raises(DatasetError, match=f"pets.zip: holds {name} and no class folders .*; unpack it"):
        from_zip(pack({name: b"12"}), read_image)


def test_directories_and_what_file_managers_leave_are_passed_over(pack) -> None:
    extra = {"cats/": b"", "__MACOSX/cats/._1.png": b"x", "cats/.DS_Store": b"x", "dogs/Thumbs.db": b"x"}
    assert import_zip(pack(PETS | extra), read_image).problems == ()


def test_old_windows_backslashes_separate_folders(pack) -> None:
    path = pack({"cats/1.png": image(), "dogs/1.png": image(1)})
    path.write_bytes(path.read_bytes().replace(b"cats/1.png", b"cats\\1.png"))
    assert from_zip(path, read_image).class_names == ("cats", "dogs")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../cats/evil.png", "leads outside the zip file"),
        ("cats/../../evil.png", "leads outside the zip file"),
        ("/cats/evil.png", "leads outside the zip file"),
        ("C:/cats/evil.png", "leads outside the zip file"),
        ("cats/notes.txt", "is not named as an image"),
        ("cats/more/1.png", "lies outside the class folders"),
        ("loose.png", "lies outside the class folders"),
        ("cats/" + "n" * 252 + ".png", "has a name of more than 255 characters"),
        ("cats/broken.png", "the image is damaged"),
    ],
)
def test_members_out_of_place_become_problems_and_the_rest_is_read(pack, name: str, reason: str) -> None:
    data = b"broken" if "broken" in name else image(9)
    result = import_zip(pack(PETS | {name: data}), read_image)
    assert [problem.name for problem in result.problems] == [reading.shortened(name)]
    assert result.problems[0].reason.startswith(reason)
    assert len(result.dataset) == 6 and 9 not in result.dataset.images


def test_links_are_not_followed(pack) -> None:
    link = zipfile.ZipInfo("cats/link.png")
    link.create_system = 3
    link.external_attr = 0o120777 << 16
    problems = import_zip(pack(PETS | {link: b"/etc/passwd"}), read_image).problems
    assert [str(problem) for problem in problems] == ["cats/link.png: is a link or a device"]


def test_a_name_that_occurs_twice_is_said(pack) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = pack(PETS | {zipfile.ZipInfo("cats/1.png"): image(200)})
    result = import_zip(path, read_image)
    assert str(result.problems[0]) == "cats/1.png: occurs twice; the first is taken"
    assert 200 not in result.dataset.images


def test_a_bomb_is_left_out_unread(pack, monkeypatch) -> None:
    monkeypatch.setattr(zipped, "MAX_MEMBER", 10_000)
    path = pack(PETS | {"cats/bomb.png": image(0, (6000, 6000))})
    tracemalloc.start()
    result = import_zip(path, read_image)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "would unpack to 36,000,128 bytes, at most 10,000" in str(result.problems[0])
    assert len(result.dataset) == 6 and peak < 5_000_000


def test_members_that_share_their_bytes_are_refused(pack) -> None:
    path = pack(PETS)
    data = path.read_bytes()
    start = data.index(b"PK\1\2")
    entry = data[start : data.index(b"PK\1\2", start + 4)]
    table = b"".join(entry.replace(b"cats/0", b"cats/%c" % letter) for letter in range(65, 91)) * 8
    end = data[data.index(b"PK\5\6") :]
    counts = (26 * 8).to_bytes(2, "little") * 2
    end = end[:8] + counts + len(table).to_bytes(4, "little") + start.to_bytes(4, "little") + end[20:]
    path.write_bytes(data[:start] + table + end)
    with pytest.raises(DatasetError, match=r"its members claim .* they overlap"):
        import_zip(path, read_image)


def test_a_member_that_lies_about_its_size_is_left_out(pack) -> None:
    path = pack(PETS)
    data = bytearray(path.read_bytes())
    entry = data.rfind(b"PK\1\2")
    data[entry + 24 : entry + 28] = (200 * 1024**2).to_bytes(4, "little")
    path.write_bytes(data)
    result = import_zip(path, read_image)
    assert "dogs/2.png: promises 209,715,200 bytes" in str(result.problems[0])
    assert len(result.dataset) == 5


def test_a_member_with_damaged_bytes_is_left_out(pack) -> None:
    path = pack(PETS, zipfile.ZIP_STORED)
    data = bytearray(path.read_bytes())
    data[data.find(b"\x93NUMPY") + 140] ^= 1  # a pixel of the first image: only the check sum can tell
    path.write_bytes(data)
    result = import_zip(path, read_image)
    assert str(result.problems[0]).startswith("cats/0.png: is damaged (Bad CRC-32")
    assert len(result.dataset) == 5


def test_encrypted_members_are_left_out(pack) -> None:
    path = pack(PETS)
    data = bytearray(path.read_bytes())
    data[data.rfind(b"PK\1\2") + 8] |= 1
    path.write_bytes(data)
    assert str(import_zip(path, read_image).problems[0]) == "dogs/2.png: is encrypted"


def test_damaged_zip_files_and_empty_ones_are_refused(pack, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no images found in class folders"):
        from_zip(pack({}), read_image)
    (tmp_path / "cut.zip").write_bytes(pack(PETS).read_bytes()[:-200])
    with pytest.raises(DatasetError, match=r"cut.zip: (is not a complete zip|the zip data is damaged)"):
        from_zip(tmp_path / "cut.zip", read_image)


def test_too_many_members_are_refused(pack, monkeypatch) -> None:
    monkeypatch.setattr(zipped, "MAX_FILES", 5)
    with pytest.raises(DatasetError, match="holds more than 5 images"):
        from_zip(pack(PETS), read_image)
    monkeypatch.setattr(archive, "MAX_DIRECTORY_BYTES", 100)
    with pytest.raises(DatasetError, match="table of contents"):
        from_zip(pack(PETS), read_image)


def test_what_is_found_is_known_before_any_image_is_read(pack) -> None:
    def never(source: Path | bytes) -> np.ndarray:
        raise AssertionError

    with find_zip(pack(PETS), never) as found:
        assert found.class_counts == {"cats": 3, "dogs": 3}


def test_cancelling_says_cancelled_and_not_damaged(pack) -> None:
    with pytest.raises(Cancelled):
        from_zip(pack(PETS), read_image, progress=lambda done, total: False)
