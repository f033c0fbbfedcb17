"""One's own images and drawings as data of the command line, with the choices the window offers."""

import shutil

import numpy as np
import pytest

import cnn_core as cnn
from playground import my_drawings
from playground.my_drawings import EMPTY, MyDrawings
from playground.qt_images import to_picture

TINY = ("--architecture", "tiny", "--epochs", 1)


@pytest.fixture
def photos(qapp, tmp_path):
    """Six wide red cats and six tall grey dogs to train on, two dogs to test on, a file that is no image."""
    folder = tmp_path / "my photos"
    red, grey = np.zeros((20, 40, 3), np.uint8), np.full((30, 10), 90, np.uint8)
    red[..., 0] = 200
    for part, name, image, count in (
        ("train", "cat", red, 6),
        ("train", "dog", grey, 6),
        ("test", "dog", grey, 2),
    ):
        (folder / part / name).mkdir(parents=True)
        for number in range(count):
            assert to_picture(image + np.uint8(number)).save(str(folder / part / name / f"{number}.png"))
    (folder / "train" / "dog" / "notes.png").write_text("woof")
    return folder


@pytest.fixture
def kept():
    """Twelve drawings of sevens kept in the window, and six of stars."""
    images = np.random.default_rng(0).integers(0, 256, (18, 28, 28, 1), dtype=np.uint8)
    my_drawings.write(my_drawings.location(), MyDrawings(images, ("7",) * 12 + ("star",) * 6))
    yield
    my_drawings.write(my_drawings.location(), EMPTY)


def recorded(path):
    checkpoint = cnn.checkpoint.load(path)
    return checkpoint.network.architecture.input_shape, checkpoint.metadata


@pytest.mark.parametrize(
    ("options", "shape", "aspect"),
    [
        (("--size", "16"), (16, 16, 3), "keep"),
        (("--size", "24x16", "--colour", "grey"), (24, 16, 1), "keep"),
        (("--colour", "grey", "--aspect", "crop"), (20, 40, 1), "crop"),
        (("--aspect", "stretch", "--size", "18X20", "--colour", "rgb"), (18, 20, 3), "stretch"),
    ],
)
def test_images_are_brought_to_what_is_asked_for(command, photos, tmp_path, options, shape, aspect):
    output = tmp_path / "net.cnn"
    ran = command("train", "--data", photos, *options, *TINY, "--output", output)
    assert ran.code == 0, ran.err
    taken, metadata = recorded(output)
    assert taken == shape
    assert metadata["data"] == f"{photos}::{'x'.join(map(str, shape))},{aspect},17"
    assert metadata["class_names"] == ["cat", "dog"]


@pytest.mark.parametrize(("options", "shape"), [((), (20, 24, 3)), (("--size", "16x18"), (16, 18, 3))])
def test_images_are_brought_to_what_a_given_architecture_takes(command, photos, tmp_path, options, shape):
    file, output = tmp_path / "mine.json", tmp_path / "net.cnn"
    architecture = cnn.Architecture((20, 24, 3), (cnn.Flatten(), cnn.Dense(units=2), cnn.Softmax()))
    file.write_text(architecture.to_json())
    arguments = ("--data", photos, "--architecture", file, *options, "--epochs", 1, "--output", output)
    ran = command("train", *arguments)
    if shape == architecture.input_shape:
        assert ran.code == 0, ran.err
        assert recorded(output)[0] == shape
    else:  # what is asked for by name goes first
        assert ran.code != 0
        assert "16×18×3" in ran.err or "16x18x3" in ran.err


def test_what_is_left_out_is_said(command, photos, tmp_path):
    ran = command("train", "--data", photos, *TINY, "--output", tmp_path / "net.cnn")
    assert "note: dog/notes.png: not an image that can be read" in ran.err


def test_evaluation_reads_the_images_as_training_did(command, photos, tmp_path):
    output = tmp_path / "net.cnn"
    command("train", "--data", photos, "--size", 16, "--aspect", "crop", *TINY, "--output", output)
    for arguments in ((), ("--data", photos), ("--data", photos, "--split", "train")):
        ran = command("evaluate", output, *arguments, "--json")
        assert ran.code == 0, ran.err
        assert ran.lines[0]["images"] == (12 if "train" in arguments else 2)


