"""A person's own images: looked through first, then made into data as chosen."""

import zipfile
from pathlib import Path

import numpy as np
import pytest

import cnn_core as cnn
from playground import data, importing
from playground.importing import Choice
from playground.qt_images import to_picture


@pytest.fixture
def photos(qapp: object, tmp_path: Path) -> Path:
    """Eight wide red cats, four tall grey dogs, a damaged file, a text and a stray image."""
    folder = tmp_path / "my photos"
    red, grey = np.zeros((20, 40, 3), np.uint8), np.full((30, 10), 90, np.uint8)
    red[..., 0] = 200
    for name, image, count in (("cat", red, 8), ("dog", grey, 4)):
        (folder / name).mkdir(parents=True)
        for number in range(count):
            assert to_picture(image).save(str(folder / name / f"{number}.png"))
    (folder / "dog" / "broken.png").write_bytes(b"no picture")
    (folder / "dog" / "notes.txt").write_text("woof")
    assert to_picture(grey).save(str(folder / "stray.png"))
    return folder


@pytest.fixture
def zipped(photos: Path, tmp_path: Path) -> Path:
    """The same in a zip file."""
    path = tmp_path / "photos.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(photos.rglob("*.*")):
            archive.write(file, file.relative_to(photos.parent))
    return path


@pytest.mark.parametrize("source", ["photos", "zipped"])
def test_a_survey_says_what_is_there(source: str, request: pytest.FixtureRequest) -> None:
    found = importing.survey(request.getfixturevalue(source))
    assert dict(found.class_counts) == {"cat": 8, "dog": 4}  # but for broken.png
    assert dict(found.sizes) == {(20, 40, 3): 8, (30, 10, 1): 4}
    told = " ".join(str(problem) for problem in found.problems)
    assert all(name in told for name in ("broken.png", "notes.txt", "stray.png"))
    assert {name for name, _ in found.samples} == {"cat", "dog"}
    assert found.proposed[2] == 3


def test_what_is_looked_through_is_told_from_other_data(photos: Path, zipped: Path, tmp_path: Path) -> None:
    assert importing.holds_images(photos)
    assert importing.holds_images(zipped)
    assert not importing.holds_images(tmp_path / "data.npz")
    idx = tmp_path / "idx"
    (idx / "more").mkdir(parents=True)
    (idx / "train-images-idx3-ubyte").touch()
    assert not importing.holds_images(idx)


def test_an_empty_folder_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "cat").mkdir()
    with pytest.raises(cnn.DatasetError, match="no images found"):
        importing.survey(tmp_path)


def test_a_survey_can_be_cancelled(photos: Path) -> None:
    with pytest.raises(cnn.datasets.Cancelled):
        importing.survey(photos, lambda done, total: total is None)


def test_a_choice_survives_as_text() -> None:
    choice = Choice((32, 24, 1), "crop", 25)
    assert importing.parse(choice.spec("/a b/ä::x")) == (Path("/a b/ä::x"), choice)
    for other in ("digits", "/a/b", "a::0x3x1,keep,20", "a::9999x3x1,keep,20", "a::8x8x2,keep,20"):
        assert importing.parse(other) is None


@pytest.mark.parametrize("aspect", ["keep", "crop", "stretch"])
def test_images_are_made_into_data_as_chosen(photos: Path, aspect: str) -> None:
    choice = Choice((16, 16, 1), aspect, 25)  # type: ignore[arg-type]
    found = data.read(choice.spec(photos))
    assert found.name == "my photos"
    assert found.train.image_shape == (16, 16, 1)
    assert (len(found.train), len(found.validation)) == (9, 3)
    assert any("broken.png" in problem for problem in found.problems)


def test_images_can_be_read_from_a_zip_file(zipped: Path) -> None:
    found = data.read(Choice((8, 8, 3)).spec(zipped))
    assert found.train.class_names == ("cat", "dog")
    assert found.train.image_shape == (8, 8, 3)
