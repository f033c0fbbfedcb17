import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtGui import QImage

import cnn_core as cnn
from cnn_core.calibration import calibrate
from cnn_core.datasets import digits
from playground.commands.predict import network_input


def save_picture(path, gray):
    pixels = np.ascontiguousarray(gray, np.uint8)
    image = QImage(
        pixels.data, pixels.shape[1], pixels.shape[0], pixels.shape[1], QImage.Format.Format_Grayscale8
    )
    assert image.save(str(path))
    return path


def large(digit):
    """The digit as a person would scan it: 280 x 280, off the centre of a larger sheet."""
    sheet = np.zeros((400, 360), np.uint8)
    sheet[100:380, 20:300] = np.kron(digit[:, :, 0], np.ones((10, 10), np.uint8))
    return sheet


@pytest.fixture(scope="module")
def well_known(model):
    """Digits the network is sure of, with their labels."""
    made = digits.generate(200, seed=77)
    probabilities = cnn.Network.load(model).predict(made.images)
    sure = np.flatnonzero((probabilities.argmax(1) == made.labels) & (probabilities.max(1) > 0.97))[:10]
    assert len(sure) == 10
    return made.subset(sure)


@pytest.mark.parametrize("paper", ["dark", "light"])
def test_drawings_of_either_kind_are_recognised(command, model, well_known, tmp_path, paper):
    files = []
    for number, image in enumerate(well_known.images):
        sheet = large(image)
        files.append(
            save_picture(tmp_path / f"{number}.png", sheet if paper == "dark" else 230 - 0.8 * sheet)
        )
    ran = command("predict", model, *files, "--json")
    assert ran.code == 0
    right = [line["index"] == label for line, label in zip(ran.lines, well_known.labels, strict=True)]
    assert sum(right) >= 9


def test_images_as_they_are_give_the_engines_own_probabilities(command, model, well_known, tmp_path):
    image = well_known.images[0]
    file = save_picture(tmp_path / "digit.png", image[:, :, 0])
    [line] = command("predict", model, file, "--as-is", "--json").lines
    expected = cnn.Network.load(model).predict(image[None])[0]
    assert list(line["probabilities"].values()) == pytest.approx(expected.tolist(), abs=1e-5)
    assert line["class"] == str(well_known.labels[0])


def test_a_network_that_learned_from_photographs_gets_an_image_as_it_is(command, model, tmp_path):
    clothes = tmp_path / "clothes.cnn"
    checkpoint = cnn.checkpoint.load(model)
    names = ["T-shirt", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Boot"]
    cnn.checkpoint.save(
        clothes, replace(checkpoint, metadata={"class_names": names, "data": "fashion-mnist"})
    )
    file = save_picture(tmp_path / "light.png", 255 - large(digits.generate(1, seed=3).images[0]))

    def probabilities(*options):
        return list(command("predict", clothes, file, *options, "--json").lines[0]["probabilities"].values())

    assert probabilities() == probabilities("--as-is") != probabilities("--as-drawing")


def test_text_has_a_line_an_image_with_the_best_classes(command, model, well_known, tmp_path):
    file = save_picture(tmp_path / "digit.png", large(well_known.images[0]))
    ran = command("predict", model, file, "--top", 2)
    assert ran.out.startswith(f"digit.png: {well_known.labels[0]}  (")
    assert ran.out.count("%") == 2


@pytest.mark.parametrize("shade", [0, 128, 255])
def test_an_empty_sheet_has_no_class(command, model, tmp_path, shade):
    file = save_picture(tmp_path / "empty.png", np.full((50, 40), shade))
    assert command("predict", model, file).out == "empty.png: nothing is drawn on it\n"
    assert command("predict", model, file, "--json").lines[0]["class"] is None


@pytest.mark.parametrize("options", [(), ("--as-is",)])
def test_a_huge_picture_takes_little_memory(command, model, tmp_path, options):
    """Qt's own is not counted."""
    sheet = np.full((4000, 4000), 255, np.uint8)
    sheet[1500:2500, 1900:2100] = 0
    file = save_picture(tmp_path / "scan.png", sheet)
    tracemalloc.start()
    try:
        ran = command("predict", model, file, *options)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert ran.code == 0
    assert peak < 2 * sheet.size


def test_one_bad_image_does_not_hide_the_others(command, model, well_known, tmp_path):
    good = save_picture(tmp_path / "good.png", large(well_known.images[0]))
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"\x89PNG\r\n\x1a\nnot really")
    ran = command("predict", model, bad, tmp_path / "absent.png", good)
    assert ran.code == 1
    assert [line.partition(":")[0] for line in ran.out.splitlines()] == ["good.png"]
    assert len(ran.err.splitlines()) == 2


def test_colour_networks_take_pictures_as_they_are():
    network = cnn.Network.initialize(
        cnn.Architecture((6, 6, 3), (cnn.Flatten(), cnn.Dense(units=2), cnn.Softmax())), seed=0
    )
    pixels = np.random.default_rng(0).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    np.testing.assert_allclose(network_input(pixels, network, as_is=False), pixels / np.float32(255))


def test_a_colour_network_cannot_be_asked_to_take_a_picture_for_a_drawing(command, tmp_path):
    colour = tmp_path / "colour.cnn"
    architecture = cnn.Architecture((6, 6, 3), (cnn.Flatten(), cnn.Dense(units=2), cnn.Softmax()))
    cnn.Network.initialize(architecture, seed=0).save(colour)
    ran = command("predict", colour, save_picture(tmp_path / "one.png", np.zeros((6, 6))), "--as-drawing")
    assert ran.code == 2
    assert "--as-drawing goes with a network with grey input, this one sees colours; leave it out" in ran.err


def test_a_calibrated_file_gives_calibrated_probabilities_and_marks_what_it_does_not_know(
    command, model, tmp_path
):
    checkpoint = cnn.checkpoint.load(model)
    made = digits.generate(3000, seed=8)
    known = calibrate(checkpoint.network, made, [digits.generate(500, seed=9)]).calibration
    hot = replace(known, temperature=3.0)
    path, stripes, digit = tmp_path / "calibrated.cnn", tmp_path / "stripes.png", tmp_path / "digit.png"
    cnn.checkpoint.save(path, replace(checkpoint, metadata={**checkpoint.metadata, **hot.to_json()}))
    save_picture(stripes, np.repeat([255, 0, 0, 0] * 7, 28).reshape(28, 28))
    save_picture(digit, made.images[0, :, :, 0])
    plain = command("predict", model, digit, "--as-is", "--json").lines[0]
    first, second = command("predict", path, digit, stripes, "--as-is", "--json").lines
    assert "familiar" not in plain
    assert (first["familiar"], second["familiar"]) == (True, False)
    assert max(first["probabilities"].values()) < max(plain["probabilities"].values())
    said = command("predict", path, digit, stripes, "--as-is").out.splitlines()
    assert "unlike" not in said[0]
    assert said[1].endswith("; unlike all it learned from")