def test_other_images_are_brought_to_what_the_network_takes(command, photos, tmp_path):
    output = tmp_path / "net.cnn"
    command("train", "--data", photos, "--size", "16x18", "--colour", "grey", *TINY, "--output", output)
    shutil.move(photos / "test", tmp_path / "others")
    ran = command("evaluate", output, "--data", tmp_path / "others", "--split", "train", "--json")
    assert ran.code == 0, ran.err
    assert [each["images"] for each in ran.lines[0]["classes"]] == [0, 2]  # dogs, not cats


def test_the_test_folder_is_validated_on_and_its_classes_go_by_name(command, photos, tmp_path):
    output = tmp_path / "net.cnn"
    ran = command(
        "train", "--data", photos, "--size", 16, "--validation", photos, *TINY, "--output", output, "--json"
    )
    assert (ran.lines[0]["images"], ran.lines[0]["validation_images"]) == (12, 2)
    evaluated = command("evaluate", output, "--json").lines[0]
    assert [each["images"] for each in evaluated["classes"]] == [0, 2]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--data", "digits", "--size", "32"), "--size is for a folder or .zip of class folders with images"),
        (("--data", "digits", "--aspect", "crop"), "which digits is not; leave it out"),
        (("--size", "32x"), "'32x' is no size; give height x width, as 32x32, or 32"),
        (("--size", "0"), "is not from 1 to 256 pixels a side"),
        (("--size", "9999x3"), "is not from 1 to 256 pixels a side"),
        (("--colour", "blue"), "invalid choice: 'blue'"),
        (("--aspect", "cut"), "invalid choice: 'cut'"),
    ],
)
def test_wishes_that_have_no_meaning_are_wrong_usage(command, model, tmp_path, options, said):
    for arguments in (("train", "--output", tmp_path / "net.cnn"), ("evaluate", model)):
        ran = command(*arguments, *options)
        assert ran.code == 2
        assert said in ran.err
    assert not (tmp_path / "net.cnn").exists()


@pytest.mark.usefixtures("kept")
def test_drawings_kept_in_the_window_are_a_data_set(command, tmp_path):
    output = tmp_path / "net.cnn"
    ran = command("train", "--data", "my-drawings", *TINY, "--output", output, "--json")
    assert (ran.lines[0]["images"], ran.lines[0]["validation_images"]) == (14, 4)
    assert recorded(output)[1]["class_names"] == ["7", "star"]
    assert command("evaluate", output, "--json").lines[0]["images"] == 4
    assert command("evaluate", output, "--split", "train", "--json").lines[0]["images"] == 18
    assert "no test images of its own" in command("evaluate", output, "--split", "test").err


@pytest.mark.usefixtures("kept")
def test_drawings_are_mixed_into_other_data(command, digits_file, tmp_path):
    output = tmp_path / "net.cnn"
    ran = command("train", "--data", f"{digits_file}+my-drawings", *TINY, "--output", output, "--json")
    assert (ran.lines[0]["images"], ran.lines[0]["validation_images"]) == (250 + 14, 50 + 4)
    metadata = recorded(output)[1]
    assert metadata["data"] == f"{digits_file} + my-drawings"
    assert metadata["class_names"] == [*"0123456789", "star"]
    assert command("evaluate", output, "--json").lines[0]["images"] == 54
    assert command("train", "--resume", output, "--epochs", 2, "--json").lines[0]["images"] == 264


@pytest.mark.usefixtures("kept")
def test_drawings_keep_the_classes_the_network_knows(command, model):
    evaluated = command("evaluate", model, "--data", "my-drawings", "--split", "train")
    assert evaluated.code == 1  # it knows no star
    drawings = my_drawings.read(my_drawings.location())
    my_drawings.write(my_drawings.location(), MyDrawings(drawings.images[:12], drawings.names[:12]))
    evaluated = command("evaluate", model, "--data", "my-drawings", "--split", "train", "--json")
    assert [each["images"] for each in evaluated.lines[0]["classes"]] == [0] * 7 + [12, 0, 0]


def test_no_drawings_yet_is_one_sentence(command, tmp_path):
    for spec in ("my-drawings", "digits+my-drawings"):
        ran = command("train", "--data", spec, "--output", tmp_path / "net.cnn")
        assert ran.code == 1
        assert ran.err.splitlines()[-1].endswith(
            "there are no drawings of yours yet; draw, then keep it with its name"
        )
